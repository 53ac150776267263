"""Originals of every kind: by Pillow, by OpenCV's encoders, by libvips, or byte by byte.

Nothing here knows the package under test.
"""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

import parts
from files import chunk
from pictures import exif, saved
from rasters import png

pyvips = parts.module("pyvips")
Array = Any  # a numpy array of any shape and dtype


def picture(width: int = 45, height: int = 31) -> Array:
    """RGB: three ramps of different directions, so that no turn and no swap looks like another.

    The sides are odd, so that rows need padding and the last blocks and tiles are not full.
    """
    y, x = np.mgrid[0:height, 0:width]
    ramps = (255 * x / (width - 1), 255 * y / (height - 1), 255 - 255 * (x + y) / (width + height))
    return np.dstack(ramps).astype(np.uint8)


RGB = picture()
GRAY = RGB[..., 0] // 2 + RGB[..., 1] // 2
#: Alpha falls from the top down; 16 and more, so that an associated colour is not all rounding.
RGBA = np.dstack((RGB, np.linspace(255, 16, 31).astype(np.uint8)[:, None].repeat(45, 1)))
DEEP = RGB.astype(np.uint16) * 256 + 200
#: What every step of every depth is tried on: noise.
NOISE = np.random.default_rng(11).integers(0, 2**16, (31, 45, 4), np.uint16)


def edge(depth: type = np.uint8) -> Array:
    """RGBA: the left is opaque red, the right is green and wholly transparent."""
    pixels = np.zeros((64, 64, 4), depth)
    most = np.iinfo(depth).max
    pixels[:, :29] = (most, 0, 0, most)
    pixels[:, 29:] = (0, most, 0, 0)
    return pixels


def vips(pixels: Array, suffix: str, interpretation: str = "", **options: Any) -> bytes:
    image = pyvips.Image.new_from_array(pixels)
    if interpretation:
        image = image.copy(interpretation=interpretation)
    return bytes(image.write_to_buffer(suffix, **options))


# --- JPEG ---------------------------------------------------------------------------------------

#: libvips' own CMYK profile, so large that it takes 15 APP2 segments.
CMYK_PROFILE: bytes = pyvips.Image.profile_load("cmyk")


def inks(pixels: Array = RGB) -> Array:
    """CMYK with some black in it."""
    black = (255 - pixels.max(2)) // 2
    return np.dstack((255 - pixels, black))


def cmyk(format: str, **options: Any) -> bytes:
    image = Image.frombytes("CMYK", RGB.shape[1::-1], inks().tobytes())
    return saved(image, format, **options)


def ycck(**options: Any) -> bytes:
    """Pillow writes CMYK as it is, so it is given YCC and K, and the Adobe segment corrected."""
    paper = 255 - inks()  # as Adobe stores it
    ycc = np.asarray(Image.fromarray(paper[..., :3]).convert("YCbCr"))
    stored = np.dstack((ycc, paper[..., 3]))
    file = io.BytesIO()
    Image.frombytes("CMYK", RGB.shape[1::-1], (255 - stored).tobytes()).save(
        file, "JPEG", quality=97, **options
    )
    data = file.getvalue()
    transform = data.index(b"Adobe") + 11
    return data[:transform] + b"\2" + data[transform + 1 :]


def with_app2(jpeg: bytes) -> bytes:
    """MPF and gain-map segments before and between those of the profile, a picture behind EOI."""
    mpf = b"\xff\xe2" + struct.pack(">H", 2 + 4 + 60) + b"MPF\0" + bytes(60)
    urn = b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4)
    gain = b"\xff\xe2" + struct.pack(">H", 2 + len(urn)) + urn
    first = jpeg.index(b"\xff\xe2")
    second = first + 2 + int.from_bytes(jpeg[first + 2 : first + 4], "big")
    return jpeg[:first] + mpf + jpeg[first:second] + gain + mpf + jpeg[second:] + jpeg


