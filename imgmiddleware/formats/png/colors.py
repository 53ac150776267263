"""The colours of a PNG (clauses 11.3.2 and 4.3): the first of cICP, iCCP, sRGB, gAMA with cHRM."""

import zlib
from collections.abc import Mapping
from itertools import takewhile

from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.png.chunks import PngChunk, chunks
from imgmiddleware.formats.reading import MAX_PROFILE, Data, damage_let_pass
from imgmiddleware.formats.window import Readable, Window
from imgmiddleware.pixels.chromaticities import PRIMARIES, Chromaticities
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.icc import matrix_profile
from imgmiddleware.pixels.shaper import Parametric

#: mDCV's brightest stands behind the chromaticities; it and cLLI count ten-thousandths of cd/m².
_MASTERING, _TENTHS = 16, 10_000
#: cICP's last two bytes, and H.273's number for "unspecified".
_RGB_OF_FULL_RANGE, _SILENT = b"\0\1", 2
#: Bytes of a chunk of fixed length; mDCV has most.
_MOST = 24
#: gAMA's and cHRM's units.
_UNIT = 100_000
_SRGB_GAMMA = 1 / 2.2
#: The part by which a gamma may differ and still be sRGB's curve, as libpng and so browsers have
#: it; and how far sRGB's chromaticities may differ, as some files round or cut them.
_ALIKE, _NEAR = 0.05, 0.002
#: Beyond these gammas nothing is left but black or white.
_GAMMAS = (0.1, 10.0)


def read_points(window: Window, first: Mapping[bytes, PngChunk]) -> CodePoints | None:
    """The code points of cICP, by the first chunks of each kind; with the peak of cLLI, or of mDCV.

    None where cICP is missing, or says no more than sRGB.
    """
    with damage_let_pass:
        end = first[b"IDAT"].start
        before = {kind: chunk for kind, chunk in first.items() if chunk.start < end}
        points = CodePoints.stated(*(_numbers(window, before) or (_SILENT, _SILENT)))
        if points is None or not points.hdr:
            return points
        content, mastering = (_body(window, before, kind) for kind in (b"cLLI", b"mDCV"))
        peaks = content[:4], mastering[_MASTERING : _MASTERING + 4]
        return points.lit(*(int.from_bytes(peak, "big") / _TENTHS for peak in peaks))
    return None


def _numbers(window: Window, before: Mapping[bytes, PngChunk]) -> tuple[int, int] | None:
    """The primaries and the transfer; None where browsers do not ask them either."""
    body = _body(window, before, b"cICP")
    if len(body) != 4 or body[2:] != _RGB_OF_FULL_RANGE or _SILENT in body[:2]:
        return None
    return body[0], body[1]


def _body(window: Window, before: Mapping[bytes, PngChunk], kind: bytes) -> bytes:
    """The data of a chunk of fixed length; none where it is missing."""
    chunk = before.get(kind)
    return window.read(chunk.data, min(chunk.length, _MOST)) if chunk else b""


def profile(data: Data | Readable, facts: Facts) -> bytes | None:
    """The ICC profile of iCCP, or a profile made of gAMA and cHRM; empty where it is broken."""
    window = Window.over(data)
    before = takewhile(lambda chunk: chunk.kind != b"IDAT", chunks(window))
    found: dict[bytes, PngChunk] = {}
    for chunk in before:
        found.setdefault(chunk.kind, chunk)
    if b"iCCP" in found and not _numbers(window, found):
        chunk = found[b"iCCP"]
        return _inflated(window.read(chunk.data, chunk.length))
    if _numbers(window, found) or b"sRGB" in found or b"gAMA" not in found:
        return None
    return _of_gamma(window, found[b"gAMA"], found.get(b"cHRM"))


def _inflated(body: bytes) -> bytes:
    """A name, a method, a zlib stream."""
    name, method, packed = body.partition(b"\0")
    if not name or not method or packed[:1] != b"\0":
        return b""
    stream = zlib.decompressobj()
    plain = stream.decompress(packed[1:], MAX_PROFILE + 1)
    return plain if stream.eof and len(plain) <= MAX_PROFILE else b""


def _of_gamma(window: Window, gamma: PngChunk, colors: PngChunk | None) -> bytes | None:
    """The profile of gAMA and cHRM; None where they say sRGB. cHRM alone says nothing, as in
    browsers.
    """
    value = window.unpack(">L", gamma.data)[0] / _UNIT
    space = _chromaticities(window, colors) if colors else PRIMARIES[1]
    if abs(value / _SRGB_GAMMA - 1) <= _ALIKE and _is_srgb(space):
        return None
    if not _GAMMAS[0] <= value <= _GAMMAS[1]:
        return b""
    return matrix_profile(space, Parametric(1 / value))


def _chromaticities(window: Window, chunk: PngChunk) -> Chromaticities:
    x, y, *rest = (number / _UNIT for number in window.unpack(">8L", chunk.data))
    red, green, blue = ((rest[at], rest[at + 1]) for at in (0, 2, 4))
    return red, green, blue, (x, y)


def _is_srgb(space: Chromaticities) -> bool:
    pairs = zip(sum(space, ()), sum(PRIMARIES[1], ()), strict=True)
    return all(abs(one - other) <= _NEAR for one, other in pairs)
