"""What made a picture: the part of a key that changes when the same plan gives other bytes."""

import functools
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import cv2
import numpy as np
import PIL
from PIL import Image

from imgmiddleware.formats import native
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.sketch import FACES
from imgmiddleware.operations.own import OwnStep
from imgmiddleware.subjects.yunet.network import fingerprint

#: Raised whenever a change of this package changes the bytes of any picture.
REVISION = 22


def load(formats: Collection[str]) -> None:
    """Import what reading these formats and rendering would import when it is needed first.

    Where a thread imports a module while its process is forked, whoever needs that module waits for
    ever in the child. It is 60 ms, most of it Pillow's formats. What the engine is asks for the
    versions of packages, for which Python 3.15 imports its reader of ZIP files.
    """
    Image.init()
    engine()
    native.load("numpy.ma", "_strptime", *(FORMATS[format].needs for format in formats))


@contextmanager
def without_threads() -> Iterator[None]:
    """End the threads that OpenCV keeps; it starts others when it needs some, after this."""
    count = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(count)


def made_by(plan: Plan) -> str:
    """What renders a picture: the engine, and the versions of the application's own operations.

    And what finds faces, where they are looked for, and whether it moves, which the settings'
    limits decide.
    """
    parts = [engine(), *(step.key for step in plan.steps if isinstance(step, OwnStep))]
    if plan.sketch and FACES in (*plan.sketch.sought, *plan.sketch.also):
        parts.append(fingerprint())
    if plan.frames > 1:
        parts += (f"frames/{plan.frames}", *RESULTS[plan.format].animated_by)
    return " ".join(parts)


@functools.cache
def engine() -> str:
    """The versions of the parts, and the processor's dispatch class.

    OpenCV's own filters give other bytes on processors without AVX2, so the line that says which of
    its code paths this processor takes is part of it. NumPy's BLAS is not: its sums here are exact.
    """
    return " ".join(
        (
            f"imgmiddleware/{REVISION}",
            f"opencv/{cv2.__version__} ({cv2.getCPUFeaturesLine()})",
            f"numpy/{np.__version__}",
            f"pillow/{PIL.__version__}",
            *_decoders(),
            _deflate(),
            *_extras(),
        )
    )


def _decoders() -> Iterator[str]:
    """Of JPEG; without it OpenCV and Pillow are named anyway."""
    if strict := native.simplejpeg():
        yield f"simplejpeg/{strict.__version__}"


def _deflate() -> str:
    faster = native.zlib_ng()
    return (
        f"zlib-ng/{faster.ZLIBNG_RUNTIME_VERSION}"
        if faster
        else f"zlib/{zlib.ZLIB_RUNTIME_VERSION}"
    )


def _extras() -> Iterator[str]:
    for name in ("pillow-heif", "pillow-jxl-plugin"):
        try:
            yield f"{name}/{version(name)}"
        except PackageNotFoundError:
            continue
