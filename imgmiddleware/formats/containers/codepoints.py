"""Code points in the boxes of an item, or of a track's sample entry (ISO/IEC 14496-12, 12.1.5)."""

from collections.abc import Iterable

from imgmiddleware.formats.containers.isobmff import IsoBox, Nclx, nclx
from imgmiddleware.formats.reading import damage_let_pass
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.codepoints import CodePoints

#: The place of the light in 'mdcv': behind the chromaticities of three primaries and of white, in
#: 16 bits each.
_MASTERING = 16
#: Bytes of a property that are read: 'mdcv' has 24.
_MOST = 24
#: 'mdcv' counts light in ten-thousandths of a candela (14496-12, section 12.1.7).
_TENTHS = 10_000


def read_points(
    window: Window, properties: Iterable[IsoBox], coder: Nclx | None = None
) -> CodePoints | None:
    """The code points of 'colr' of the kind nclx, or else the coder's; with the peak of 'clli', or
    of 'mdcv'.

    None where a profile precedes them, where they say no more than sRGB, or are damaged.
    """
    with damage_let_pass:
        return _read(window, list(properties), coder)
    return None


def _read(window: Window, properties: list[IsoBox], coder: Nclx | None) -> CodePoints | None:
    colors = [box for box in properties if box.kind == b"colr"]
    if any(window.read(box.start, 4) in (b"prof", b"rICC") for box in colors):
        return None
    said = next(filter(None, (nclx(window, box) for box in colors)), coder)
    points = CodePoints.stated(said.primaries, said.transfer) if said else None
    if points is None or not points.hdr:
        return points
    first = {box.kind: box for box in reversed(properties)}
    bodies = {kind: window.read(box.start, min(box.size, _MOST)) for kind, box in first.items()}
    content, mastering = bodies.get(b"clli", b""), bodies.get(b"mdcv", b"")
    return points.lit(
        int.from_bytes(content[:2], "big"),
        int.from_bytes(mastering[_MASTERING : _MASTERING + 4], "big") / _TENTHS,
    )
