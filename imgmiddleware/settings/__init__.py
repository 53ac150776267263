"""Every option of the package, once: the adapters, the service and the command line share these."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import Literal, Self
from uuid import UUID

from imgmiddleware.errors.nearest import nearest, question
from imgmiddleware.formats.registry import names
from imgmiddleware.operations.output import NEGOTIATED_BY_DEFAULT
from imgmiddleware.operations.own import OwnOperation
from imgmiddleware.pixels.value_range import RangeLike, ValueRange
from imgmiddleware.settings.options import Authorize, Options
from imgmiddleware.settings.table import checks_of

__all__ = ["ORIGINAL_FORMATS", "UNSAFE_FORMATS", "Options", "Settings"]

ORIGINAL_FORMATS = names(safe=True)
"""The formats of originals that are opened unless `original_formats` says otherwise."""
UNSAFE_FORMATS = names(safe=False)
"""The formats that are opened only where `unsafe_original_formats` names them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of an `ImageService`, checked when they are built.

    `ImageService` and both adapters take each of them as a keyword, and build these themselves:

    >>> settings = Settings(default="w=800", cache_bytes=0)
    >>> settings.prefix
    '/image/'
    >>> Settings(max_age=-1)
    Traceback (most recent call last):
    ValueError: max_age: -1 is not a whole number from 0 on, below 2**63

    Raises `ValueError` that names the option which is wrong, and `TypeError` for one that there is
    not.
    """

    prefix: str = "/image/"
    """Where IDs begin in a path. A slash is added at each end where there is none."""
    default: str = ""
    """The query that a URL without one stands for, such as `w=0.333333&fm=png`. With a query of its
    own, nothing of this applies. Empty: the original at its full size."""
    presets: Mapping[str, str] = field(default_factory=dict)
    """Names for queries: `{"thumb": "w=200&h=200&fit=crop"}` makes `?preset=thumb`. The other
    parameters of a URL override those of its preset."""
    operations: Mapping[str, OwnOperation] = field(default_factory=dict)
    """The application's own operations on pixels, each by the name of its parameter."""
    presets_only: bool = False
    """Allow `preset`, `v`, `dl` and nothing else in a URL."""
    widths: Sequence[int] | None = None
    """The widths in pixels (after `dpr` is multiplied in) that a URL may ask for. None: any."""
    heights: Sequence[int] | None = None
    """The heights in pixels, in the same way. With `widths` alone a URL cannot ask for a height."""
    snap: bool = False
    """Take the next larger of `widths` and `heights` instead of refusing what is none of them."""

    missing: Literal["404", "pass"] = "404"
    """What becomes of an unknown ID: a 404, or with "pass" a request that goes on to the
    application."""
    id_type: type[str] | type[int] | type[UUID] = str
    """With `int` an ID is decimal digits without a leading zero, with `uuid.UUID` the text that
    Python writes of one. A function as the source is called with such a value."""
    iiif: bool = False
    """Answer the IIIF Image API, 3.0 and 2.1, under the same prefix: `info.json` and tiles."""
    iiif_version: Literal[2, 3] = 3
    """The version of `info.json` for clients whose Accept names none."""
    iiif_prefixes: Mapping[Literal[2, 3], str] = field(default_factory=dict)
    """Paths below `prefix` that say the version, whatever Accept does: `{2: "2/"}` answers
    `2/<ID>/info.json` in version 2."""
    iiif_any_size: bool = False
    """Let `iiif`, `deepzoom` and `xyz` ask for any size where `presets_only`, `widths` or `heights`
    restrict queries."""
    iiif_rights: str = ""
    """The URI of the licence of all pictures, which `info.json` tells."""
    deepzoom: bool = False
    """Answer Deep Zoom under the same prefix: `<ID>.dzi`, and the tiles that it tells of."""
    xyz: bool = False
    """Answer tiles as of a map under the same prefix: `<ID>/{z}/{x}/{y}.png`."""
    base_url: str = ""
    """Scheme and host as clients know them, such as `https://images.example`, where a proxy in
    front changes what it passes on. Empty: those of each request."""
    authorize: Authorize | None = None
    """A function that says yes or no to a request before anything is opened: of whom it is, by
    `ImageRequest.context`, and of what, by its `id`. No is a 403. With it caching is private to
    each client. It may be async where `ASGIImageMiddleware` is given it."""
    keys: Sequence[str | bytes] = field(default=(), repr=False)
    """Secrets of 32 bytes or more, with which links are signed: the first signs, all are taken, so
    that one can give way to another. None: links are not signed."""
    require_signature: bool = False
    """Answer signed links alone."""
    imgix_token: str = field(default="", repr=False)
    """The secret of links that imgix's client libraries sign, whose signatures are then taken."""
    private: bool = False
    """Let each client keep its results for itself, and no cache that others share: for a service
    that is asked by a route of the application, which has checked who is asking."""
    around: Callable[[], AbstractContextManager[object]] | None = None
    """A function without arguments that makes a context manager, which is entered around each call
    of the application's code in a thread: the source, and `authorize`, unless they are async."""
    array_order: Literal["bgr", "rgb"] = "bgr"
    """The order of the channels of the arrays that a function returns as they are: blue first, as
    in OpenCV, or red first. An `ArrayOriginal` has its own."""
    range: RangeLike | ValueRange | None = None
    """What becomes black and white of originals of more than 8 bits a sample that do not say it:
    "auto", "minmax", or two ends, each a value or a percentile such as "2%". None: all of 16 bits,
    and by percentiles what has no such range. A URL may say otherwise."""
    unsafe_follow_symlinks: bool = False
    """Follow symbolic links that leave a source's directory. Whoever can write there can then
    publish any file that this process can read."""
    file_version: Literal["stat", "mtime", "content"] = "stat"
    """What a new version of an original in a file is, on which ETags, `v` and keys hang: "stat",
    when the file system says anything else of it; "mtime", another time or size, as for replicas
    made by `cp -a` or `rsync -t`; "content", another digest, for which a new file is read once."""
    namespace: str = ""
    """Sets the keys of two services apart that share a `cache_dir`."""

    max_source_bytes: int = 256 * 2**20
    """Bytes of an original's file. One with more is a 413, before it is decoded. Of one that is
    read by pieces (docs/originals.md) these limits are for what a request needs of it."""
    max_source_pixels: int = 100_000_000
    """Width times height that an original's header may claim. More is a 413."""
    max_source_memory: int = 2 * 2**30
    """Bytes that an original's decoder may allocate, by what its header predicts. More is a 413."""
    max_result_width: int = 16_383
    """Pixels of a result's width. More is a 400, before any decode. WebP allows no more than
    16383."""
    max_result_height: int = 16_383
    """Pixels of a result's height, in the same way."""
    max_result_pixels: int = 50_000_000
    """Width times height of a result, in the same way."""
    max_frames: int = 500
    """Frames of an animation. One with more is answered with its first frame."""
    max_animation_pixels: int = 50_000_000
    """Pixels of all frames together, of the original and of the result. With more, the first frame
    is the answer."""
    original_formats: Collection[str] = field(default_factory=lambda: names(safe=True))
    """The formats of originals that are opened, as the first bytes tell them; by default all that
    are safe."""
    unsafe_original_formats: Collection[str] = frozenset()
    """Further formats, whose decoders nothing here bounds (JPEG XL, JPEG 2000): for originals that
    nobody else can put there."""

    damaged: Literal["refuse", "show"] = "refuse"
    """What becomes of an original that is damaged: a 422, or with "show" what is left of it, where
    its decoder gives that; for nobody to keep (`no-store`), with `Image-Notes: damaged`."""

    formats: Sequence[str] = NEGOTIATED_BY_DEFAULT
    """What a URL without `fm` may be answered with where the client's Accept names it: some of
    "avif", "webp" and "jxl", which takes the extra `imgmiddleware[jxl]` and is chosen before the
    others. Empty: JPEG or PNG for everybody."""
    max_age: int = 300
    """Seconds for which a client may keep a result without asking again. Asking costs no decode."""
    stale_while_revalidate: int = 0
    """Seconds after `max_age` in which a cache may answer with a result while it asks again."""
    client_hints: Sequence[str] = ()
    """What may fill in `w`, `dpr` and `q` where a URL leaves them open: some of "width", "dpr" and
    "save-data"."""
    allow_origin: str | Sequence[str] | None = None
    """Whose scripts may read pictures (CORS): "*" for everybody's, or one or more origins such as
    "https://a.example"; None: nobody else's."""
    surrogate_keys: bool = False
    """Tell CDNs one key for each original, by which they can forget all of its results."""
    server_timing: bool = False
    """Tell whoever asks how many milliseconds each step of an answer took."""
    debug_images: bool = False
    """Answer an `<img>` whose request is refused with a picture of the message, for development.
    The status stays."""
    fallback: str | os.PathLike[str] | bytes | None = field(default=None, repr=False)
    """An image file, its path or its bytes, that is shown where there is no original (404), or one
    that cannot be shown (413, 415, 422). It is made as the query asks; the status stays."""
    render_slots: int | None = None
    """Results that are rendered at the same time; further ones wait. None: one for each
    processor."""
    max_waiting: int = 256
    """Requests that may wait for a slot, or for another request's render. One more is a 503 at
    once."""
    max_wait: float = 30.0
    """Seconds for which a request may wait. Then it is a 503."""
    source_slots: int = 32
    """Originals that are opened at once where the source is slow. Past them a picture that was
    shown before is answered from the caches, and all else is a 503. On WSGI it should be less than
    the server's threads."""
    source_timeout: float = 10.0
    """Seconds for which a request waits until its original is opened. Then it is the same."""

    cache_bytes: int = 64 * 2**20
    """Bytes of results that are kept in memory. 0: none."""
    decoded_bytes: int = 128 * 2**20
    """Bytes of decoded originals that are kept in memory, as several sizes of one may be wanted."""
    cache_dir: str | os.PathLike[str] | None = None
    """A folder for results, which all processes of the service share. None: nothing is written to
    disk. Once built it is an absolute path, a str."""
    cache_dir_bytes: int = 2**30
    """Bytes that the folder `cache_dir` may take on its disk."""
    pyramid_bytes: int | None = None
    """How many of them may be pyramids: large originals, decoded once and kept in tiles where parts
    of them are asked for again and again (docs/caching.md). None: half. 0: there are none."""
    x_accel_redirect: str = ""
    """Have nginx send the files of `cache_dir`: the URI prefix of its internal location that is an
    alias of that folder. nginx says so by a header of its requests, `X-Sendfile-Type:
    X-Accel-Redirect`. Requests without it get the bytes from here."""
    x_sendfile: bool = False
    """Have Apache or lighttpd send the files of `cache_dir`, by the header `X-Sendfile`. They have
    to say `X-Sendfile-Type: X-Sendfile`, in the same way."""
    stored_tiles: bool = False
    """Send a tile of JPEG in a TIFF as it stands, where just that is wanted: docs/originals.md."""
    max_memory: int = 3 * 2**30
    """Bytes that both caches in memory and all renders under way may take together, as far as
    headers predict it."""
    recheck: float = 1.0
    """Seconds for which the version of an original that was seen last is taken to be the newest."""
    serve_stale: float = 0.0
    """Seconds after a change in which the old result is served while the new one is made."""
    remember_errors: float = 10.0
    """Seconds for which damage that was found in an original is remembered."""

    def __new__(cls, **options: object) -> Self:
        known = {f.name for f in fields(cls)}
        for name in options.keys() - known:
            near = nearest(name, known)
            raise TypeError(f"{name}: there is no such option{question(near)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, kept in checks_of(type(self)).items():
            object.__setattr__(self, name, kept(name, getattr(self, name)))
        if self.hands_over and (
            self.cache_dir is None or (self.x_accel_redirect and self.x_sendfile)
        ):
            raise ValueError("x_accel_redirect, x_sendfile: one of them, and only with a cache_dir")
        if self.max_memory < self.max_source_memory:
            raise ValueError("max_memory: less than max_source_memory, which one decode may take")
        if self.pyramid_share > self.cache_dir_bytes:
            raise ValueError("pyramid_bytes: more than cache_dir_bytes, of which it is a share")
        if self.widths is None and (self.heights is not None or self.snap):
            raise ValueError(
                "heights and snap restrict further what widths allows: give widths too"
            )

        restricted = self.presets_only or self.widths is not None
        if self.require_signature and not self.signs:
            raise ValueError("require_signature: there are no keys, and there is no imgix_token")
        if self.for_viewers and restricted and not self.iiif_any_size:
            raise ValueError(
                "iiif, deepzoom, xyz: their tiles are of any size, which presets_only, widths and "
                "heights do not allow; iiif_any_size=True does"
            )

    @property
    def for_viewers(self) -> bool:
        """Whether paths may ask for pictures too, as zoom viewers do."""
        return self.iiif or self.deepzoom or self.xyz

    @property
    def signs(self) -> bool:
        """Whether there are signed links."""
        return bool(self.keys or self.imgix_token)

    @property
    def pyramid_share(self) -> int:
        """`pyramid_bytes`, or half of `cache_dir_bytes`."""
        return self.cache_dir_bytes // 2 if self.pyramid_bytes is None else self.pyramid_bytes

    @property
    def keeps_private(self) -> bool:
        """Whether no cache that several clients share may keep a result."""
        return self.private or self.authorize is not None

    @property
    def hands_over(self) -> bool:
        """Whether the server in front sends the files of `cache_dir`."""
        return bool(self.x_accel_redirect or self.x_sendfile)

    @property
    def origins(self) -> Sequence[str]:
        """`allow_origin` as a list, which may be empty. Without it zoom viewers, on whatever site
        they are, read what anybody may see (Image API 3.0, section 7.1).
        """
        open_to_all = self.for_viewers and not self.keeps_private
        return self.allow_origin or (("*",) if open_to_all else ())

    @property
    def opened_formats(self) -> frozenset[str]:
        """All formats of originals that are opened."""
        return frozenset(self.original_formats) | frozenset(self.unsafe_original_formats)

    @property
    def slots(self) -> int:
        """`render_slots`, or the number of processors that this process may use."""
        if self.render_slots is not None:
            return self.render_slots
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
