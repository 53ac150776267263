"""An ASGI application with one slot, whose originals say in a journal what becomes of them.

The journal is a file, named by the environment: `open ID`, `render ID`, `close ID`, a line each.
The original `held` keeps the slot until a file named `release` lies beside the journal.
"""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

from PIL import Image

from imgmiddleware import BytesOriginal
from imgmiddleware.asgi import ASGIImageMiddleware
from servers import bare

JOURNAL = Path(os.environ["IMGMIDDLEWARE_TEST_JOURNAL"])


def _note(what: str) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(what + "\n")


def _webp() -> bytes:
    """Noise of some 200 kB: far more than a probe reads of a header, and not read in bands."""
    file = io.BytesIO()
    Image.effect_noise((512, 512), 80).save(file, "WEBP", lossless=True)
    return file.getvalue()


class Watched(BytesOriginal):
    def __init__(self, id: str) -> None:
        super().__init__(_webp())
        self._id = id
        _note(f"open {id}")

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        # The probe reads the header before the queue; only a render reads all of the file.
        if offset == 0 and len(buffer) == self.size:
            _note(f"render {self._id}")
            until = time.monotonic() + 30
            while self._id == "held" and time.monotonic() < until:
                if JOURNAL.with_name("release").exists():
                    break
                time.sleep(0.01)
        return super().read_into(buffer, offset)

    def __exit__(self, *exc: Any) -> None:
        _note(f"close {self._id}")


class WatchedSource:
    def open(self, id: str) -> Watched:
        return Watched(id)


application = ASGIImageMiddleware(bare.asgi, WatchedSource(), render_slots=1)
