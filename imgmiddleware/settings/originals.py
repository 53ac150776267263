"""Options of originals: their formats, their largest size, and the meaning of their samples."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from imgmiddleware.formats.registry import names
from imgmiddleware.pixels.value_range import RangeLike, ValueRange
from imgmiddleware.sources import OverlayLike


@dataclass(frozen=True, kw_only=True)
class OriginalSettings:
    """Which originals are opened, and how they are read."""

    array_order: Literal["bgr", "rgb"] = "bgr"
    """The order of the channels of the arrays that a function returns as they are: blue first, as
    in OpenCV, or red first. An `ArrayOriginal` has its own."""
    range: RangeLike | ValueRange | None = None
    """The values that become black and white, for originals of more than 8 bits a sample that do
    not name them. "auto", "minmax", or two ends, each a value or a percentile such as "2%". None:
    all of 16 bits, and percentiles for samples without such a range. A URL may say otherwise."""
    original_formats: Collection[str] = field(default_factory=lambda: names(safe=True))
    """The formats of originals that are opened, told by the first bytes. By default all safe
    ones."""
    unsafe_original_formats: Collection[str] = frozenset()
    """Further formats, whose decoders this package cannot bound (JPEG XL, JPEG 2000): for originals
    that come from nobody but you."""
    overlays: Mapping[str, OverlayLike] = field(default_factory=dict)
    """The names that `mark=` takes: `{"logo": "logo.png"}`. Each is an image file by its path or
    its bytes, an array, or a source of its own, which is asked for the name."""
    damaged: Literal["refuse", "show"] = "refuse"
    """A damaged original is a 422. With "show" the answer is the rest of it, where its decoder
    gives that, with `no-store` and `Image-Notes: damaged`."""
    max_source_bytes: int = 256 * 2**20
    """Bytes of an original's file. A larger one is a 413, before it is decoded. For a file that is
    read by pieces (docs/originals.md) these limits are for the pieces that a request needs."""
    max_source_pixels: int = 100_000_000
    """Width times height that an original's header may claim. More is a 413."""
    max_source_memory: int = 2 * 2**30
    """Bytes that an original's decoder may allocate, as its header predicts. More is a 413. By
    default 2 GiB, or `max_memory` if that is less."""
    max_frames: int = 500
    """Frames of an animation. One with more is answered with its first frame."""
    max_animation_pixels: int = 50_000_000
    """Pixels of all frames together, of the original and of the result. With more, the first frame
    is the answer."""
    unsafe_follow_symlinks: bool = False
    """Follow symbolic links that leave a source's directory. Anyone who can write there can then
    publish every file that this process can read."""
    file_version: Literal["stat", "mtime", "content"] = "stat"
    """The version of a file, which ETags, `v` and keys depend on. "stat": everything that the file
    system says of it. "mtime": its time and size, as for replicas made by `cp -a` or `rsync -t`.
    "content": a digest, for which a new file is read once."""
    recheck: float = 1.0
    """Seconds for which the last known version of an original counts as the newest."""
    remember_errors: float = 10.0
    """Seconds for which a refusal of an original is remembered."""
    source_slots: int = 32
    """Originals that are opened at once while the source is slow; each prefix has so many. Past
    that the caches answer with pictures that were shown before, and all other requests get a 503.
    On WSGI it should be less than the server's threads."""
    source_timeout: float = 10.0
    """Seconds for which a request waits until its original is opened. Then it gets such an
    answer."""

    @property
    def opened_formats(self) -> frozenset[str]:
        """All formats of originals that are opened."""
        return frozenset(self.original_formats) | frozenset(self.unsafe_original_formats)
