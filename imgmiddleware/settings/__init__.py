"""All options of the package: the adapters, the service and the command line share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

from imgmiddleware.errors.nearest import nearest, question
from imgmiddleware.formats.registry import names
from imgmiddleware.settings.links import LinkSettings
from imgmiddleware.settings.load import LoadSettings
from imgmiddleware.settings.options import Options
from imgmiddleware.settings.originals import OriginalSettings
from imgmiddleware.settings.results import ResultSettings
from imgmiddleware.settings.table import checks_of

__all__ = ["ORIGINAL_FORMATS", "UNSAFE_FORMATS", "Options", "Settings"]

ORIGINAL_FORMATS = names(safe=True)
"""The formats of originals that are opened unless `original_formats` says otherwise."""
UNSAFE_FORMATS = names(safe=False)
"""The formats that are opened only where `unsafe_original_formats` names them."""


@dataclass(frozen=True, kw_only=True)
class Settings(LinkSettings, OriginalSettings, ResultSettings, LoadSettings):
    """The options of an `ImageService`, checked when they are built.

    `ImageService` and both adapters take each of them as a keyword, and build these themselves:

    >>> settings = Settings(default="w=800", cache_bytes=0)
    >>> settings.prefix
    '/image/'
    >>> Settings(max_age=-1)
    Traceback (most recent call last):
    ValueError: max_age: -1 is not a whole number of 0 or more, below 2**63

    Raises `ValueError` that names the wrong option, and `TypeError` for an unknown one.
    """

    def __new__(cls, **options: object) -> Self:
        known = {f.name for f in fields(cls)}
        for name in options.keys() - known:
            near = nearest(name, known)
            raise TypeError(f"{name}: there is no such option{question(near)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, kept in checks_of(type(self)).items():
            object.__setattr__(self, name, kept(name, getattr(self, name)))
        if self.hands_over and (self.folder is None or (self.x_accel_redirect and self.x_sendfile)):
            raise ValueError("x_accel_redirect, x_sendfile: one of them, and only with a cache_dir")
        if self.tiers and self.cache_dir is not None:
            raise ValueError("tiers, cache_dir: one of them; the folder may be one of the tiers")
        if self.max_source_memory == type(self).max_source_memory:
            least = min(self.max_source_memory, self.max_memory)
            object.__setattr__(self, "max_source_memory", least)
        if self.max_memory < self.max_source_memory:
            raise ValueError("max_memory: less than max_source_memory, which one decode may take")
        if self.pyramid_share > self.cache_dir_bytes:
            raise ValueError("pyramid_bytes: more than cache_dir_bytes, of which it is a share")
        if self.widths is None and (self.heights is not None or self.snap):
            raise ValueError(
                "heights, snap: both restrict the sizes of widths further: give widths too"
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
    def origins(self) -> Sequence[str]:
        """`allow_origin` as a list, which may be empty. Without it zoom viewers, on any site, may
        read pictures that are open to all (Image API 3.0, section 7.1).
        """
        open_to_all = self.for_viewers and not self.keeps_private
        return self.allow_origin or (("*",) if open_to_all else ())
