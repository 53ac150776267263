"""Originals of the soak: pictures that say which file and version they are, wherever one is cut.

Blue grows from left to right and green from top to bottom, so that a few pixels of a result tell
which part of the original it shows. Red is flat, and another in each of twelve versions; the width
is another in each of three.
"""

from __future__ import annotations

import io
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

Size = tuple[int, int]

#: The ends of blue and green: what an encoder makes of a ramp is not to be clipped.
FIRST, SPAN = 16, 223
LEVELS = 12


def ramp(fraction: float) -> float:
    """Blue at this fraction of the width, or green at this one of the height."""
    return FIRST + SPAN * fraction


def level(number: int) -> int:
    """Red of a version."""
    return 30 + 16 * (number % LEVELS)


def _pixels(size: Size, number: int) -> Any:
    width, height = size
    pixels = np.empty((height, width, 3), np.float32)
    pixels[..., 0] = FIRST + SPAN * (np.arange(width) + 0.5) / width
    pixels[..., 1] = FIRST + SPAN * ((np.arange(height) + 0.5) / height)[:, None]
    pixels[..., 2] = level(number)
    return pixels


def _opencv(suffix: str, *flags: int) -> Callable[[Any], bytes]:
    def write(pixels: Any) -> bytes:
        written, data = cv2.imencode(suffix, np.rint(pixels).astype(np.uint8), flags)
        assert written
        return data.tobytes()

    return write


def _deep(pixels: Any) -> bytes:
    written, data = cv2.imencode(".png", np.rint(pixels * 257).astype(np.uint16))
    assert written
    return data.tobytes()


def _pillow(format: str, **options: Any) -> Callable[[Any], bytes]:
    def write(pixels: Any) -> bytes:
        file = io.BytesIO()
        _picture(pixels).save(file, format, **options)
        return file.getvalue()

    return write


def _turned(pixels: Any) -> bytes:
    """A JPEG that is stored on its side, with the tag that has it shown upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return _pillow("JPEG", quality=92, exif=exif)(np.rot90(pixels))


def _gif(pixels: Any) -> bytes:
    """256 colours: sixteen blues by sixteen greens."""
    blue, green = (
        np.clip((pixels[..., channel] - FIRST) * 16 // SPAN, 0, 15).astype(np.uint8)
        for channel in (0, 1)
    )
    centres = [round(FIRST + SPAN * (step + 0.5) / 16) for step in range(16)]
    red = int(pixels[0, 0, 2])
    picture = Image.fromarray(blue * 16 + green, "P")
    picture.putpalette([part for b in centres for g in centres for part in (red, g, b)])
    file = io.BytesIO()
    picture.save(file, "GIF")
    return file.getvalue()


def _picture(pixels: Any) -> Image.Image:
    return Image.fromarray(np.rint(pixels[..., ::-1]).astype(np.uint8))


WRITERS: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "jpeg": ("jpg", _pillow("JPEG", quality=92)),
    "progressive": ("jpg", _pillow("JPEG", quality=92, progressive=True)),
    "turned": ("jpg", _turned),
    "png": ("png", _opencv(".png")),
    "deep": ("png", _deep),
    "webp": ("webp", _opencv(".webp", cv2.IMWRITE_WEBP_QUALITY, 90)),
    "lossless": ("webp", _opencv(".webp", cv2.IMWRITE_WEBP_QUALITY, 101)),
    "bmp": ("bmp", _opencv(".bmp")),
    "tiff": ("tif", _opencv(".tif", cv2.IMWRITE_TIFF_COMPRESSION, 1)),
    "lzw": ("tif", _opencv(".tif", cv2.IMWRITE_TIFF_COMPRESSION, 5)),
    "deflate": ("tif", _pillow("TIFF", compression="tiff_adobe_deflate")),
    "gif": ("gif", _gif),
    "avif": ("avif", _pillow("AVIF", quality=90, speed=9)),
}
#: The largest: what they take of `max_memory` has others wait.
LARGE = {"jpeg": (6000, 4000), "png": (6000, 4000), "progressive": (4000, 3000)}
#: By name, the status of what is no picture that may be shown.
REFUSED = {"cut.png": 422, "text.jpg": 415, "short.png": 422, "long.gif": 413}


@dataclass(frozen=True)
class Version:
    """What was under a name from one moment to another; no `number`: nothing was."""

    number: int | None
    size: Size
    since: float
    until: float = float("inf")


class Original:
    """One name, and all that was ever under it. For any threads."""

    def __init__(self, name: str, kind: str, base: Size, first: int) -> None:
        self.name, self.kind, self.base = name, kind, base
        self._next = first
        self.versions: list[Version] = []
        self._lock = threading.Lock()

    @property
    def is_large(self) -> bool:
        return self.base[0] * self.base[1] > 5_000_000

    def size(self, number: int) -> Size:
        return self.base[0] + 16 * (number % 3), self.base[1]

    def encoded(self, number: int) -> bytes:
        return WRITERS[self.kind][1](_pixels(self.size(number), number))

    def upload(self, folder: Path) -> None:
        """Put the next version in the place of what is there, in one step."""
        number, self._next = self._next, self._next + 1
        data, beside = self.encoded(number), folder / f".{self.name}.new"
        beside.write_bytes(data)
        self._changed(number, lambda: beside.replace(folder / self.name))

    def remove(self, folder: Path) -> None:
        self._changed(None, (folder / self.name).unlink)

    def between(self, since: float, until: float) -> list[Version]:
        """Those that may have been seen in that time; the clock is `time.monotonic`."""
        with self._lock:
            found = self.versions
        return [each for each in found if each.since <= until and each.until >= since]

    def _changed(self, number: int | None, change: Callable[[], object]) -> None:
        before = time.monotonic()
        size = (0, 0) if number is None else self.size(number)
        # Told before it is done: until the other is told to be over, both may be seen.
        with self._lock:
            self.versions = [*self.versions, Version(number, size, before)]
        change()
        with self._lock:
            *earlier, last, new = [Version(None, (0, 0), before, before), *self.versions]
            ended = Version(last.number, last.size, last.since, time.monotonic())
            self.versions = [*earlier, ended, new] if last.until > before else self.versions


def originals(folder: Path) -> dict[str, Original]:
    """All of them, with their first versions; some of each kind, and a few that are large."""
    found: list[Original] = []
    for at, (kind, (suffix, _)) in enumerate(WRITERS.items()):
        for number in range(6):
            base = 420 + 170 * number + 10 * at, 330 + 110 * number + 6 * at
            found.append(Original(f"{kind}-{number}.{suffix}", kind, base, 5 * at + number))
    for kind, base in LARGE.items():
        found.append(Original(f"{kind}-large.{WRITERS[kind][0]}", kind, base, 0))
    for each in found:
        each.upload(folder)
    _write_refused(folder)
    return {each.name: each for each in found}


def _write_refused(folder: Path) -> None:
    whole = WRITERS["png"][1](_pixels((500, 400), 0))
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("no picture")
    # A header that claims four hundred megapixels, which the file could not hold.
    header = b"IHDR" + (20000).to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    checked = header + zlib.crc32(header).to_bytes(4, "big")
    (folder / "short.png").write_bytes(whole[:12] + checked + whole[33:])
    # A file that is longer than any may be; it takes no room on the disk.
    with (folder / "long.gif").open("wb") as file:
        file.write(WRITERS["gif"][1](_pixels((500, 400), 0)))
        file.truncate(300 * 2**20)
