"""Files of given samples, by the specifications' arithmetic: PNG, BMP and TIFF as no library here
writes them.

Nothing here knows the package under test. Clauses are those of PNG's third edition.
"""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from files import PNG, chunk, ihdr, tiff
from pictures import saved

Array = np.ndarray[Any, Any]


def packed(samples: Array, bits: int = 0, order: str = ">") -> Array:
    """Rows of samples as rows of bytes, each padded to a byte; `bits` are those of one sample."""
    rows = samples.reshape(len(samples), -1)
    bits = bits or 8 * samples.itemsize
    if bits % 8:
        spread = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
        return np.packbits(spread.reshape(len(rows), -1).astype(np.uint8), axis=1)
    kind = f"{order}{'f' if samples.dtype.kind == 'f' else 'u'}{bits // 8}"
    return np.frombuffer(rows.astype(kind).tobytes(), np.uint8).reshape(len(rows), -1)


# --- PNG ----------------------------------------------------------------------------------------

#: Clause 8.2: the start of each pass and its steps, across and down.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip


def filtered(samples: Array, numbers: Sequence[int], bits: int = 0) -> bytes:
    """Rows of samples (height, width, or with channels), each behind its filter (clause 9.2)."""
    bits = bits or 8 * samples.itemsize
    rows = packed(samples, bits).astype(int)
    pixel = max(1, bits * (samples.shape[2] if samples.ndim == 3 else 1) // 8)
    above = np.zeros_like(rows[0])
    body = b""
    for row, number in zip(rows, numbers, strict=True):
        left = np.concatenate((np.zeros(pixel, int), row))[: len(row)]
        corner = np.concatenate((np.zeros(pixel, int), above))[: len(row)]
        guess = [0 * row, left, above, (left + above) // 2, _paeth(left, above, corner)][number]
        body += bytes([number]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        above = row
    return body


def _paeth(left: Array, above: Array, corner: Array) -> Array:
    """Clause 9.4."""
    guess = left + above - corner
    far = [abs(guess - one) for one in (left, above, corner)]
    nearest = np.where(far[1] <= far[2], above, corner)
    return np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, nearest)


def _numbers(rows: int) -> list[int]:
    """All five filters, each behind each."""
    return [(3 * y + y // 5) % 5 for y in range(rows)]


def png(
    samples: Array, color: int, *, stream: bytes | None = None, size: int = 500, more: bytes = b"",
    bits: int = 0, interlaced: bool = False,
) -> bytes:  # fmt: skip
    """With filters of all five kinds, IDAT chunks of `size` bytes, and `more` chunks before them."""
    height, width = samples.shape[:2]
    bits = bits or 8 * samples.itemsize
    if stream is None:
        passes = PASSES if interlaced else ((0, 0, 1, 1),)
        parts = [samples[y::down, x::across] for x, y, across, down in passes]
        stream = zlib.compress(
            b"".join(filtered(part, _numbers(len(part)), bits) for part in parts)
        )
    data = [chunk(b"IDAT", stream[at : at + size]) for at in range(0, len(stream), size)]
    head = ihdr(width, height, bits, color, int(interlaced))
    return b"".join((PNG, head, more, *data, chunk(b"IEND", b"")))


# --- BMP ----------------------------------------------------------------------------------------


def bmp_rows(pixels: Array, bits: int = 8, top_down: bool = False, spare: int = 0) -> bytes:
    """Little-endian rows, the last first, each padded with `spare` bytes to four of them."""
    rows = packed(pixels, bits, "<")
    rows = np.pad(rows, [(0, 0), (0, -rows.shape[1] % 4)], constant_values=spare)
    return (rows if top_down else rows[::-1]).tobytes()


def bmp(
    bits: int, rows: bytes, compression: int = 0, *, size: tuple[int, int], header: int = 40,
    top_down: bool = False, masks: bytes | Sequence[int] = (), palette: bytes = b"", colors: int | None = None,
    planes: int = 1, offset: int | None = None, profile: bytes = b"",
) -> bytes:  # fmt: skip
    """With any header, OS/2's of 12 bytes too; `rows` in the order of the file."""
    width, height = size
    masks = masks if isinstance(masks, bytes) else struct.pack(f"<{len(masks)}L", *masks)
    if header == 12:
        head = struct.pack("<LHHHH", 12, width, height, planes, bits)
    else:
        colors = len(palette) // 4 if colors is None else colors
        head = struct.pack("<LllHHLLllLL", header, width, -height if top_down else height, planes,
                           bits, compression, len(rows), 2835, 2835, colors, 0)  # fmt: skip
    head = (head + masks).ljust(header, b"\0")
    start = 14 + len(head) + len(palette)
    if header >= 108:  # the space of its colours: sRGB, or of a profile behind the rows
        head = head[:56] + (b"DEBM" if profile else b"BGRs") + head[60:]
    if profile:
        head = head[:112] + struct.pack("<LL", start - 14 + len(rows), len(profile)) + head[120:]
    end = start + len(rows) + len(profile)
    begin = struct.pack("<2sLHHL", b"BM", end, 0, 0, start if offset is None else offset)
    return begin + head + palette + rows + profile


# --- TIFF ---------------------------------------------------------------------------------------

LZW, DEFLATE, PACKBITS = 5, 8, 32773


def tif(
    samples: Array, photometric: int, bits: int = 0, *, order: str = "<", high: int = 0, wide: int = 0,
    planar: bool = False, compression: int = 1, predictor: int = 1, apart: int = 0, **tags: list[int],
) -> bytes:  # fmt: skip
    """In strips of `high` rows or in one, or in tiles that are `wide` too, with `apart` bytes between
    them; each sample in planes of its own (`planar`). `tags` are named t262 and so on.
    """
    samples = samples if samples.ndim == 3 else samples[..., None]
    height, width, count = samples.shape
    bits, high = bits or 8 * samples.itemsize, high or height
    stored = samples
    if wide:
        stored = np.pad(samples, [(0, -height % high), (0, -width % wide), (0, 0)])
    parts = [
        stored[y : y + high, x : x + (wide or width)]
        for y in range(0, len(stored), high)
        for x in range(0, stored.shape[1], wide or width)
    ]
    if planar:
        parts = [part[..., plane : plane + 1] for plane in range(count) for part in parts]
    pieces = [_piece(part, bits, order, compression, predictor) for part in parts]
    starts = [*itertools.accumulate((len(piece) + apart for piece in pieces), initial=8)][:-1]
    sizes = [len(piece) for piece in pieces]
    entries: dict[int, tuple[str, list[int]]] = {
        256: ("L", [width]), 257: ("L", [height]), 258: ("H", [bits] * count),
        259: ("H", [compression]), 262: ("H", [photometric]), 277: ("H", [count]),
        284: ("H", [2 if planar else 1]), 317: ("H", [predictor]),
        339: ("H", [3 if samples.dtype.kind == "f" else 1] * count),
    }  # fmt: skip
    if wide:
        entries |= {322: ("L", [wide]), 323: ("L", [high]), 324: ("L", starts), 325: ("L", sizes)}
    else:
        entries |= {273: ("L", starts), 278: ("L", [high]), 279: ("L", sizes)}
    for name, values in tags.items():
        entries[int(name[1:])] = ("B" if name == "t34675" else "H", values)
    return tiff(entries, b"".join(piece + bytes(apart) for piece in pieces), order)


def _piece(part: Array, bits: int, order: str, compression: int, predictor: int) -> bytes:
    """One strip or tile: as it is, by zlib, or by Pillow's libtiff."""
    if compression == DEFLATE:
        if predictor == 2:
            part = np.diff(part, axis=1, prepend=np.zeros_like(part[:, :1]))
        return zlib.compress(packed(part, bits, order).tobytes())
    if compression == 1:
        return packed(part, bits, order).tobytes()
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[part.shape[2]]
    image = Image.frombytes(mode, part.shape[1::-1], part.tobytes())
    name = {LZW: "tiff_lzw", PACKBITS: "packbits"}[compression]
    file = saved(image, "TIFF", compression=name, tiffinfo={317: predictor, 278: len(part)})
    with Image.open(io.BytesIO(file)) as again:
        (offset,), (size,) = again.tag_v2[273], again.tag_v2[279]  # type: ignore[attr-defined]
    return file[offset : offset + size]
