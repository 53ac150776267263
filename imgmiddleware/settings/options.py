"""The options as keywords, for type checkers: each is described at `Settings`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, TypedDict
from uuid import UUID

from imgmiddleware.messages import ImageRequest
from imgmiddleware.observing import Observer
from imgmiddleware.operations.own import OwnOperation
from imgmiddleware.pixels.value_range import RangeLike, ValueRange
from imgmiddleware.sources import OverlayLike

Authorize = Callable[[ImageRequest], bool] | Callable[[ImageRequest], Awaitable[bool]]
"""A function of a request: whether its client may see its original. ASGI takes an async one."""


class Options(TypedDict, total=False):
    """The options as keywords, for type checkers: those of `Settings`, where each is described.

    A function that passes options on declares them so:

    >>> from typing import Unpack
    >>> from imgmiddleware import ImageService, Options
    >>> def photos(**options: Unpack[Options]) -> ImageService:
    ...     return ImageService("photos/", **options)
    >>> photos(max_age=60).settings.max_age
    60
    """

    prefix: str
    default: str
    presets: Mapping[str, str]
    operations: Mapping[str, OwnOperation]
    unknown: Literal["refuse", "ignore"]
    presets_only: bool
    widths: Sequence[int] | None
    heights: Sequence[int] | None
    snap: bool
    missing: Literal["404", "pass"]
    id_type: type[str] | type[int] | type[UUID]
    iiif: bool
    iiif_version: Literal[2, 3]
    iiif_prefixes: Mapping[Literal[2, 3], str]
    iiif_any_size: bool
    iiif_rights: str
    deepzoom: bool
    xyz: bool
    base_url: str
    authorize: Authorize | None
    keys: Sequence[str | bytes]
    require_signature: bool
    imgix_token: str
    private: bool
    around: Callable[[], AbstractContextManager[object]] | None
    array_order: Literal["bgr", "rgb"]
    range: RangeLike | ValueRange | None
    unsafe_follow_symlinks: bool
    file_version: Literal["stat", "mtime", "content"]
    namespace: str
    max_source_bytes: int
    max_source_pixels: int
    max_source_memory: int
    max_result_width: int
    max_result_height: int
    max_result_pixels: int
    max_frames: int
    max_animation_pixels: int
    original_formats: Collection[str]
    unsafe_original_formats: Collection[str]
    overlays: Mapping[str, OverlayLike]
    damaged: Literal["refuse", "show"]
    formats: Sequence[str]
    max_age: int
    stale_while_revalidate: int
    client_hints: Sequence[str]
    allow_origin: str | Sequence[str] | None
    surrogate_keys: bool
    server_timing: bool
    observer: Observer | None
    debug_images: bool
    fallback: str | os.PathLike[str] | bytes | None
    render_slots: int | None
    lend_slots: bool
    isolate: bool
    max_waiting: int
    max_wait: float
    source_slots: int
    source_timeout: float
    cache_bytes: int
    decoded_bytes: int
    cache_dir: str | os.PathLike[str] | None
    cache_dir_bytes: int
    tiers: str | Sequence[str | os.PathLike[str]]
    pyramid_bytes: int | None
    x_accel_redirect: str
    x_sendfile: bool
    max_memory: int
    tune_malloc: bool
    stored_tiles: bool
    recheck: float
    serve_stale: float
    remember_errors: float
