"""What the header of an original tells, as a value for an application."""

from dataclasses import dataclass

from imgmiddleware.formats.facts import Facts
from imgmiddleware.sources import Opened


@dataclass(frozen=True, kw_only=True)
class Info:
    """An original as its header tells of it. Nothing of it says where or when it was taken.

    >>> Info(width=3, height=2, format="png", bytes=99, version="1").animated
    False
    """

    width: int
    """Pixels as a person sees it, upright."""
    height: int
    """Pixels, in the same way."""
    format: str
    """A name of the option `original_formats`, or "array"."""
    bytes: int
    """The size of the file."""
    version: str
    """What the source says of it: another one when the original is another."""
    last_modified: int | None = None
    """Whole seconds since 1970, if the source tells when it changed."""
    frames: int = 1
    """Frames or pages, as far as the header tells."""
    animated: bool = False
    """Whether these follow one another in time."""
    orientation: int = 1
    """How it is stored, by the numbers of EXIF's tag: results are upright already."""
    bits: int = 8
    """Bits of a sample as stored."""
    alpha: bool = False
    """Whether something of it may be clear."""


def info_of(original: Opened, facts: Facts) -> Info:
    width, height = facts.upright
    return Info(
        width=width,
        height=height,
        format=facts.format,
        bytes=original.size,
        version=original.version,
        last_modified=original.last_modified,
        frames=facts.frames,
        animated=facts.animated,
        orientation=int(facts.orientation),
        bits=facts.bits,
        alpha=facts.alpha,
    )
