"""Options of links: the parameters that a URL may have, and the clients that may follow it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from imgmiddleware.operations.own import OwnOperation
from imgmiddleware.settings.options import Authorize


@dataclass(frozen=True, kw_only=True)
class LinkSettings:
    """The meaning of URLs, and the clients that may use them."""

    prefix: str = "/image/"
    """The part of a path in front of the ID. A missing slash at either end is added."""
    default: str = ""
    """The query of a URL that has none, such as `w=0.333333&fm=png`. A URL with a query of its own
    ignores all of it. Empty: the original at its full size."""
    presets: Mapping[str, str] = field(default_factory=dict)
    """Names for queries: `{"thumb": "w=200&h=200&fit=crop"}` makes `?preset=thumb`. The other
    parameters of a URL override those of its preset."""
    operations: Mapping[str, OwnOperation] = field(default_factory=dict)
    """The application's own operations on pixels, each by the name of its parameter."""
    unknown: Literal["refuse", "ignore"] = "refuse"
    """Unknown parameters and refused values are a 400. With "ignore" they are left out or clamped,
    and `Image-Notes` names them."""
    presets_only: bool = False
    """Allow `preset`, `v`, `dl` and nothing else in a URL."""
    widths: Sequence[int] | None = None
    """The widths in pixels (after `dpr` is multiplied in) that a URL may ask for. None: any."""
    heights: Sequence[int] | None = None
    """The heights in pixels, in the same way. With `widths` alone a URL cannot ask for a height."""
    snap: bool = False
    """Take the next larger of `widths` and `heights` instead of refusing other sizes."""
    missing: Literal["404", "pass"] = "404"
    """An unknown ID is a 404. With "pass" its request goes on to the application."""
    id_type: type[str] | type[int] | type[UUID] = str
    """With `int` an ID is decimal digits without a leading zero. With `uuid.UUID` it is the text of
    one as Python writes it. A source function gets a value of this type."""
    iiif: bool = False
    """Answer the IIIF Image API, 3.0 and 2.1, under the same prefix: `info.json` and tiles."""
    iiif_version: Literal[2, 3] = 3
    """The version of `info.json` for clients whose Accept names none."""
    iiif_prefixes: Mapping[Literal[2, 3], str] = field(default_factory=dict)
    """Paths below `prefix` that name the version, whatever Accept names: `{2: "2/"}` answers
    `2/<ID>/info.json` in version 2."""
    iiif_any_size: bool = False
    """Let `iiif`, `deepzoom` and `xyz` ask for any size where `presets_only`, `widths` or `heights`
    restrict queries."""
    iiif_rights: str = ""
    """The URI of the licence of all pictures, for `info.json`."""
    deepzoom: bool = False
    """Answer Deep Zoom under the same prefix: `<ID>.dzi`, and the tiles of that."""
    xyz: bool = False
    """Answer tiles as of a map under the same prefix: `<ID>/{z}/{x}/{y}.png`."""
    base_url: str = ""
    """Scheme and host as clients know them, such as `https://images.example`, if a proxy in front
    changes them. Empty: those of each request."""
    authorize: Authorize | None = None
    """A function that says yes or no to a request before anything is opened. It gets the
    `ImageRequest`: `context` tells the client, and `id` the original. No is a 403. With it caching
    is private to each client. `ASGIImageMiddleware` takes an async one, too."""
    keys: Sequence[str | bytes] = field(default=(), repr=False)
    """Secrets of 32 bytes or more for signed links. The first signs, and all are taken, so that a
    new one can replace an old one. Empty: links are not signed."""
    require_signature: bool = False
    """Answer signed links alone."""
    imgix_token: str = field(default="", repr=False)
    """The secret of links that imgix's client libraries sign, whose signatures are then taken."""
    private: bool = False
    """Let clients keep results, and shared caches keep none. This is for a service behind a route
    of the application that has checked the visitor."""
    around: Callable[[], AbstractContextManager[object]] | None = None
    """A function without arguments that makes a context manager. The service enters it around each
    call of the application's code in a thread: the source and `authorize`, unless they are
    async."""

    @property
    def for_viewers(self) -> bool:
        """Whether paths may ask for pictures too, as zoom viewers do."""
        return self.iiif or self.deepzoom or self.xyz

    @property
    def signs(self) -> bool:
        """Whether there are signed links."""
        return bool(self.keys or self.imgix_token)

    @property
    def keeps_private(self) -> bool:
        """Whether no cache that several clients share may keep a result."""
        return self.private or self.authorize is not None
