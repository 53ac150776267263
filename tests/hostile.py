"""Files that lie. Each function returns one as bytes, and says what it did to a trusting decoder.

The costs were measured with OpenCV 5.0's imdecode on the very bytes, unless a decoder is named.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from PIL import Image


def encode(picture: Image.Image, format: str, **options: object) -> bytes:
    """`picture` as Pillow writes it."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def noise(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """The same random pixels every time."""
    samples = np.random.default_rng(7).integers(0, 256, (height, width, 4), np.uint8)
    return Image.fromarray(samples, "RGBA" if mode == "RGBA" else None).convert(mode)


# --- JPEG ---------------------------------------------------------------------------------------


def resized_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    at = min(place for place in (jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2")) if place > 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def lying_jpeg() -> bytes:
    """645 bytes that claim 65500 x 16000: decoded "successfully" after 16 s and 6 GB."""
    return resized_jpeg(encode(Image.new("RGB", (32, 32), "red"), "JPEG"), 65500, 16000)


def half_jpeg_with_end() -> bytes:
    """Half a picture with an end marker put behind it: decoded with a silent grey rest."""
    whole = encode(noise(256, 256), "JPEG", quality=90)
    return whole[: len(whole) // 2] + b"\xff\xd9"


def scan_bomb_jpeg(scans: int = 2000) -> bytes:
    """A progressive JPEG whose last scan stands there thousands of times.

    Every scan visits every block, so the time is that of as many pictures.
    """
    whole = encode(Image.new("RGB", (64, 64), "red"), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * scans + b"\xff\xd9"


# --- PNG ----------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def ihdr(width: int, height: int, bits: int = 8, color: int = 2, interlace: int = 0) -> bytes:
    """An IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, bits, color, 0, 0, interlace))


def gigabyte_chunk_png(kind: bytes) -> bytes:
    """Below 128 bytes, with a chunk that claims 2 GB: 2 GB for 4 s, past every limit of OpenCV."""
    liar = struct.pack(">L", 2**31 - 1) + kind + bytes(16)
    if kind != b"fdAT":
        return PNG + ihdr(1, 1) + liar
    control = struct.pack(">LLLLLHHBB", 0, 1, 1, 0, 0, 1, 10, 0, 0)
    return (
        PNG + ihdr(1, 1) + chunk(b"acTL", struct.pack(">LL", 1, 0)) + chunk(b"fcTL", control) + liar
    )


def disclosing_apng(side: int = 64) -> bytes:
    """An animation with garbage for its first frame.

    28 of 30 decodes gave back heap that was never written: bytes of another request's picture.
    """
    control = struct.pack(">LLLLLHHBB", 0, side, side, 0, 0, 1, 10, 0, 0)
    second = struct.pack(">LLLLLHHBB", 1, side, side, 0, 0, 1, 10, 0, 0)
    rows = zlib.compress(bytes(side * (1 + 3 * side)))
    return (
        PNG
        + ihdr(side, side)
        + chunk(b"acTL", struct.pack(">LL", 2, 0))
        + chunk(b"fcTL", control)
        + chunk(b"IDAT", bytes(range(256)) * 2)
        + chunk(b"fcTL", second)
        + chunk(b"fdAT", struct.pack(">L", 2) + rows)
        + chunk(b"IEND", b"")
    )


def profile_bomb_png(size: int = 100_000_000) -> bytes:
    """97 kB of iCCP that inflate to 100 MB: what a reader of profiles must not do."""
    whole = encode(noise(2, 2), "PNG")
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(size), 9))
    return whole[:33] + bomb + whole[33:]


def text_bomb_png(size: int = 100_000_000) -> bytes:
    """97 kB of zTXt that inflate to 100 MB: libpng goes to a limit of its own, 20 ms, each time."""
    whole = encode(noise(2, 2), "PNG")
    return whole[:33] + chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(size), 9)) + whole[33:]


