"""A picture of a page as HTML: `<img>`, in a `<picture>` where there are formats to choose from.

Section 4.8.4 of HTML defines the attributes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

#: A name that cannot end the tag it is written into.
_NAME = re.compile(r"[A-Za-z][\w.:-]*", re.ASCII)

#: The attributes that a picture writes itself.
_OURS = ("src", "srcset", "sizes", "width", "height", "alt", "loading", "decoding", "fetchpriority")


@dataclass(frozen=True)
class FormatSource:
    """A `<source>`: the same sizes in one format, for browsers that know its media type."""

    type: str
    srcset: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An original in a page. Templates and `str` get its HTML.

    >>> str(Picture(src="/image/cat.jpg?w=64", alt='"Cat"', width=64, height=48))
    '<img alt="&quot;Cat&quot;" src="/image/cat.jpg?w=64" width="64" height="48" loading="lazy" \
decoding="async">'
    """

    src: str
    """The link for browsers without `srcset`."""
    srcset: str = ""
    """All links, each with its width in pixels; empty where no size is known, or only one."""
    sizes: str = ""
    """The picture's width on the page, as CSS."""
    sources: tuple[FormatSource, ...] = ()
    """The same by formats, the best first."""
    width: int | None = None
    """The upright picture's width, in CSS pixels; with `height` its room on a page."""
    height: int | None = None
    """The other side, in the same ratio as the picture."""
    alt: str
    """The text instead of the picture; empty where it only decorates."""
    priority: bool = False
    """Whether it is fetched at once and first, for a picture at the top of a page."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """More attributes, such as `class`."""

    def __post_init__(self) -> None:
        for name, value in self.attributes.items():
            if not _NAME.fullmatch(str(name)) or name.lower() in _OURS:
                raise ValueError(f"attributes: {name!r} cannot be added to a picture")
            _check_text(f"attributes: {name!r}", value)
        _check_text("alt", self.alt)

    @property
    def attrs(self) -> dict[str, str]:
        """The attributes of `<img>`, as they are before HTML's escapes."""
        lazy = {"loading": "lazy", "decoding": "async"}
        when = {"fetchpriority": "high"} if self.priority else lazy
        told: dict[str, str | int | None] = {
            "src": self.src,
            "srcset": self.srcset or None,
            "sizes": self.sizes or None if self.srcset else None,
            "width": self.width,
            "height": self.height,
        }
        said = {name: str(value) for name, value in told.items() if value is not None}
        more = {name: str(value) for name, value in self.attributes.items()}
        return {"alt": str(self.alt), **said, **when, **more}

    def __html__(self) -> str:
        """Jinja, MarkupSafe and Django call this, and do not escape its text again."""
        image = _tag("img", self.attrs)
        sizes = {"sizes": self.sizes} if self.sizes else {}
        sources = [
            _tag("source", {"type": one.type, "srcset": one.srcset, **sizes})
            for one in self.sources
        ]
        return f"<picture>{''.join(sources)}{image}</picture>" if sources else image

    __str__ = __html__


def _check_text(what: str, value: object) -> None:
    """Raises `ValueError` for a value that is no text. An attribute without a value has an empty
    text. Numbers, and texts that are translated late, are written by their `str`.
    """
    if value is None or isinstance(value, bool | bytes):
        raise ValueError(f"{what} is {value!r}, which is no text")


def _tag(name: str, attributes: Mapping[str, str]) -> str:
    said = (f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{name} {' '.join(said)}>"
