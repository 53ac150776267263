"""The metadata of a picture in a container: the description of its colours, and EXIF."""

from imgmiddleware.formats.containers.codepoints import read_points
from imgmiddleware.formats.containers.exif import Exif, parse
from imgmiddleware.formats.containers.heif.choice import Chosen, choose, read
from imgmiddleware.formats.containers.isobmff import Nclx, icc, nclx
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.reading import MAX_EXIF, Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.codepoints import CodePoints

#: The kind of coded items, by the format.
CODED = {"avif": b"av01", "heic": b"hvc1"}


def code_points(window: Window, chosen: Chosen) -> Nclx | None:
    """The container's numbers for the colours; None where it leaves them to the coder."""
    found = (nclx(window, box) for box in chosen.boxes(b"colr"))
    return next((points for points in found if points), None)


def points(window: Window, chosen: Chosen, coder: Nclx | None = None) -> CodePoints | None:
    """The code points for showing the picture; `coder` is the coder's answer where it is asked.

    A profile precedes all of it (23000-22, section 7).
    """
    return read_points(window, chosen.boxes(b"colr", b"clli", b"mdcv"), coder)


def profile(data: Data, facts: Facts) -> bytes | None:
    """The profile of the primary item, or of its first tile."""
    window = Window.over(data)
    found = (icc(window, box) for box in choose(window, CODED[facts.format]).boxes(b"colr"))
    return next((plain for plain in found if plain is not None), None)


def exif(data: Data, facts: Facts) -> Exif:
    """The harmless tags of the first Exif item (annex A.2.1), behind its offset field."""
    window = Window.over(data)
    for item in read(window).items.values():
        if item.kind == b"Exif" and not item.fault and 4 < item.size <= MAX_EXIF:
            body = item.read(window, 0, item.size)
            return parse(body[4 + int.from_bytes(body[:4], "big") :])
    return Exif()
