"""Every option of the package, once: the adapters, the service and the command line share these."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from imgmiddleware.http.cors import ORIGIN
from imgmiddleware.http.hints import FIELDS
from imgmiddleware.messages import ImageRequest
from imgmiddleware.operations import OwnOperation
from imgmiddleware.operations.output import NEGOTIATED

#: The formats of originals that are opened unless `original_formats` says otherwise.
ORIGINAL_FORMATS = frozenset({"jpeg", "png", "webp", "avif", "gif", "bmp", "tiff", "heic"})
#: Those that are opened only where `unsafe_original_formats` names them.
UNSAFE_FORMATS = frozenset({"jxl", "jp2"})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of an `ImageService`, checked when built.

    Raises `ValueError` that names the option which is wrong.
    """

    #: Where IDs begin in a path; always starts and ends with a slash.
    prefix: str = "/image/"
    #: The query that a URL without one stands for, such as "w=0.333333&fm=png".
    default: str = ""
    #: Names for queries: {"thumb": "w=200&h=200&fit=crop"} makes `?preset=thumb`.
    presets: Mapping[str, str] = field(default_factory=dict)
    #: The application's own operations on pixels, by the parameter that asks for each.
    operations: Mapping[str, OwnOperation] = field(default_factory=dict)
    #: Allow `preset`, `v`, `dl` and nothing else in a URL.
    presets_only: bool = False
    #: The widths in pixels (times `dpr`) that a URL may ask for; None allows any.
    widths: Sequence[int] | None = None
    #: The same for heights; with `widths` and without `heights`, a URL cannot ask for a height.
    heights: Sequence[int] | None = None
    #: Take the next larger of `widths` and `heights` instead of refusing what is not among them.
    snap: bool = False

    #: "404": an unknown ID is answered here. "pass": it goes on to the application.
    missing: Literal["404", "pass"] = "404"
    #: `int` makes an ID decimal digits only, and calls a function source with an int.
    id_type: type[str] | type[int] = str
    #: Says yes or no to a request before anything is opened; makes caching private.
    authorize: Callable[[ImageRequest], bool] | None = None
    #: The channel order of NumPy originals.
    array_order: Literal["bgr", "rgb"] = "bgr"
    #: Follow symbolic links that leave a source directory. Whoever can write there can then publish
    #: any file that this process can read.
    unsafe_follow_symlinks: bool = False
    #: Distinguishes the keys of two services that share a cache.
    namespace: str = ""

    #: Originals are refused beyond these, before any decode.
    max_source_bytes: int = 256 * 2**20
    max_source_pixels: int = 100_000_000
    max_source_memory: int = 2 * 2**30  # bytes that the format's decoder may allocate for it
    #: Results are refused beyond these, before any decode. 16383 is WebP's longest side.
    max_result_width: int = 16_383
    max_result_height: int = 16_383
    max_result_pixels: int = 50_000_000
    #: An animation over these is answered with its first frame: frames, and their pixels in all, of
    #: the original and of the result.
    max_frames: int = 500
    max_animation_pixels: int = 50_000_000
    #: The formats of originals, by magic bytes, that are opened at all.
    original_formats: frozenset[str] = ORIGINAL_FORMATS
    #: Further ones, whose decoders nothing here bounds (JPEG XL, JPEG 2000): for originals that
    #: nobody else can put there.
    unsafe_original_formats: frozenset[str] = frozenset()

    #: What a URL without `fm` may be answered with, for a client whose Accept names it.
    formats: Sequence[str] = NEGOTIATED
    #: Seconds for which a client may keep a picture without asking again. Asking costs no decode.
    max_age: int = 300
    #: Seconds after these for which a cache may answer with it once more while it asks again.
    stale_while_revalidate: int = 0
    #: What may fill in `w`, `dpr` and `q` where a URL leaves them open: some of "width", "dpr" and
    #: "save-data".
    client_hints: Sequence[str] = ()
    #: Whose scripts may read pictures: "*" for everybody's, or origins such as "https://a.example".
    allow_origin: str | Sequence[str] | None = None
    #: Tell CDNs one key for each original, by which they can be told to forget its pictures.
    surrogate_keys: bool = False
    #: Tell what each step of an answer took, in milliseconds, to whoever asks.
    server_timing: bool = False
    #: Pictures that are rendered at the same time; more wait. None: one for each processor.
    render_slots: int | None = None
    #: Requests that may wait, for a slot or for another's render; one more is a 503 at once.
    max_waiting: int = 256
    #: Seconds for which a request may wait; then it is a 503.
    max_wait: float = 30.0

    #: Bytes of results that are kept in memory, and of decoded originals, of which several sizes
    #: may be wanted.
    cache_bytes: int = 64 * 2**20
    decoded_bytes: int = 128 * 2**20
    #: A folder for results that all processes of the service share, and how many bytes it may take.
    cache_dir: str | os.PathLike[str] | None = None  # str once built
    cache_dir_bytes: int = 2**30
    #: Have another server send the files of `cache_dir`: nginx, by the URI prefix of an internal
    #: location that is an alias of it, or Apache and lighttpd, by a header that names the path.
    x_accel_redirect: str = ""
    x_sendfile: bool = False
    #: Bytes that both and all renders under way may take together, as far as a header tells.
    max_memory: int = 3 * 2**30
    #: Seconds for which a version of an original that was seen is taken to be the newest.
    recheck: float = 1.0
    #: Seconds after a change of an original for which the old picture is served while the new one
    #: is made; 0 has everybody wait for the new one.
    serve_stale: float = 0.0
    #: Seconds for which damage that was found in an original is remembered.
    remember_errors: float = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", _prefix(self.prefix))
        for name, known in (
            ("original_formats", ORIGINAL_FORMATS),
            ("unsafe_original_formats", UNSAFE_FORMATS),
        ):
            object.__setattr__(self, name, _formats(name, getattr(self, name), known))
        _check_queries(self.default, self.presets)
        _check_plain("authorize", self.authorize)
        object.__setattr__(self, "formats", _negotiated(self.formats))
        object.__setattr__(self, "client_hints", _hints(self.client_hints))
        object.__setattr__(self, "allow_origin", _origins(self.allow_origin))
        _one_of("missing", self.missing, ("404", "pass"))
        for name in ("surrogate_keys", "server_timing"):
            _one_of(name, getattr(self, name), (True, False))
        _one_of("array_order", self.array_order, ("bgr", "rgb"))
        _one_of("id_type", self.id_type, (str, int))
        for name in _AT_LEAST_ONE:
            _check_whole(name, getattr(self, name), 1)
        for name in (
            "max_age",
            "stale_while_revalidate",
            "max_waiting",
            "cache_bytes",
            "decoded_bytes",
            "cache_dir_bytes",
        ):
            _check_whole(name, getattr(self, name), 0)
        for name in ("max_wait", "recheck", "serve_stale", "remember_errors"):
            _check_seconds(name, getattr(self, name))
        object.__setattr__(self, "cache_dir", _folder(self.cache_dir))
        if self.hands_over and (
            self.cache_dir is None or (self.x_accel_redirect and self.x_sendfile)
        ):
            raise ValueError("x_accel_redirect, x_sendfile: one of them, and only with a cache_dir")
        if self.max_memory < self.max_source_memory:
            raise ValueError("max_memory: less than max_source_memory, which one decode may take")
        if self.render_slots is not None:
            _check_whole("render_slots", self.render_slots, 1)
        for name in ("widths", "heights"):
            object.__setattr__(self, name, _sides(name, getattr(self, name)))
        if self.widths is None and (self.heights is not None or self.snap):
            raise ValueError(
                "heights and snap restrict further what widths allows: give widths too"
            )

    @property
    def hands_over(self) -> bool:
        """Whether the server in front sends the files of `cache_dir`."""
        return bool(self.x_accel_redirect or self.x_sendfile)

    @property
    def origins(self) -> Sequence[str]:
        """`allow_origin` as a list, which may be empty."""
        return self.allow_origin or ()

    @property
    def opened_formats(self) -> frozenset[str]:
        """All formats of originals that are opened."""
        return self.original_formats | self.unsafe_original_formats

    @property
    def slots(self) -> int:
        """`render_slots`, or the number of processors this process may use."""
        if self.render_slots is not None:
            return self.render_slots
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1


