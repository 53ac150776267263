"""TIFF whose strips or tiles are coded already, by another library: written by tifffile, as it comes."""

from __future__ import annotations

import io
import itertools
import struct
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
    """One picture or a pyramid. What tifffile has no codec for it takes as deflate, and is told after.

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
