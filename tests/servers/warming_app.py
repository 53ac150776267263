"""An application that a thread warms, while the server forks its workers: no decode of it ends."""

import os
import threading
from typing import Any

import numpy as np

from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

_real, _loading, _begun = stills.decode_original, os.getpid(), threading.Event()


def _decode(*arguments: Any) -> Any:
    if os.getpid() == _loading:
        _begun.set()
        threading.Event().wait()
    return _real(*arguments)


stills.decode_original = _decode
service = ImageService(lambda id: np.zeros((300, 400), np.uint8), render_slots=1)
application = WSGIImageMiddleware(bare.wsgi, service)
_warm = ImageRequest("GET", "/image/a", "w=100")
threading.Thread(target=service.handle, args=(_warm,), daemon=True).start()
assert _begun.wait(60)
