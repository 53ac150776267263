"""The words of EXIF: when a picture was taken, by which camera, and who owns it."""

import re
from collections.abc import Sequence
from datetime import datetime

from imgmiddleware.formats.containers.exif import ARTIST, COPYRIGHT, Exif
from imgmiddleware.formats.containers.ifd import Values

#: Tags (DC-008, tables 4 and 8): make and model; the times when it was taken, digitized and
#: changed, and how far each is from UTC.
_MAKE, _MODEL = 271, 272
_TAKEN: Sequence[tuple[int, int]] = ((36867, 36881), (36868, 36882))
_CHANGED, _CHANGED_OFFSET = 306, 36880
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d", re.ASCII)
_ASCII = 2
#: Characters of a value that are told.
_LONGEST = 200


def taken(exif: Exif) -> str | None:
    """When it was taken, by ISO 8601: with an offset where the camera says one, else in its own
    time.

    Without that time it is when it was digitized or changed.
    """
    said = [(exif.making, tag, offset) for tag, offset in _TAKEN]
    for values, tag, offset in (*said, (exif.picture, _CHANGED, _CHANGED_OFFSET)):
        try:
            when = datetime.strptime(_text(values, tag) or "", "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        far = _text(exif.making, offset) or ""
        return when.isoformat() + (far if _OFFSET.fullmatch(far) else "")
    return None


def camera(exif: Exif) -> str | None:
    """Its make and model; many models begin with the make."""
    make, model = (_text(exif.picture, tag) or "" for tag in (_MAKE, _MODEL))
    first = make.partition(" ")[0].lower()
    said = model if first and model.lower().startswith(first) else f"{make} {model}".strip()
    return said or None


def artist(exif: Exif) -> str | None:
    """The name of its maker."""
    return _text(exif.picture, ARTIST)


def rights(exif: Exif) -> str | None:
    """The name of its owner, and the terms of its use."""
    return _text(exif.picture, COPYRIGHT)


def _text(values: Values, tag: int) -> str | None:
    """A text: ASCII, as it should be, or the UTF-8 that many write."""
    value = values.get(tag)
    if value is None or value.type != _ASCII:
        return None
    raw = value.raw.rstrip(b"\0").replace(b"\0", b" ")  # a photographer's rights, and an editor's
    text = raw.decode("utf-8", "replace")
    return "".join(filter(str.isprintable, text)).strip()[:_LONGEST] or None
