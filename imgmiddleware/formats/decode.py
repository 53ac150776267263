"""Decode: an original's bytes to pixels as stored, scaled where the decoder can for less work.

Always from memory: OpenCV's reader of files returns a picture with a silent grey rest for a JPEG
that is cut short. A decoder that can tell of damage is preferred: simplejpeg with `strict`. What is
decoded is compared with what the header promised.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from imgmiddleware.errors import ImageError, damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.registry import vet
from imgmiddleware.pixels.arrays import Pixels, Size, reciprocal
from imgmiddleware.pixels.color import full_range, lab_to_srgb

#: Pixels whose colours are divided at once: 44 bytes of floats each, which `SLACK` has room for.
_BAND = 65536


def decode(data: Data, facts: Facts, stored: Size, least: Size) -> Pixels:
    """The whole picture: (height, width) gray, or with 3 (BGR), 4 (BGRA, or CMYK) channels.

    dtype uint8, uint16 or float32; of the size `stored`, or down to `least`. Raises `ImageError`
    (422) where the original is damaged, as far as its decoder tells; which damage that is, is a
    table in the documentation.
    """
    clean = vet(data, facts)
    if facts.format == "jpeg":
        return _jpeg(clean, facts, least)
    # For 8-bit TIFF Pillow is as fast, tells of damage in LZW and deflate, and knows CMYK and
    # associated alpha; it has no 16-bit colour.
    decoders = [_opencv, _pillow] if facts.format == "tiff" else [_opencv]
    if facts.depth == 8:
        decoders.reverse()
    for decoder in decoders:
        pixels = decoder(clean, facts)
        if pixels is not None:
            break
    else:
        raise damaged(f"the {facts.format.upper()} decoder could not read it")
    if pixels.shape[1::-1] != stored:
        raise _contradicts(pixels, stored)
    return _as_promised(pixels, facts)


def _as_promised(pixels: Pixels, facts: Facts) -> Pixels:
    """Where OpenCV's pixels are not what the header says that they are."""
    if facts.transparent is not None and pixels.ndim == 2:
        return _with_transparent(pixels, facts)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and not facts.alpha and facts.color != "cmyk":
        pixels = pixels[..., :3]  # padding of a 32-bit BMP, or the alpha of a GIF's later frame
    if facts.depth == 16 and facts.bits < 16:  # AVIF of 10 and 12 bits comes in its own range
        pixels = full_range(pixels, facts.bits)
    if facts.format == "bmp" and facts.bits in (5, 6):
        return _filled(pixels, facts.bits)
    if facts.format == "tiff" and facts.depth > 8:  # of 8 bits Pillow has done both
        if facts.inverted:
            np.subtract(65535, pixels, out=pixels)
        if facts.associated:
            _unassociate(pixels)
    return pixels


def _filled(pixels: Pixels, green: int) -> Pixels:
    """BMP of 16 bits a pixel, which OpenCV shifts into place: its white would be 248, a gray."""
    levels = np.arange(256)
    tables = [(levels >> 8 - bits) * 255 / ((1 << bits) - 1) for bits in (5, green, 5)]
    return np.asarray(cv2.LUT(pixels, np.rint(np.dstack(tables)).astype(np.uint8)))


def _unassociate(pixels: Pixels) -> None:
    """Divide the colours of 16-bit or float BGRA by their alpha, in place.

    In bands, as the floats between would otherwise take more than `Facts.decode_bytes` allows.
    """
    most = 65535 if pixels.dtype == np.uint16 else 1
    rows = max(1, _BAND // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        band = pixels[top : top + rows]
        alpha = band[..., 3:].astype(np.float32)
        # Where alpha is nothing the colours are nothing too, and need only stay finite.
        colors = np.minimum(band[..., :3] * reciprocal(alpha, most), most)
        band[..., :3] = np.rint(colors) if pixels.dtype == np.uint16 else colors


def _jpeg(data: Data, facts: Facts, least: Size) -> Pixels:
    colorspace = {"gray": "GRAY", "rgb": "BGR", "cmyk": "CMYK"}[facts.color]
    width, height = least
    try:
        expected = simplejpeg.decode_jpeg_header(data, min_width=width, min_height=height)[1::-1]
        pixels = simplejpeg.decode_jpeg(
            data, colorspace, min_width=width, min_height=height, strict=True
        )
    except ValueError as error:
        raise damaged(f"the JPEG decoder says: {error}") from error
    if pixels.shape[1::-1] != expected:
        raise _contradicts(pixels, expected)
    if facts.inverted:  # Adobe's applications store the ink that is not printed
        np.subtract(255, pixels, out=pixels)
    return np.asarray(pixels[..., 0] if facts.color == "gray" else pixels)


def _opencv(data: Data, facts: Facts) -> Pixels | None:
    if facts.color == "cmyk":  # it would be converted without its profile
        raise ImageError("unsupported-feature", "CMYK of more than 8 bits is not opened here")
    # UNCHANGED keeps alpha and depth, and leaves the orientation to us (but for TIFF). It makes a
    # gray picture of a colour BMP whose header is the old one of 12 bytes.
    colors = facts.format == "bmp" and facts.color == "rgb" and not facts.alpha
    flags = cv2.IMREAD_COLOR if colors else cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise damaged("the decoder refused it") from error
    return None if pixels is None else np.asarray(pixels)


def _pillow(data: Data, facts: Facts) -> Pixels | None:
    """A TIFF, of up to 8 bits or what OpenCV cannot read."""
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            return _from_pillow(image, facts)
    except UnidentifiedImageError as error:  # it has no mode for these samples; OpenCV loses some
        raise ImageError(
            "unsupported-feature", "its samples are of a number and kind that no decoder here knows"
        ) from error
    # Warnings are the application's to filter, for the whole process; one that it made an error is
    # a refusal like Pillow's other ones.
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise damaged("the TIFF decoder could not read it") from error


def _from_pillow(image: Image.Image, facts: Facts) -> Pixels:
    image.load()
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "F":
        return np.asarray(image)
    if image.mode == "LAB":
        image = lab_to_srgb(image)
    mode = "L" if image.mode == "1" else image.mode
    if mode not in _PACKED:
        mode = "RGBA" if facts.alpha else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    # Packed in our order as it leaves Pillow: turning the channels later is one more copy.
    packed = np.frombuffer(image.tobytes("raw", _PACKED[mode]), np.uint8)
    return packed.reshape(image.height, image.width, *([] if mode == "L" else [len(mode)]))


#: Pillow's modes that are taken as they are, and their names in our order of channels.
_PACKED = {"L": "L", "RGB": "BGR", "RGBA": "BGRA", "CMYK": "CMYK"}


def _with_transparent(gray: Pixels, facts: Facts) -> Pixels:
    """Gray PNG whose tRNS names one sample as transparent, which OpenCV loses."""
    assert facts.transparent is not None
    most = int(np.iinfo(gray.dtype).max)
    stored = facts.transparent[0] & ((1 << facts.bits) - 1)
    sample = stored * most // ((1 << facts.bits) - 1)
    alpha = np.where(gray == sample, 0, most).astype(gray.dtype)
    return np.dstack((gray, gray, gray, alpha))


def _contradicts(pixels: Pixels, promised: tuple[int, int]) -> ImageError:
    height, width = pixels.shape[:2]
    return damaged(
        f"its header says {promised[0]}x{promised[1]} pixels, the decoder found {width}x{height}"
    )