def lying_png() -> bytes:
    """65 bytes that claim 30000 x 30000: OpenCV finds the end in time, a reader of rows may not."""
    return PNG + ihdr(30000, 30000) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# --- GIF, BMP, TIFF, WebP -----------------------------------------------------------------------


def lying_gif() -> bytes:
    """35 bytes that claim 32000 x 32000: refused, after 9 s and 7.8 GB."""
    screen = struct.pack("<HHBBB", 32000, 32000, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 32000, 32000, 0) + b"\x02\x02D\x01\0;"
    return b"GIF89a" + screen + image


def lying_bmp() -> bytes:
    """54 bytes that claim 30000 x 30000: rows of 2.7 GB that are not there."""
    header = struct.pack("<LllHHLLllLL", 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<LHHL", 0, 0, 0, 54) + header


def tiff(
    entries: dict[int, tuple[str, list[int]]], body: bytes = bytes(64), order: str = "<"
) -> bytes:
    """A TIFF of one directory: tag -> (struct's letter, values). `body` begins at byte 8."""
    start = 8 + len(body)
    rest = start + 2 + 12 * len(entries) + 4
    records, values = b"", b""
    for tag in sorted(entries):
        letter, numbers = entries[tag]
        data = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        kind = {"B": 1, "H": 3, "L": 4, "Q": 16}[letter]
        if len(data) > 4:
            place, values = rest + len(values), values + data
            data = struct.pack(order + "L", place)
        records += struct.pack(order + "HHL", tag, kind, len(numbers)) + data.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(order + "H", len(entries))
    return magic + struct.pack(order + "L", start) + body + count + records + bytes(4) + values


def lying_tile_tiff() -> bytes:
    """A picture of ten pixels in one tile of 65,536 x 65,536, which is 12 GB.

    OpenCV stops at a limit of its own; libtiff's callers elsewhere have allocated it.
    """
    return tiff(
        {256: ("L", [10]), 257: ("L", [1]), 258: ("H", [8, 8, 8]), 259: ("H", [5]),
         262: ("H", [2]), 277: ("H", [3]), 322: ("L", [65536]), 323: ("L", [65536]),
         324: ("L", [8]), 325: ("L", [64])}
    )  # fmt: skip


def looping_tiff() -> bytes:
    """Two directories that name each other as the next: a walk over the pages would not end."""
    whole = bytearray(encode(noise(), "TIFF", save_all=True, append_images=[noise()]))
    first = struct.unpack_from("<L", whole, 4)[0]
    second = struct.unpack_from("<L", whole, _next_field(whole, first))[0]
    struct.pack_into("<L", whole, _next_field(whole, second), first)
    return bytes(whole)


def _next_field(whole: bytes | bytearray, offset: int) -> int:
    return offset + 2 + 12 * int(struct.unpack_from("<H", whole, offset)[0])


def lying_webp() -> bytes:
    """A container that claims 16384 x 16384 around a picture of 64 x 48: believed by readers only."""
    whole = bytearray(encode(noise(mode="RGBA"), "WEBP"))
    whole[24:30] = b"\xff\x3f\x00" * 2
    return bytes(whole)


# --- AVIF ---------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    """An ISO media box."""
    body = b"".join(parts)
    return struct.pack(">L", 8 + len(body)) + kind + body


def ispe(width: int, height: int) -> bytes:
    """The property that tells an item's size."""
    return box(b"ispe", struct.pack(">LLL", 0, width, height))


@cache
def av1(width: int, height: int, mode: str = "L") -> tuple[bytes, bytes]:
    """A flat AV1 still of this size: its data and its av1C property."""
    whole = encode(Image.new(mode, (width, height), "gray"), "AVIF", speed=10, max_threads=1)
    start = whole.index(b"mdat") + 4
    config = whole.index(b"av1C") - 4
    size = struct.unpack_from(">L", whole, config)[0]
    return whole[start:], whole[config : config + size]


PIXI = box(b"pixi", bytes(4), b"\x01\x08")
ALPHA = box(b"auxC", bytes(4), b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")


@dataclass(frozen=True)
class AvifItem:
    """One item of a file that `avif` writes; its id is its place in the list, from 1."""

    data: bytes
    properties: tuple[bytes, ...]
    kind: bytes = b"av01"
    references: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    pieces: int = 1
    in_idat: bool = False


def coded(width: int, height: int, *more: bytes, claims: tuple[int, int] | None = None) -> AvifItem:
    """A flat AV1 item whose ispe `claims` its size, or another."""
    data, config = av1(width, height)
    return AvifItem(data, (ispe(*(claims or (width, height))), PIXI, config, *more))


def _locations(items: list[AvifItem], start: int) -> bytes:
    rows, stored = b"", 0
    for number, item in enumerate(items, 1):
        rows += struct.pack(">HHHH", number, int(item.in_idat), 0, item.pieces)
        base, size = (0 if item.in_idat else start + stored), len(item.data)
        cuts = [size * piece // item.pieces for piece in range(item.pieces + 1)]
        for left, right in pairwise(cuts):
            rows += struct.pack(">LL", base + left, right - left)
        stored += 0 if item.in_idat else size
    return box(b"iloc", b"\x01\0\0\0\x44\0", struct.pack(">H", len(items)), rows)


def avif(items: list[AvifItem], brand: bytes = b"avif") -> bytes:
    """An AVIF of these items, the first of them primary; at most one may stand in 'idat'."""
    associations, types, references = b"", b"", b""
    pool = list(dict.fromkeys(part for item in items for part in item.properties))
    for id, item in enumerate(items, 1):
        types += box(b"infe", struct.pack(">LHH", 0x02000000, id, 0), item.kind, b"\0")
        indices = bytes(
            pool.index(part) + 1 | (0x80 if part[4:8] in (b"av1C", b"irot", b"imir") else 0)
            for part in item.properties
        )
        associations += struct.pack(">HB", id, len(indices)) + indices
        for kind, targets in item.references:
            body = struct.pack(f">HH{len(targets)}H", id, len(targets), *targets)
            references += box(kind, body)
    inside = b"".join(item.data for item in items if item.in_idat)
    outside = b"".join(item.data for item in items if not item.in_idat)

    def head(start: int) -> bytes:
        return box(b"ftyp", brand, bytes(4), brand, b"mif1") + box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), b"\0\x01"),
            _locations(items, start),
            box(b"iinf", bytes(4), struct.pack(">H", len(items)), types),
            box(b"iref", bytes(4), references) if references else b"",
            box(
                b"iprp",
                box(b"ipco", *pool),
                box(b"ipma", bytes(4), struct.pack(">L", len(items)), associations),
            ),
            box(b"idat", inside) if inside else b"",
        )

    return head(len(head(0)) + 8) + box(b"mdat", outside)


