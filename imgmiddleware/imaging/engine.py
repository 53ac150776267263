"""What made a picture: the part of a key that changes when the same plan gives other bytes."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import cv2
import numpy as np
import PIL
import simplejpeg

#: Raised whenever a change of this package changes the bytes of any picture.
REVISION = 3


@functools.cache
def engine() -> str:
    """The versions of the parts, and the processor's dispatch class.

    OpenCV's own filters give other bytes on processors without AVX2, so the line that says which of
    its code paths this processor takes is part of it.
    """
    return " ".join(
        (
            f"imgmiddleware/{REVISION}",
            f"opencv/{cv2.__version__} ({cv2.getCPUFeaturesLine()})",
            f"numpy/{np.__version__}",
            f"pillow/{PIL.__version__}",
            f"simplejpeg/{simplejpeg.__version__}",
            *_extras(),
        )
    )


def _extras() -> Iterator[str]:
    for name in ("pillow-heif", "pillow-jxl-plugin"):
        try:
            yield f"{name}/{version(name)}"
        except PackageNotFoundError:
            continue
