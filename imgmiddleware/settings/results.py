"""Options of results: their size and format, and their headers for clients and caches."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from imgmiddleware.observing import Observer
from imgmiddleware.operations.output import NEGOTIATED_BY_DEFAULT


@dataclass(frozen=True, kw_only=True)
class ResultSettings:
    """The limits of results, and their headers."""

    max_result_width: int = 16_383
    """Pixels of a result's width. More is a 400, before any decode. WebP allows no more than
    16383."""
    max_result_height: int = 16_383
    """Pixels of a result's height, in the same way."""
    max_result_pixels: int = 50_000_000
    """Width times height of a result, in the same way."""
    formats: Sequence[str] = NEGOTIATED_BY_DEFAULT
    """The formats that a URL without `fm` may have where the client's Accept names them: some of
    "avif", "webp" and "jxl". The last needs the extra `imgmiddleware[jxl]` and is chosen before the
    others. Empty: JPEG or PNG for all clients."""
    client_hints: Sequence[str] = ()
    """The hints of browsers that may fill in `w`, `dpr` and `q` where a URL leaves them open: some
    of "width", "dpr" and "save-data"."""
    max_age: int = 300
    """Seconds for which a client may keep a result without asking again. Asking costs no decode."""
    stale_while_revalidate: int = 0
    """Seconds after `max_age` in which a cache may answer with a result while it asks again."""
    allow_origin: str | Sequence[str] | None = None
    """The sites whose scripts may read pictures (CORS): "*" for all, or one or more origins such as
    "https://a.example". None: no other site."""
    surrogate_keys: bool = False
    """Tell CDNs one key for each original, by which they can forget all of its results."""
    server_timing: bool = False
    """Tell every client how many milliseconds each step of an answer took."""
    observer: Observer | None = field(default=None, repr=False)
    """The object that is told of each answer: a `PrometheusObserver`, an `OpenTelemetryObserver` or
    one of your own (docs/metrics.md). None costs nothing."""
    debug_images: bool = False
    """Answer the refused request of an `<img>` with a picture of the message, for development. The
    status stays."""
    fallback: str | os.PathLike[str] | bytes | None = field(default=None, repr=False)
    """An image file, its path or its bytes, that is shown instead of an original that is missing
    (404) or cannot be shown (413, 415, 422). It is made as the query asks. The status stays."""
    stored_tiles: bool = False
    """Send a tile of JPEG in a TIFF as it stands, if a request asks for just that tile:
    docs/originals.md."""
