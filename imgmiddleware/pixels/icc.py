"""ICC profiles of a matrix and three curves (ICC.1:2022, sections 8.3.3 and 10): written and read.

LittleCMS converts by profiles of any kind, but Pillow hands it 8 bits of colour. Where there are
more, the profiles that photos have are read here.
"""

import struct
from collections.abc import Iterator

import numpy as np

from imgmiddleware.pixels.chromaticities import D50, PRIMARIES, Chromaticities, Matrix, to_d50
from imgmiddleware.pixels.shaper import Curve, Parametric, Sampled, Shaper

_HEAD = 128
#: The tags of the matrix and of the curves: of red, green and blue.
_COLORANTS, _CURVES = (b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC")
#: The tags that are read of a table; profiles have below forty.
_MOST_TAGS = 100
#: Characters of a name that are told.
_LONGEST_NAME = 200
#: The name of profiles that are written here; it tells nothing about them.
_OURS = "RGB"
#: How many numbers each kind of parametric curve has (table 68).
_PARAMETERS = (1, 3, 4, 5, 7)


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _fixed(*values: float) -> bytes:
    """s15Fixed16Number (section 4.6)."""
    return struct.pack(f">{len(values)}l", *(round(value * 65536) for value in values))


#: A gray curve's tag; and sRGB's colorants, which make gray of equal red, green and blue.
_GRAY_CURVE = b"kTRC"
_AS_GRAY = {name: _xyz(*c) for name, c in zip(_COLORANTS, to_d50(PRIMARIES[1]).T, strict=True)}


def space_of(profile: bytes) -> bytes:
    """The four letters for the profile's colours: `b"RGB "`, `b"GRAY"`, `b"CMYK"`."""
    return profile[16:20]


def matrix_profile(space: Chromaticities, curve: Parametric) -> bytes:
    """A profile (version 4) of these primaries, each with this curve.

    Raises `ValueError` where there is no such space.
    """
    matrix = to_d50(space)
    shaped = b"para" + bytes(4) + b"\0\3\0\0" + _fixed(*curve.five)
    tags = {
        b"desc": _text(_OURS),
        b"cprt": _text("CC0"),
        b"wtpt": _xyz(*D50),
        **dict(zip(_COLORANTS, (_xyz(*column) for column in matrix.T), strict=True)),
        **dict.fromkeys(_CURVES, shaped),
    }
    return _assembled(tags)


def _text(text: str) -> bytes:
    """multiLocalizedUnicodeType (section 10.15), in one language."""
    body = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">LL4sLL", 1, 12, b"enUS", len(body), 28) + body


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """Header, table and data; equal data stand there once."""
    places: dict[bytes, int] = {}
    table, body = struct.pack(">L", len(tags)), b""
    start = _HEAD + 4 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sLL", name, places[data], len(data))
    header = struct.pack(
        ">L4sL4s4s4s12s4s4sL4sLQL12s4s44s",
        *(start + len(body), b"", 0x04300000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp"),
        *(b"", 0, b"", 0, 0, 1, _fixed(*D50), b"", b""),
    )
    return header + table + body


def name_of(profile: bytes) -> str | None:
    """A profile's name for itself (section 9.2.41). None for a profile without one, and for ours.

    In ICC.1:2001 it is a text of ASCII (section 6.5.17), else the first of several languages.
    """
    tag = dict(_tags(profile)).get(b"desc", b"")
    text = ""
    if tag[:4] == b"desc":
        length = int.from_bytes(tag[8:12], "big")
        text = tag[12 : 12 + min(length, _LONGEST_NAME)].decode("latin-1")
    elif tag[:4] == b"mluc" and len(tag) >= 28:
        length, start = struct.unpack_from(">LL", tag, 20)
        text = tag[start : start + min(length, 2 * _LONGEST_NAME)].decode("utf-16-be", "replace")
    plain = "".join(filter(str.isprintable, text.partition("\0")[0])).strip()
    return plain if plain and plain != _OURS else None


def read_shaper(profile: bytes) -> Shaper | None:
    """The curves and matrix of a profile of gray or RGB; None where it is broken or has tables."""
    tags = dict(_tags(profile))
    if space_of(profile) == b"GRAY" and _GRAY_CURVE in tags:
        tags |= _AS_GRAY | dict.fromkeys(_CURVES, tags[_GRAY_CURVE])
    needed = (*_COLORANTS, *_CURVES)
    if b"A2B0" in tags or b"A2B1" in tags or any(name not in tags for name in needed):
        return None
    try:
        matrix = np.stack([_colorant(tags[name]) for name in _COLORANTS], axis=1)
        return Shaper.of([_curve(tags[name]) for name in _CURVES], matrix)
    except (struct.error, ValueError, IndexError):
        return None


def code_points(profile: bytes) -> tuple[int, int] | None:
    """The primaries and the transfer that its tag cicp has (section 9.2.17), if there is one."""
    tag = dict(_tags(profile)).get(b"cicp", b"")
    return (tag[8], tag[9]) if tag[:4] == b"cicp" and len(tag) >= 12 else None


def _tags(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    count = int.from_bytes(profile[_HEAD : _HEAD + 4], "big")
    for at in range(_HEAD + 4, _HEAD + 4 + 12 * min(count, _MOST_TAGS), 12):
        if at + 12 > len(profile):
            return
        name, offset, size = struct.unpack_from(">4sLL", profile, at)
        yield name, profile[offset : offset + size]


def _colorant(tag: bytes) -> Matrix:
    if tag[:4] != b"XYZ ":
        raise ValueError("it is no XYZType")
    return np.array(struct.unpack_from(">3l", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    """curveType or parametricCurveType (sections 10.6 and 10.18)."""
    if tag[:4] == b"para":
        kind = int.from_bytes(tag[8:10], "big")
        count = _PARAMETERS[kind]
        return Parametric.of_kind(
            kind, [n / 65536 for n in struct.unpack_from(f">{count}l", tag, 12)]
        )
    if tag[:4] != b"curv":
        raise ValueError("it is no curve")
    (count,) = struct.unpack_from(">L", tag, 8)
    if count == 0:
        return Parametric(1.0)
    points = struct.unpack_from(f">{count}H", tag, 12)
    return Parametric(points[0] / 256) if count == 1 else Sampled(points)
