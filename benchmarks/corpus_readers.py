"""The readers that `corpus` compares: this package, Pillow and libvips, each in a child of its own.

Each gives the picture as a browser would show it on white: upright, in sRGB, at most `side` pixels
wide and high. What a reader says of a file that it refuses is the text of its `RefusedError`.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import resource
import signal
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from imgmiddleware import ImageRequest, ImageService

#: A reader: the bytes of a file and the longest side to uint8, (height, width, 3), red first.
Reader = Callable[[bytes, int], Any]


class RefusedError(Exception):
    """A reader does not open the file, and says why."""


def by_package(data: bytes, side: int) -> Any:
    """With the default settings, all formats that are installed opened."""
    service = ImageService(lambda _: data, unsafe_original_formats=_unsafe())
    answer = service.handle(ImageRequest("GET", "/image/file", f"w={side}&h={side}&fm=png"))
    assert answer is not None  # as there is no application behind it
    if answer.status != 200:
        problem = json.loads(answer.read())
        raise RefusedError(f"{answer.status} {problem['code']}: {problem['detail']}")
    return _on_white(Image.open(io.BytesIO(answer.read())))


def by_pillow(data: bytes, side: int) -> Any:
    """Its resampler needs 8 bits: of more it is shown what its own `convert` makes of them."""
    warnings.simplefilter("ignore")
    _load_plugins(data)
    try:
        with Image.open(io.BytesIO(data)) as file:
            image = ImageOps.exif_transpose(file)
    except Exception as error:
        raise RefusedError(f"{type(error).__name__}: {error}") from error
    image = _in_srgb(image)
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        values = values / 257 if image.mode.startswith("I") else values * 255
        image = Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))
    has_alpha = image.has_transparency_data
    image = image.convert("RGBA" if has_alpha else "RGB")
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    return _on_white(image)


def by_vips(data: bytes, side: int) -> Any:
    """Imported in the child alone, as it starts threads."""
    import pyvips  # noqa: PLC0415

    try:
        image = pyvips.Image.thumbnail_buffer(
            data, side, height=side, size="down", output_profile="srgb"
        )
        image = image.colourspace("srgb").cast("uchar")
        pixels = image.numpy()
    except pyvips.Error as error:
        raise RefusedError(" ".join(str(error).split())) from error
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.dstack([pixels.reshape(pixels.shape[:2])] * 3)
    kinds = {2: "LA", 3: "RGB", 4: "RGBA"}
    return _on_white(Image.fromarray(pixels, kinds[pixels.shape[2]]))


READERS: dict[str, Reader] = {"package": by_package, "pillow": by_pillow, "libvips": by_vips}


def _unsafe() -> tuple[str, ...]:
    """JPEG 2000 always, JPEG XL where its extra is there."""
    return ("jp2", "jxl") if find_spec("pillow_jxl") else ("jp2",)


def _load_plugins(data: bytes) -> None:
    """Pillow's readers of HEIC and JPEG XL, where they are installed. That of HEIC would take AVIF
    from Pillow's own, and refuse it.
    """
    if find_spec("pillow_heif") and b"avif" not in data[:64]:
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener()
    if find_spec("pillow_jxl"):
        import pillow_jxl  # noqa: F401, PLC0415


def _in_srgb(image: Image.Image) -> Image.Image:
    """By its profile, if lcms takes it; what it does not take is ignored, as browsers do."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    mode = image.mode if image.mode in ("RGB", "RGBA") else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return made or image


def _on_white(image: Image.Image) -> Any:
    shown = Image.new("RGBA", image.size, "white")
    shown.alpha_composite(image.convert("RGBA"))
    return np.asarray(shown.convert("RGB"))


@dataclass(frozen=True)
class Reading:
    """What a reader made of a file within its bounds: the `pixels`, or why there are none.

    `end` is "shown", "refused", "failed" (an exception that is no refusal), "slow" (over the time),
    "crashed" (by a signal); `seconds` of processor time; `mebibytes` at most in memory.
    """

    end: str
    said: str = ""
    pixels: Any = None
    seconds: float = 0.0
    mebibytes: int = 0


def read_in_child(
    reader: Reader, path: Path, side: int, *, seconds: float, mebibytes: int
) -> Reading:
    """Fork, set the bounds, read. The child inherits what is imported, and so starts at once."""
    with tempfile.TemporaryFile() as result:
        child = os.fork()
        if not child:
            _read_and_exit(reader, path, side, result, seconds, mebibytes)
        status, usage = _waited(child, 3 * seconds + 5)
        result.seek(0)
        written = result.read()
    spent = usage.ru_utime + usage.ru_stime
    peak = usage.ru_maxrss // 1024
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status)
        slow = killed in (signal.SIGXCPU, signal.SIGKILL)
        said = signal.Signals(killed).name
        return Reading("slow" if slow else "crashed", said, None, spent, peak)
    end, said, pixels = pickle.loads(written)
    return Reading(end, said, pixels, spent, peak)


def _read_and_exit(
    reader: Reader, path: Path, side: int, result: Any, seconds: float, mebibytes: int
) -> None:
    """In the child, which never returns to the code of its parent."""
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 2)
        limit = max(1, round(seconds))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (mebibytes << 20, mebibytes << 20))
        try:
            outcome = ("shown", "", reader(path.read_bytes(), side))
        except RefusedError as error:
            outcome = ("refused", str(error)[:300], None)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            outcome = ("failed", f"{type(error).__name__}: {error}"[:300], None)
        result.write(pickle.dumps(outcome))
        result.flush()
    finally:
        os._exit(0)


def _waited(child: int, seconds: float) -> tuple[int, resource.struct_rusage]:
    """How the child ended; one that sleeps for longer than this is killed."""
    deadline = time.monotonic() + seconds
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return status, usage
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return status, usage
        time.sleep(0.002)
