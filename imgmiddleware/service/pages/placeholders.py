"""The stand-in for a picture on a page until it comes, in the attributes of its `<img>`.

It is made as a small result of the same picture, and kept as one.
"""

import json
from collections.abc import Callable, Mapping

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.results import PLACEHOLDERS, RESULTS
from imgmiddleware.operations.focus import NoiseReduction, Sharpen, UnsharpMask
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.output import Output
from imgmiddleware.pixels.arrays import Size

#: Makes the text of an ID and parameters. Raises `ImageError`.
Told = Callable[[str, Mapping[str, object]], str]

#: The kinds that a page may ask for.
KINDS = (*PLACEHOLDERS, "color")

#: Pixels of a side of the picture whose colours are counted.
_SIDE = 100

#: Parameters that do not matter in a small and still picture, and those that the placeholder sets
#: anew.
_DETAILS = (Output, Sharpen, UnsharpMask, NoiseReduction, Mark)
_LEFT_OUT = {"anim", "w", "h", "ar", "dpr", "v", "dl"}.union(*(kind.forms() for kind in _DETAILS))

#: Parameters in pixels of the result.
_IN_PIXELS = ("pad", "blur", "px")


def attributes(
    kind: str,
    id: str,
    pairs: Mapping[str, str],
    sizes: tuple[Size, Size] | None,
    told: Told,
) -> dict[str, str]:
    """The attributes of the placeholder for a picture with these parameters; none where there is no
    picture.

    `sizes` are the picture's own, before it is turned and padded, and in the end, if they are
    known.
    """
    try:
        text = told(id, _parameters(kind, pairs, sizes))
    except ImageError:
        return {}
    if kind == "lqip":
        return {"style": f"background:url({text}) center/cover no-repeat"}
    if kind == "color":
        colors = json.loads(text)["colors"]
        return {"style": f"background-color:{colors[0]['hex']}"} if colors else {}
    return {f"data-{kind}": text}


def with_style(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """All attributes. Two styles become one, in which theirs comes last."""
    name = next((name for name in theirs if name.lower() == "style"), None)
    if name is None or "style" not in ours:
        return {**ours, **theirs}
    others = {other: value for other, value in theirs.items() if other != name}
    return {**ours, **others, "style": f"{ours['style']};{theirs[name]}"}


def _parameters(
    kind: str, pairs: Mapping[str, str], sizes: tuple[Size, Size] | None
) -> dict[str, object]:
    asked: dict[str, object] = {"palette": "json"} if kind == "color" else {"fm": kind}
    kept = {name: text for name, text in pairs.items() if name not in _LEFT_OUT}
    if sizes is None:
        return {name: text for name, text in kept.items() if name not in _IN_PIXELS} | asked
    (width, height), shown = sizes
    scale = min(1, (_SIDE if kind == "color" else RESULTS[kind].unasked) / max(shown))
    small = {name: round(float(kept[name]) * scale) for name in _IN_PIXELS if name in kept}
    box = {"w": max(1, round(width * scale)), "h": max(1, round(height * scale)), "dpr": 1}
    return {**kept, **small, **box, **asked}
