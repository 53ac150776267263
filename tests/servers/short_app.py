"""Applications that get no more memory than they have while a file named `short` lies in a folder."""

import io
import os
import resource
from pathlib import Path
from typing import Any

from PIL import Image

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

SHORT = Path(os.environ["IMGMIDDLEWARE_TEST_FOLDER"]) / "short"
_decode = stills.decode_original


def _limited(*arguments: Any) -> Any:
    if not SHORT.exists():
        return _decode(*arguments)
    had = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + 2**20, had[1]))
    try:
        return _decode(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, had)


stills.decode_original = _limited
file = io.BytesIO()
Image.linear_gradient("L").resize((4000, 3000)).convert("RGB").save(file, "WEBP", method=0)
service = ImageService(lambda id: file.getvalue(), render_slots=1)
wsgi = WSGIImageMiddleware(bare.wsgi, service)
asgi = ASGIImageMiddleware(bare.asgi, service)
