"""Applications whose source hangs for some IDs, until a file named `release` lies in a folder."""

import io
import os
import time
from pathlib import Path

from PIL import Image

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

RELEASE = Path(os.environ["IMGMIDDLEWARE_TEST_FOLDER"]) / "release"
#: Seconds; a request that waits for the source in vain can be told by them.
TIMEOUT = 40


def find(id: str) -> bytes:
    until = time.monotonic() + 2 * TIMEOUT
    while id.startswith("slow") and not RELEASE.exists() and time.monotonic() < until:
        time.sleep(0.02)
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "PNG")
    return file.getvalue()


service = ImageService(find, recheck=0, source_slots=4, source_timeout=TIMEOUT)
wsgi = WSGIImageMiddleware(bare.wsgi, service)
asgi = ASGIImageMiddleware(bare.asgi, service)
