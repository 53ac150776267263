"""The common part of several formats' decoders: the libraries' ways, and their errors."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.pixels.arrays import Pixels, Size, by_bands, unpremultiplied
from imgmiddleware.pixels.color import full_range

#: The errors that decoders raise for damage. The application filters warnings, for the whole
#: process; a warning that it made an error is a refusal like the other ones.
_ERRORS = (
    *(OSError, EOFError, ValueError, SyntaxError, RuntimeError, Warning, cv2.error),
    Image.DecompressionBombError,
)

#: Pillow's modes that need no change, and their names in our order of channels.
PACKED = {"L": "L", "RGB": "BGR", "RGBA": "BGRA", "CMYK": "CMYK"}


@contextmanager
def told_as_damage(format: str) -> Iterator[None]:
    """Errors of a decoder of this format become `ImageError` (422)."""
    try:
        yield
    except _ERRORS as error:
        raise damaged(f"the {format.upper()} decoder could not read it") from error


def opened_by_pillow(data: Data, format: str, stored: Size | None = None) -> Image.Image:
    """An image of a format of Pillow's, not loaded yet. Raises as Pillow's `open` does.

    Pillow's own `open` would warn of a picture of 90 megapixels, and refuse one of 180. The limits
    here are the service's, and the header was compared with them. For TIFF Pillow checks once more
    while it makes room for the pixels; with a `stored` size there is room already.
    """
    if format not in Image.OPEN:
        Image.init()
    make, _ = Image.OPEN[format]
    try:
        image = make(io.BytesIO(data), "")
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise UnidentifiedImageError(f"Pillow cannot read this {format}") from error
    if stored is not None:
        image.im = Image.new(image.mode, stored).im
    return image


def check_decoded(found: tuple[int, ...], promised: Size) -> None:
    """Raise 422 where the decoder's width and height are not those of the header."""
    if found != promised:
        width, height = promised
        raise damaged(
            f"its header says {width}x{height} pixels, the decoder found {found[0]}x{found[1]}"
        )


def by_opencv(data: Data, facts: Facts, least: Size) -> Found:
    """The `decode` of a format that OpenCV does right."""
    return Found(opened_by_opencv(data, facts))


def opened_by_opencv(data: Data, facts: Facts, flags: int = cv2.IMREAD_UNCHANGED) -> Pixels:
    """UNCHANGED keeps alpha and depth, and leaves the orientation to us (except for TIFF)."""
    pixels = imdecoded(data, flags)
    if pixels is None:
        raise unread(facts)
    return as_promised(pixels, facts)


def unread(facts: Facts) -> ImageError:
    """The error where OpenCV returns no pixels, 422. OpenCV does not tell whether it got no memory.
    So the memory is asked for, which raises `MemoryError`.
    """
    np.empty(facts.decode_bytes, np.uint8)
    return damaged(f"the {facts.format.upper()} decoder could not read it")


def imdecoded(data: Data, flags: int = cv2.IMREAD_UNCHANGED) -> Pixels | None:
    """Always from memory: OpenCV's reader of files returns a picture with a silent grey rest for a
    file that is cut short.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise damaged("the decoder refused it") from error
    return None if pixels is None else np.asarray(pixels)


def as_promised(pixels: Pixels, facts: Facts) -> Pixels:
    """The pixels as the header describes them, where the decoder's are not."""
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not facts.alpha and facts.color != "cmyk":
        pixels = pixels[..., :3]  # padding of a 32-bit BMP, or the alpha of a GIF's later frame
    return _full_range(pixels, facts)


def _full_range(pixels: Pixels, facts: Facts) -> Pixels:
    """All of 16 bits: AVIF and HEIC of 10 and 12 bits come in their own range."""
    return full_range(pixels, facts.bits) if facts.depth == 16 and facts.bits < 16 else pixels


def compared(pixels: Pixels, facts: Facts) -> Pixels:
    """The pixels of a decoder that learns by itself what a file holds, if they are as the header
    says. Their size is compared wherever an original is decoded. Raises `ImageError` (422).
    """
    channels = 2 if facts.color == "gray" and not facts.alpha else 3
    if pixels.ndim != channels or pixels.dtype.itemsize * 8 != facts.depth:
        raise damaged("its header says other samples than the decoder found")
    return _full_range(pixels, facts)


def unassociated(pixels: Pixels) -> Pixels:
    """BGRA with colours that are multiplied by their alpha, divided by it again."""
    divide = partial(_divided, dtype=pixels.dtype)
    return by_bands(divide, pixels, pixels.shape)


def _divided(band: Pixels, dtype: npt.DTypeLike) -> Pixels:
    return unpremultiplied(band.astype(np.float32), dtype)


def packed(image: Image.Image, mode: str) -> Pixels:
    """8 bits in our order of channels, packed as they leave Pillow: turning them later is a copy
    more.
    """
    image = image if image.mode == mode else image.convert(mode)
    samples = np.frombuffer(image.tobytes("raw", PACKED[mode]), np.uint8)
    return samples.reshape(image.height, image.width, *([] if mode == "L" else [len(mode)]))


def mode_of(facts: Facts) -> str:
    """Pillow's mode for the header's promise."""
    return "RGBA" if facts.alpha else "L" if facts.color == "gray" else "RGB"
