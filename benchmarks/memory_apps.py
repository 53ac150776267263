"""What bench_memory's servers serve: a folder of originals, within so many bytes."""

from __future__ import annotations

import json
import os
from typing import Any

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageApp
from imgmiddleware.wsgi import WSGIImageApp

_options: dict[str, Any] = json.loads(os.environ["BENCH_MEMORY_OPTIONS"])
_service = ImageService(os.environ["BENCH_MEMORY_FOLDER"], prefix="/", **_options)
wsgi = WSGIImageApp(_service)
asgi = ASGIImageApp(_service)
