"""The facts of an original's header, as a value for an application and as JSON."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from imgmiddleware.formats.containers import exif_words
from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_exif, read_profile
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.pixels.icc import name_of
from imgmiddleware.sources import ArrayOriginal, Opened

#: Members that JSON leaves out: headers have them, and they may reveal facts of the server.
_UNSAID = ("version", "last_modified")


@dataclass(frozen=True, kw_only=True)
class Info:
    """An original by its header. Personal facts are there only where the caller asks for them.

    >>> Info(
    ...     width=3, height=2, stored_width=3, stored_height=2, format="png", bytes=99, version="1"
    ... ).animated
    False
    """

    width: int
    """Pixels of the upright picture."""
    height: int
    """Pixels, in the same way."""
    stored_width: int
    """Pixels as the file has them, before `orientation` turns them."""
    stored_height: int
    """Pixels, in the same way."""
    format: str
    """A name of the option `original_formats`, or "array"."""
    bytes: int
    """The size of the file."""
    version: str
    """The source's name for this content: a new one whenever the original changes."""
    last_modified: int | None = None
    """Whole seconds since 1970, if the source tells the time of the last change."""
    frames: int = 1
    """Frames or pages, as far as the header tells."""
    animated: bool = False
    """Whether these follow one another in time."""
    orientation: int = 1
    """The stored orientation, by the numbers of EXIF's tag: results are upright already."""
    bits: int = 8
    """Bits of a sample as stored."""
    alpha: bool = False
    """Whether some of its pixels may be transparent."""
    profile: str | None = None
    """The name in its colour profile, or the name of its code points: "Display P3"."""
    taken: str | None = None
    """With `keep="exif"`, when it was taken, by ISO 8601: in the camera's time, unless the file has
    the offset from UTC."""
    camera: str | None = None
    """With `keep="exif"`, make and model."""
    artist: str | None = None
    """With `keep="copyright"` or "exif", the author."""
    copyright: str | None = None
    """And the owner of the rights."""
    colors: tuple[str, ...] | None = None
    """With `colors=6`, at most so many of the picture, such as "#ff8000", the commonest first."""
    faces: tuple[Box, ...] | None = None
    """With `faces=1`, the left, top, width and height of each, the largest first, in pixels of the
    upright original."""


def info_of(
    original: Opened,
    facts: Facts,
    keep: Collection[str] = (),
    colors: Sequence[str] | None = None,
    faces: Sequence[Box] | None = None,
) -> Info:
    """The facts of an open original, with those of EXIF that are kept, and its colours and faces if
    these are known.

    It makes small reads. Raises `ImageError` where the source fails.
    """
    width, height = facts.upright
    exif = _exif(original, facts) if {"exif", "copyright"} & {*keep} else Exif()
    shot = exif if "exif" in keep else Exif()
    return Info(
        width=width,
        height=height,
        stored_width=facts.width,
        stored_height=facts.height,
        format=facts.format,
        bytes=original.size,
        version=original.version,
        last_modified=original.last_modified,
        frames=facts.frames,
        animated=facts.animated,
        orientation=int(facts.orientation),
        bits=facts.bits,
        alpha=facts.alpha,
        profile=_profile(original, facts),
        taken=exif_words.taken(shot),
        camera=exif_words.camera(shot),
        artist=exif_words.artist(exif),
        copyright=exif_words.rights(exif),
        colors=None if colors is None else tuple(colors),
        faces=None if faces is None else tuple((x, y, w, h) for x, y, w, h in faces),
    )


def described(info: Info) -> bytes:
    """The same as JSON, without unknown members and those that were not asked for."""
    told = {name: value for name, value in asdict(info).items() if name not in _UNSAID}
    said = {name: value for name, value in told.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _exif(original: Opened, facts: Facts) -> Exif:
    return Exif() if isinstance(original, ArrayOriginal) else read_exif(original, facts)


def _profile(original: Opened, facts: Facts) -> str | None:
    if facts.points is not None:
        return facts.points.name
    if isinstance(original, ArrayOriginal):
        return None
    profile = read_profile(original, facts)
    return name_of(profile) if profile else None
