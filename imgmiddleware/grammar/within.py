"""The size of a small picture: a placeholder, or the picture whose colours are told."""

from collections.abc import Mapping

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.operations.output import asked_format


def within(texts: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the box of such a format, where no size is asked for: nothing is fitted."""
    result = RESULTS.get(asked_format(texts) or "")
    sized = any(texts.get(name, "auto") != "auto" for name in ("w", "h", "ar"))
    if result is None or not result.unasked or sized:
        return {}
    side = str(result.unasked)
    return {"w": side, "h": side, "dpr": "1", "fit": "clip", "enlarge": "0"}
