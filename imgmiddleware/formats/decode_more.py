"""Decode what takes an extra of this package, or is opened only where somebody turned it on.

HEIC by pillow-heif, JPEG XL by pillow-jxl-plugin, JPEG 2000 by Pillow or OpenCV. What is decoded
is compared with what the header promised, as in `decode`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib import import_module

import cv2
import numpy as np
from PIL import Image

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.registry import vet
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.color import full_range

#: The pixels, and the profile where only the decoder can read it.
Found = tuple[Pixels, bytes | None]

#: What the decoders raise for damage. Warnings are the application's to filter; one that it made an
#: error is a refusal like the other ones.
_ERRORS = (
    *(OSError, EOFError, ValueError, SyntaxError, RuntimeError, Warning, cv2.error),
    Image.DecompressionBombError,
)

#: Pillow's modes that are taken as they are, and their names in our order of channels.
_PACKED = {"L": "L", "RGB": "BGR", "RGBA": "BGRA"}


def decode_more(data: Data, facts: Facts) -> Found:
    """The whole picture as in `decode`, but upright already. Raises `ImageError` (422)."""
    clean = vet(data, facts)
    try:
        pixels, profile = DECODERS[facts.format](clean, facts)
    except _ERRORS as error:
        raise damaged(f"the {facts.format.upper()} decoder could not read it") from error
    _check_size(pixels.shape[1::-1], facts)
    if pixels.ndim != _dimensions(facts) or pixels.dtype.itemsize * 8 != facts.depth:
        raise damaged("its header says other samples than the decoder found")
    return _scaled(pixels, facts), profile


def _check_size(found: tuple[int, ...], facts: Facts) -> None:
    if found != facts.upright:
        width, height = facts.upright
        raise damaged(
            f"its header says {width}x{height} pixels, the decoder found {found[0]}x{found[1]}"
        )


def _dimensions(facts: Facts) -> int:
    return 2 if facts.color == "gray" and not facts.alpha else 3


def _scaled(pixels: Pixels, facts: Facts) -> Pixels:
    """All of 16 bits where fewer are stored."""
    return full_range(pixels, facts.bits) if facts.depth == 16 and facts.bits < 16 else pixels


def _heic(data: Data, facts: Facts) -> Found:
    """Not by the plug-in's hook in Pillow, which would hold for the whole process."""
    pillow_heif = import_module("pillow_heif")
    opened = pillow_heif.open_heif(
        io.BytesIO(data), convert_hdr_to_8bit=False, bgr_mode=True, hdr_to_16bit=False
    )
    picture = opened[opened.primary_index]
    _check_size(picture.size, facts)  # before anything is decoded
    if picture.premultiplied_alpha:
        raise ImageError("unsupported-feature", "its colours are multiplied by their alpha")
    return np.asarray(picture), None


def _jxl(data: Data, facts: Facts) -> Found:
    """In one thread: renders are many already. What is of colour comes in 8 bits."""
    decoder = import_module("pillow_jxl").Decoder(num_threads=0)
    _, info, raw, profile, _ = decoder(bytes(data))
    if info.mode == "I;16":
        return np.frombuffer(raw, "<u2").reshape(info.height, info.width), profile or None
    image = Image.frombytes(info.mode, (info.width, info.height), raw)
    return _packed(image, facts), profile or None


def _pillow(data: Data, facts: Facts) -> Found:
    with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as image:
        _check_size(image.size, facts)  # before anything is decoded
        image.load()
        return _packed(image, facts), None


def _packed(image: Image.Image, facts: Facts) -> Pixels:
    """8 bits in our order of channels."""
    mode = "RGBA" if facts.alpha else "L" if facts.color == "gray" else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    packed = np.frombuffer(image.tobytes("raw", _PACKED[mode]), np.uint8)
    return packed.reshape(image.height, image.width, *([] if mode == "L" else [len(mode)]))


def _opencv(data: Data, facts: Facts) -> Found:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise damaged("the decoder could not read it")
    return np.asarray(pixels), None


def _by_depth(data: Data, facts: Facts) -> Found:
    """Pillow has no colour of 16 bits; of 8 bits it tells more of damage."""
    return (_pillow if facts.depth == 8 else _opencv)(data, facts)


#: The formats that are decoded here.
DECODERS: Mapping[str, Callable[[Data, Facts], Found]] = {
    "heic": _heic,
    "jxl": _jxl,
    "jp2": _by_depth,
}