_AT_LEAST_ONE = (
    "max_source_bytes",
    "max_source_pixels",
    "max_source_memory",
    "max_result_width",
    "max_result_height",
    "max_result_pixels",
    "max_frames",
    "max_animation_pixels",
    "max_memory",
)


def _prefix(prefix: str) -> str:
    if not isinstance(prefix, str) or "?" in prefix or "#" in prefix or "//" in prefix:
        raise ValueError(f"prefix: {prefix!r} is not a path such as '/image/'")
    inner = prefix.strip("/")
    return f"/{inner}/" if inner else "/"


def _folder(folder: object) -> str | None:
    if folder is None:
        return None
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise ValueError(f"cache_dir: {folder!r} is not a folder")
    return os.path.abspath(os.fsdecode(folder))


def _check_queries(default: object, presets: object) -> None:
    """That they are text; what the text means is the grammar's to check."""
    if not isinstance(default, str):
        raise ValueError(f"default: {default!r} is not a query such as 'w=800'")
    if not isinstance(presets, Mapping) or not all(
        isinstance(text, str) for pair in presets.items() for text in pair
    ):
        raise ValueError("presets: not a mapping of names to queries such as {'thumb': 'w=200'}")


def _formats(name: str, given: Collection[str], known: frozenset[str]) -> frozenset[str]:
    if isinstance(given, str):
        raise ValueError(f"{name}: {given!r} is not a list of formats")
    if unknown := frozenset(given) - known:
        raise ValueError(f"{name}: not known: {', '.join(sorted(unknown))}")
    return frozenset(given)


