"""The links of the index page: those that the settings of a service allow."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from imgmiddleware import ImageError, Settings
from imgmiddleware.grammar.query import QueryGrammar

#: A query's parameters, as `ImageService.url` takes them.
Query = Mapping[str, Any]

#: The size in which thumbnails are shown, in CSS pixels.
THUMBNAIL = (320, 240)

_FORMATS = {"JPEG": "jpg", "WebP": "webp", "AVIF": "avif", "PNG": "png"}


class Links:
    """The queries of the links, found once for all originals.

    `thumbnail` is the query of the picture on the page, and `dense` the same for a screen of twice
    the density, or None. `large` is the query of a click on it. `variants` are groups of links by
    heading, each a mapping of label to query; `animated` are those of an original that moves.
    """

    def __init__(self, settings: Settings) -> None:
        self._grammar = QueryGrammar(settings)
        width, height = THUMBNAIL
        presets: list[Query] = [{"preset": name} for name in settings.presets]
        self.thumbnail = self._first(
            {"w": width, "h": height, "fit": "crop"},
            *({"w": w} for w in _nearest(settings, width)),
            *presets,
        )
        dense = {**self.thumbnail, "dpr": 2}
        self.dense = dense if "w" in self.thumbnail and self._allows(dense) else None
        self.large = self._first(*({"w": w} for w in _nearest(settings, 1600)), *presets[-1:])
        self.variants = dict(self._groups(settings))
        moving: dict[str, Query] = {
            label: {"w": _nearest(settings, 800)[0], "anim": 1, "fm": _FORMATS[label]}
            for label in ("WebP", "AVIF")
        }
        allowed = {label: query for label, query in moving.items() if self._allows(query)}
        self.animated = ({"Moving": allowed} if allowed else {}) | self.variants

    def _groups(self, settings: Settings) -> Iterable[tuple[str, Mapping[str, Query]]]:
        width = _nearest(settings, 800)[0]
        sized = {label: {"w": width, "fm": fm} for label, fm in _FORMATS.items()}
        if self._allows(sized["JPEG"]):
            yield f"{width} px", sized
        if settings.presets:
            yield "Preset", {name: {"preset": name} for name in settings.presets}
        large = {f"{self.large['w']} px": self.large} if "w" in self.large else {}
        yield "Plain", {**large, "default" if settings.default else "full size": {}}

    def _first(self, *queries: Query) -> Query:
        """The first query that is allowed. The empty one always is."""
        return next((query for query in queries if self._allows(query)), {})

    def _allows(self, query: Query) -> bool:
        try:
            self._grammar.parse(urlencode(query))
        except ImageError:
            return False
        return True


def _nearest(settings: Settings, width: int) -> list[int]:
    """The widths that the settings allow, the best first. Widths that are too narrow come last."""
    if settings.widths is None or settings.snap:
        return [width]
    return sorted(settings.widths, key=lambda w: (w < width, abs(w - width)))
