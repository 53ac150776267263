"""How long each picture of a sequence lasts (ISO/IEC 14496-12, sections 8.4.2 and 8.6.1.2)."""

from itertools import chain, islice, repeat

from imgmiddleware.errors import damaged
from imgmiddleware.formats.avif.sequence import MAX_SAMPLES
from imgmiddleware.formats.containers.isobmff import IsoBox, boxes
from imgmiddleware.formats.window import Window

_INSIDE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def milliseconds(window: Window) -> list[float]:
    """The times of the first track; the pictures of its alpha last as long. They are not rounded,
    so that a frame's lost part can be given to the next one.
    """
    found = _first(window, (b"mdhd", b"stts"))
    header, table = found.get(b"mdhd"), found.get(b"stts")
    if header is None or table is None:
        raise damaged("a track does not say how long its pictures last")
    (scale,) = window.unpack(">L", header.start + (20 if window.read(header.start, 1)[0] else 12))
    (count,) = window.unpack(">L", table.start + 4)
    if not (scale > 0 and count <= MAX_SAMPLES):
        raise damaged("a track counts its time in a way that does not exist")
    runs = window.unpack(f">{2 * count}L", table.start + 8)
    lasting = chain.from_iterable(
        repeat(1000 * units / scale, number)
        for number, units in zip(runs[::2], runs[1::2], strict=True)
    )
    return [*islice(lasting, MAX_SAMPLES)]


def _first(window: Window, kinds: tuple[bytes, ...]) -> dict[bytes, IsoBox]:
    """The first box of each of these kinds."""
    found: dict[bytes, IsoBox] = {}
    ranges = [(0, window.size)]
    while ranges and len(found) < len(kinds):
        for box in boxes(window, *ranges.pop(0)):
            if box.kind in _INSIDE:
                ranges.append((box.start, box.end))
            elif box.kind in kinds:
                found.setdefault(box.kind, box)
    return found