def lying_avif(side: int = 8000) -> bytes:
    """707 bytes whose container says 10 x 10 and whose frame is 8000 x 8000.

    Pillow reports 10 x 10, and so does the decoded picture, after 0.7 s and 791 MB.
    """
    return avif([coded(side, side, claims=(10, 10))])


def lying_alpha_avif(side: int = 2000) -> bytes:
    """Honest colours and an alpha plane that lies: refused by libavif 1.4, at no cost."""
    data, config = av1(side, side)
    alpha = AvifItem(data, (ispe(64, 64), PIXI, config, ALPHA), references=((b"auxl", (1,)),))
    return avif([coded(64, 64), alpha])


def lying_thumbnail_avif(side: int = 2000) -> bytes:
    """Honest colours and a thumbnail that lies: harmless to a decoder that leaves it alone."""
    data, config = av1(side, side)
    return avif(
        [coded(64, 64), AvifItem(data, (ispe(64, 64), PIXI, config), references=((b"thmb", (1,)),))]
    )


def second_sequence_avif(side: int = 2000) -> bytes:
    """An honest first sequence header, and behind it another: at 8000 a side 64 x 64 for 834 MB."""
    first, config = av1(64, 64)
    return avif([AvifItem(first + av1(side, side)[0], (ispe(64, 64), PIXI, config))])