# --- PNG ----------------------------------------------------------------------------------------

PNG_KINDS = [
    (color, bits)
    for color, depths in {
        0: (1, 2, 4, 8, 16),
        2: (8, 16),
        3: (1, 2, 4, 8),
        4: (8, 16),
        6: (8, 16),
    }.items()
    for bits in depths
]


def noise_png(color: int, bits: int, interlaced: bool = False, trns: bytes = b"") -> bytes:
    """Noise in this colour type; a palette is of noise too."""
    samples = NOISE[..., : {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]] >> (16 - bits)
    more = chunk(b"PLTE", NOISE.tobytes()[: 3 << bits]) if color == 3 else b""
    more += chunk(b"tRNS", trns) if trns else b""
    return png(samples, color, bits=bits, interlaced=interlaced, more=more)


def trns(color: int, bits: int) -> bytes:
    """The noise's pixel in the middle; of a palette, the alpha of its first half."""
    if color == 3:
        return bytes(range(1 << max(bits - 1, 1)))
    clear = NOISE[15, 22, : 3 if color == 2 else 1] >> (16 - bits)
    return clear.astype(">u2").tobytes()


def with_iccp(data: bytes, profile: bytes) -> bytes:
    """The profile behind IHDR."""
    return data[:33] + chunk(b"iCCP", b"x\0\0" + zlib.compress(profile)) + data[33:]


def gray_profile(gamma: float = 1.0) -> bytes:
    """An ICC profile for gray (ICC.1:2004, section 8.3.1): its curve and its white."""
    tags = {
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">LLL", 0xF6D6, 0x10000, 0xD32D),
        b"kTRC": b"curv" + struct.pack(">LLH", 0, 1, round(gamma * 256)) + bytes(2),
    }
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">L", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sLL", name, start + len(body), len(value))
        body += value
    head = struct.pack(">L4sL12s", start + len(body), bytes(4), 0x02100000, b"mntrGRAYXYZ ")
    head = head.ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">LLL", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body


# --- AVIF ---------------------------------------------------------------------------------------


def turned_avif(rotation: int, mirror: int) -> bytes:
    """irot and imir with these values, in the place of those that Pillow writes for orientation 5."""
    data = bytearray(saved(RGB, "AVIF", exif=exif(5), quality=98, subsampling="4:4:4"))
    data[data.index(b"irot") + 4], data[data.index(b"imir") + 4] = rotation, mirror
    return bytes(data)


# --- BMP ----------------------------------------------------------------------------------------


def bmp_palette(bits: int) -> bytes:
    colors = np.random.default_rng(bits).integers(0, 256, (1 << bits, 4), np.uint8)
    colors[:, 3] = 0
    return colors.tobytes()


def indices(bits: int) -> Array:
    return (NOISE[..., :1] >> (16 - bits)).astype(np.uint8)


def rle(bits: int) -> bytes:
    """Encoded runs, absolute runs, ends of lines."""
    data = b""
    for row in indices(bits)[::-1, :, 0].tolist():
        literal, tail = row[:20], [*[row[20]] * 20, *row[40:]]
        runs = [(value, len(list(same))) for value, same in itertools.groupby(tail)]
        if bits == 4:
            raw = bytes(a << 4 | b for a, b in zip(literal[::2], literal[1::2], strict=True))
            data += b"\0\x14" + raw
            data += b"".join(bytes((count, value * 17)) for value, count in runs) + b"\0\0"
        else:
            data += b"\0\x14" + bytes(literal)
            data += b"".join(bytes((count, value)) for value, count in runs) + b"\0\0"
    return data[:-2] + b"\0\1"


# --- TIFF ---------------------------------------------------------------------------------------


def color_map(bits: int) -> list[int]:
    """All reds, all greens, all blues, of 16 bits."""
    return [int(value) * 257 for value in NOISE.reshape(-1)[: 3 << bits] >> 8]
