"""The entrances to the formats' header readers. They translate the readers' errors."""

from collections.abc import Collection, Iterator
from importlib.util import find_spec
from itertools import islice

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.animation import Animation, Frame
from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.contents import Contents
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.raster import Raster
from imgmiddleware.formats.reading import Data, damage_let_pass, told_as
from imgmiddleware.formats.registry import FORMATS, identify
from imgmiddleware.formats.window import Readable, Window

#: Enough for every signature, and for the comment that may stand before an <svg> element.
_HEAD = 512
_HEADER = "its header contradicts itself"


def read_facts(original: Readable, allowed: Collection[str], page: int = 0) -> Facts:
    """The facts of an original's header, with small reads and nothing decoded.

    Where pages differ they are those of `page`, or of the first page where there is no such page.

    Raises `ImageError`: 415 `unknown-format`, `format-not-allowed` (not in `allowed`, names of
    `FORMATS`) or `unsupported-feature`, 422 `damaged-original`; and the errors of `read_into`.
    """
    window = Window(original)
    format = identify(window.head(_HEAD))
    _check_allowed(format, format.name in allowed)
    with told_as(_HEADER):
        if page and format.read_page:
            return format.read_page(window, page)
        return format.read(window)


def has_parts(original: Readable) -> bool:
    """Whether its format can be read by parts, and its header tells whether this original can."""
    return identify(Window(original).head(_HEAD)).raster is not None


def _check_allowed(format: Format, allowed: bool) -> None:
    """Raise 415 for a format that the service does not open, or whose decoder is not installed."""
    reasons = [] if allowed else ["this service does not open"]
    if format.needs and find_spec(format.needs) is None:
        reasons.append(f"takes the extra imgmiddleware[{format.extra}]")
    if reasons:
        why = ", and which ".join(reasons)
        raise ImageError("format-not-allowed", f"it is {format.title or format.name}, which {why}")


def vet(data: Data, facts: Facts) -> Data:
    """Check the facts that only the whole file tells; return the bytes for the decoder.

    They are `data` itself unless a part of it must not reach the decoder. Raises `ImageError`.
    """
    with told_as("its structure contradicts itself"):
        return FORMATS[facts.format].vet(data, facts)


def read_contents(original: Readable, facts: Facts, overview: Facts | None = None) -> Contents:
    """The contents of a page with `Facts.band_bytes`; its rows are those of an overview, if given.

    Raises as `read_facts` does.
    """
    exif, profile = read_exif(original, facts), read_profile(original, facts)
    return Contents(raster=read_raster(original, overview or facts), exif=exif, profile=profile)


def mended(data: Data, allowed: Collection[str], most: int) -> bytes | None:
    """The rest of a damaged file, as a whole file; None where nothing is left.

    At most about `most` bytes are allocated for it. Raises `ImageError` for a format that the
    service does not open.
    """
    format = identify(bytes(data[:_HEAD]))
    _check_allowed(format, format.name in allowed)
    with damage_let_pass:
        return format.mend(data, most)
    return None


def read_raster(original: Readable, facts: Facts) -> Raster:
    """Where the rows of an original with `Facts.band_bytes` stand. Raises as `read_facts` does."""
    read = FORMATS[facts.format].raster
    assert read is not None  # or its facts have no `band_bytes`
    with told_as(_HEADER):
        return read(Window(original), facts)


def read_animation(data: Data, facts: Facts) -> Animation:
    """The frames of an animation, each as a still; at most `facts.frames`.

    Raises `ImageError` where they are damaged, when the frame in question is taken.
    """
    read = FORMATS[facts.format].frames
    assert read is not None  # or it has one frame, which is not composed
    with told_as("its animation contradicts itself"):
        animation = read(data, facts)
    return Animation(animation.plays, _guarded(animation.frames, facts.frames))


def _guarded(frames: Iterator[Frame], most: int) -> Iterator[Frame]:
    with told_as("a frame of it contradicts itself"):
        yield from islice(frames, most)


def read_profile(data: Data | Readable, facts: Facts) -> bytes | None:
    """The embedded ICC profile: None where there is none, empty where it cannot be had.

    It is empty where its place in the file is damaged, or where it is over `MAX_PROFILE`. For an
    original with `Facts.band_bytes` the original itself may be given; the errors of `read_into` are
    then raised.
    """
    with damage_let_pass:
        return FORMATS[facts.format].profile(data, facts)
    return b""


def read_exif(data: Data | Readable, facts: Facts) -> Exif:
    """The part of the original's EXIF that may go along with a result; it may be nothing."""
    with damage_let_pass:
        return FORMATS[facts.format].exif(data, facts)
    return Exif()
