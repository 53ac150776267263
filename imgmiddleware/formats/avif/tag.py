"""Code points for an AVIF that OpenCV wrote: OpenCV can only state sRGB's."""

import struct

from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.codepoints import CodePoints

_SHORT, _LONG = struct.Struct(">H"), struct.Struct(">L")


def tagged(file: bytes, points: CodePoints) -> bytes:
    """The file with these code points in 'colr' of the kind nclx; its matrix and range stay. If
    they have a peak, it is written in 'clli' (14496-12, section 12.1.6).
    """
    data = bytearray(file)
    whole = IsoBox(b"", 0, len(data))
    pool = _find(file, whole, b"meta", b"iprp", b"ipco")
    for box in boxes(Window.over(file), pool.start, pool.end):
        if box.kind == b"colr" and file[box.start : box.start + 4] == b"nclx":
            struct.pack_into(">HH", data, box.start + 4, points.primaries, points.transfer)
    if not points.peak:
        return bytes(data)
    light = struct.pack(">L4sHH", 12, b"clli", min(round(points.peak), 65535), 0)
    return _with_property(bytes(data), light)


def _find(file: bytes, box: IsoBox, *path: bytes) -> IsoBox:
    for kind in path:
        start = box.start + 4 * (box.kind == b"meta")  # its version
        inside = boxes(Window.over(file), start, box.end)
        box = next(part for part in inside if part.kind == kind)
    return box


def _with_property(file: bytes, added: bytes) -> bytes:
    """The file with one more property for its first item: libavif writes that one first."""
    whole, data = IsoBox(b"", 0, len(file)), bytearray(file)
    pool = _find(file, whole, b"meta", b"iprp", b"ipco")
    table = _find(file, whole, b"meta", b"iprp", b"ipma")
    number = 1 + sum(1 for _ in boxes(Window.over(file), pool.start, pool.end))
    count = table.start + 4 + 4 + 2  # behind version, number of items, and the first one's ID
    growth = len(added) + 1
    for kinds, by in (((), growth), ((b"iprp",), growth), ((b"iprp", b"ipco"), len(added))):
        _grow(data, _find(file, whole, b"meta", *kinds), by)
    _grow(data, table, 1)
    _shift(data, _find(file, whole, b"meta", b"iloc"), growth)
    end = count + 1 + data[count]
    data[count] += 1
    data[end:end] = bytes((number,))  # behind the pool, so that the pool's place stays the same
    data[pool.end : pool.end] = added
    return bytes(data)


def _grow(data: bytearray, box: IsoBox, by: int) -> None:
    _LONG.pack_into(data, box.start - 8, box.size + 8 + by)


def _shift(data: bytearray, box: IsoBox, by: int) -> None:
    """Items stand behind 'meta'; libavif gives their places in 32 bits, each in one piece."""
    at = box.start + 8
    for _ in range(_SHORT.unpack_from(data, box.start + 6)[0]):
        at += 6
        _LONG.pack_into(data, at, _LONG.unpack_from(data, at)[0] + by)
        at += 8
