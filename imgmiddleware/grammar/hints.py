"""Client hints to parameters: a hint may stand in for a parameter that a query leaves open.

A hint becomes text of the query, so key and ETag follow. A hint and a link that say the same are
one picture.
"""

from collections.abc import Mapping

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.http import hints
from imgmiddleware.operations.output import QUALITY, Output, asked_format
from imgmiddleware.settings import Settings


class HintGrammar:
    """The hints that one service heeds."""

    def __init__(self, settings: Settings) -> None:
        self.heeded = settings.client_hints
        self._widths = settings.widths or hints.WIDTHS

    def parse(
        self, texts: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """The parameters that hints add to these, and the headers that could have changed them.

        The hinted width is in device pixels, so `dpr` is 1 with it; it is for a picture without `w`
        and `h`. The hinted density is for a picture with one of them and without `dpr`. Save-Data
        is for a picture without `q`, in a format that has a quality.
        """
        said = hints.read(self.heeded, headers, self._widths)
        added: dict[str, str] = {}
        varies: list[str] = []
        sized = any(texts.get(side, "auto") != "auto" for side in ("w", "h"))
        if "width" in self.heeded and not sized:
            varies += hints.FIELDS["width"]
            if said.width is not None:
                added |= {"w": str(said.width), "dpr": "1"}
        if "dpr" in self.heeded and sized and "dpr" not in texts:
            varies += hints.FIELDS["dpr"]
            if said.density is not None:
                added["dpr"] = said.density
        if "save-data" in self.heeded and "q" not in texts and _has_quality(texts):
            varies += hints.FIELDS["save-data"]
            if said.saves_data:
                added["q"] = str(QUALITY - hints.SAVED_QUALITY)
        return added, tuple(varies)


def _has_quality(texts: Mapping[str, str]) -> bool:
    """Whether the result's format has a quality. Without `fm` it has, unless 16 bits are asked
    for.
    """
    asked = asked_format(texts)
    if asked is None:
        return texts.get("depth", Output.depth) == Output.depth
    return asked in RESULTS and RESULTS[asked].scale is not None
