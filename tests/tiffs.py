"""TIFF of strips or tiles that another library has coded: written by tifffile, as they are."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tifffile

Array = np.ndarray[Any, Any]
#: A strip or tile of samples -> its bytes in the file.
Coder = Callable[[Array], bytes]

_COMPRESSION, _PHOTOMETRIC, _PREDICTOR, _NEXT_TO_PREDICTOR, _JPEG_TABLES = 259, 262, 317, 318, 347
_STRIP_ROWS = 16
_NAMES = {5: "separated"}


def cut(pixels: Array, tile: tuple[int, int] | None, fill: int = 0) -> Iterator[Array]:
    """Tiles (height, width) whose rest beyond the picture is `fill`; or strips, the last shorter."""
    high, wide = tile or (_STRIP_ROWS, pixels.shape[1])
    if tile:
        rest = [(0, -pixels.shape[side] % tile[side]) for side in (0, 1)]
        pixels = np.pad(pixels, rest + [(0, 0)] * (pixels.ndim - 2), constant_values=fill)
    for y, x in itertools.product(range(0, len(pixels), high), range(0, pixels.shape[1], wide)):
        yield pixels[y : y + high, x : x + wide]


def coded_tiff(
    levels: Iterable[Array], coder: Coder, compression: int, photometric: int, *,
    tile: tuple[int, int] | None = (48, 64), fill: int = 0, tables: bytes = b"", marked: bool = True,
    below: bool = False, planar: bool = False, predictor: int = 1, bigtiff: bool = False, byteorder: Any = "<",
    rows: int = _STRIP_ROWS, **options: Any,
) -> bytes:  # fmt: skip
    """One picture or a pyramid. tifffile writes the tag of deflate for all codecs, and the right
    one is set afterwards.

    `marked` levels have NewSubfileType 1; `below` they stand in SubIFDs. Sizes of tiles are (height,
    width).
    """
    file, levels = io.BytesIO(), list(levels)
    more = [(_NEXT_TO_PREDICTOR, 3, 1, predictor, True)] if predictor > 1 else []
    if tables:
        more.append((_JPEG_TABLES, 7, len(tables), tables, True))
    with tifffile.TiffWriter(file, bigtiff=bigtiff, byteorder=byteorder) as writer:
        for number, pixels in enumerate(levels):
            colored = pixels.ndim > 2
            planes = [*pixels.transpose(2, 0, 1)] if planar else [pixels]
            parts = (coder(part) for plane in planes for part in cut(plane, tile, fill))
            writer.write(
                parts, shape=pixels.transpose(2, 0, 1).shape if planar else pixels.shape,
                dtype=pixels.dtype, tile=tile, compression="adobe_deflate", metadata=None,
                rowsperstrip=None if tile else rows,
                photometric=_NAMES.get(photometric, "rgb" if colored else "minisblack"),
                planarconfig=("separate" if planar else "contig") if colored else None,
                subfiletype=int(marked and number > 0), extratags=more,
                subifds=len(levels) - 1 if below and not number else None, **options,
            )  # fmt: skip
    file.seek(0)
    with tifffile.TiffFile(file, mode="r+b") as written:
        for page in written.pages:
            for one in (page, *(page.pages or () if below else ())):
                one.tags[_COMPRESSION].overwrite(compression)
                one.tags[_PHOTOMETRIC].overwrite(photometric)
                if predictor > 1:
                    written.filehandle.seek(one.tags[_NEXT_TO_PREDICTOR].offset)
                    written.filehandle.write(struct.pack(f"{byteorder}H", _PREDICTOR))
    return file.getvalue()


def cloud_optimized(levels: Iterable[Array], side: int = 256) -> bytes:
    """A pyramid of deflated tiles whose directories all stand at its beginning, as GDAL's COG driver
    has it: the smallest level's tiles first.
    """
    parts = [
        [zlib.compress(part.tobytes(), 1) for part in cut(level, (side, side))] for level in levels
    ]
    tags = 12  # of each directory: their values of more than four bytes follow it
    sizes = [2 + 12 * tags + 4 + 6 + 8 * max(2, len(one)) for one in parts]
    place = 8 + sum(sizes)
    offsets: list[list[int]] = []
    for one in reversed(parts):
        ends = [place, *itertools.accumulate(map(len, one), initial=place)][1:]
        offsets.insert(0, ends[:-1])
        place = ends[-1]
    file, at = [struct.pack("<2sHL", b"II", 42, 8)], 8
    for number, (level, one, where) in enumerate(zip(levels, parts, offsets, strict=True)):
        assert len(one) > 1, "one offset would stand in the entry itself"
        after = at + 2 + 12 * tags + 4
        table = [
            (254, 4, 1, int(number > 0)), (256, 4, 1, level.shape[1]), (257, 4, 1, level.shape[0]),
            (258, 3, 3, after), (259, 3, 1, 8), (262, 3, 1, 2), (277, 3, 1, 3), (284, 3, 1, 1),
            (322, 4, 1, side), (323, 4, 1, side), (324, 4, len(one), after + 6),
            (325, 4, len(one), after + 6 + 4 * len(one)),
        ]  # fmt: skip
        at += sizes[number]
        following = at if number + 1 < len(parts) else 0
        file += [struct.pack("<H", tags), *(struct.pack("<HHLL", *entry) for entry in table)]
        file += [struct.pack("<L3H", following, 8, 8, 8)]
        file += [struct.pack(f"<{len(one)}L", *where), struct.pack(f"<{len(one)}L", *map(len, one))]
    return b"".join((*file, *(piece for one in reversed(parts) for piece in one)))