def _negotiated(formats: Sequence[str]) -> tuple[str, ...]:
    """In our order of preference."""
    if isinstance(formats, str) or set(formats) - {*NEGOTIATED}:
        raise ValueError(f"formats: {formats!r} is not a list of {', '.join(NEGOTIATED)}")
    return tuple(name for name in NEGOTIATED if name in formats)


def _hints(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or set(names) - {*FIELDS}:
        raise ValueError(f"client_hints: {names!r} is not a list of {', '.join(FIELDS)}")
    return tuple(name for name in FIELDS if name in names)


def _origins(allowed: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if allowed is None:
        return None
    origins = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    for origin in origins:
        if not isinstance(origin, str) or not (ORIGIN.fullmatch(origin) or origins == ("*",)):
            raise ValueError(f"allow_origin: {origin!r} is not '*' or such as 'https://a.example'")
    if not origins:
        raise ValueError("allow_origin: an empty list would allow nobody; None says so")
    return tuple(dict.fromkeys(origins))


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is not one of {allowed}")


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: {value!r} is not a whole number from {least} on")


def _check_seconds(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ValueError(f"{name}: {value!r} is not a number of seconds from 0 on")


def _check_plain(name: str, function: object) -> None:
    """That it is a function whose answer need not be awaited: a coroutine would always be true."""
    call = getattr(function, "__call__", None)  # noqa: B004 - not whether it can be called, but how
    if function is not None and (
        call is None or inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
    ):
        raise ValueError(f"{name}: {function!r} is not a function of an ImageRequest, or is async")


def _sides(name: str, sides: Sequence[int] | None) -> tuple[int, ...] | None:
    if sides is None:
        return None
    for side in sides:
        _check_whole(name, side, 1)
    if not sides:
        raise ValueError(f"{name}: an empty list would allow nothing; None allows anything")
    return tuple(sorted(set(sides)))
