"""The engine that made a picture: it changes in a key when one plan gives other bytes."""

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
    """Import the modules that reading these formats and rendering would import at their first use.

    Where a thread imports a module while its process is forked, the child waits for ever when it
    needs that module. The import takes 60 ms, most of it for Pillow's formats. The engine's name
    asks for the versions of packages, for which Python 3.15 imports its reader of ZIP files.
    """
    Image.init()
    engine()
    native.load("numpy.ma", "_strptime", *(FORMATS[format].needs for format in formats))


@contextmanager
def without_threads() -> Iterator[None]:
    """End the threads that OpenCV keeps; afterwards it starts others when it needs them."""
    count = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(count)


def made_by(plan: Plan) -> str:
    """The makers of a picture: the engine, and the versions of the application's own operations.

    Where faces are looked for, the network is one of them. For an animation the number of frames is
    part of it too, as the settings' limits decide it.
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

    OpenCV's own filters give other bytes on processors without AVX2. So the line that names its
    code paths for this processor is part of the engine. NumPy's BLAS is no part: its sums here are
    exact.
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
    """The decoder of JPEG; without it OpenCV and Pillow are named anyway."""
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
