"""The core without webob and starlette: in a process where neither can be imported."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"webob", "starlette", "anyio", "uvicorn", "httpx"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import numpy as np
from imgmiddleware import ImageRequest, ImageService

service = ImageService(lambda id: np.zeros((10, 20), np.uint8))
answer = service.handle(ImageRequest("GET", "/image/x", "w=10&fm=png"))
assert answer.status == 200 and answer.body.startswith(b"\\x89PNG")
assert not {"webob", "starlette", "anyio"} & sys.modules.keys()
for name in ("imgmiddleware.wsgi", "imgmiddleware.asgi"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error.name)
"""


def test_the_core_needs_neither_protocol() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["webob", "starlette"]


def test_importing_changes_nothing_of_the_process() -> None:
    script = (
        "import cv2, logging, threading, warnings; from PIL import Image\n"
        "def state(): return (cv2.getNumThreads(), Image.MAX_IMAGE_PIXELS, logging.root.handlers[:],\n"
        "    threading.active_count(), warnings.filters[:], logging.getLogger('imgmiddleware').level)\n"
        "before = state()\nimport imgmiddleware\nassert state() == before"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
