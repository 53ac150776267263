"""The colours of a picture as text: JSON and CSS in the shape of imgix's `palette`."""

import json
from collections.abc import Iterator

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.swatches import Swatch, luminance, named, swatches

#: Colours of CSS classes beside the picture's own, for a page that shows swatches.
_EXTRA = {"ex-1": "#ffffff", "ex-2": "#000000"}


def as_json(pixels: Pixels, colors: int, prefix: str) -> bytes:
    """The most frequent colours, the mean luma, and the colours that have a name.

    >>> import numpy as np
    >>> as_json(np.zeros((2, 2), np.uint8), 1, "")[:46]
    b'{"colors":[{"red":0.0,"hex":"#000000","blue":0'
    """
    told = {
        "colors": [_shares(swatch) for swatch in swatches(pixels, colors)],
        "average_luminance": _rounded(luminance(pixels)),
        "dominant_colors": {name: _shares(swatch) for name, swatch in named(pixels).items()},
    }
    return json.dumps(told, separators=(",", ":")).encode()


def as_css(pixels: Pixels, colors: int, prefix: str) -> bytes:
    """Two classes for each colour, one for text (`fg`) and one for its background (`bg`)."""
    numbered = {str(n): s.hex for n, s in enumerate(swatches(pixels, colors), 1)}
    with_names = {name.replace("_", "-"): s.hex for name, s in named(pixels).items()}
    rules = _rules({**numbered, **_EXTRA, **with_names}, prefix)
    return "".join(f"{rule}\n" for rule in rules).encode()


def as_list(pixels: Pixels, colors: int, prefix: str) -> bytes:
    """The most frequent colours alone: a JSON array of texts such as `#ff8000`."""
    return json.dumps([swatch.hex for swatch in swatches(pixels, colors)]).encode()


def _rules(colors: dict[str, str], prefix: str) -> Iterator[str]:
    for name, color in colors.items():
        yield f".{prefix}-fg-{name} {{ color:{color} !important; }}"
        yield f".{prefix}-bg-{name} {{ background-color:{color} !important; }}"


def _shares(swatch: Swatch) -> dict[str, float | str]:
    """Red, green and blue from 0 to 1, in imgix's order."""
    return {
        "red": _rounded(swatch.red / 255),
        "hex": swatch.hex,
        "blue": _rounded(swatch.blue / 255),
        "green": _rounded(swatch.green / 255),
    }


def _rounded(share: float) -> float:
    return float(f"{share:.6g}")
