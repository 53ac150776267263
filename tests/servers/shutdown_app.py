"""Applications whose renders wait in the middle until a file named `release` lies in a folder."""

import os
import time
from pathlib import Path
from typing import Any

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

FOLDER = Path(os.environ["IMGMIDDLEWARE_TEST_FOLDER"])
_render = stills.render


def _held(*arguments: Any) -> Any:
    (FOLDER / "begun").touch()
    until = time.monotonic() + 30
    while not (FOLDER / "release").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return _render(*arguments)


stills.render = _held
service = ImageService(os.environ["IMGMIDDLEWARE_TEST_PHOTOS"], cache_dir=FOLDER / "cache")
wsgi = WSGIImageMiddleware(bare.wsgi, service)
asgi = ASGIImageMiddleware(bare.asgi, service)
