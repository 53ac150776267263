"""The colours of a picture instead of the picture, as imgix's `palette` tells them."""

from imgmiddleware.formats.palette import texts
from imgmiddleware.formats.result_format import ResultFormat, no_picture

#: Pixels of a side within which a picture is that nobody says the size of: more would not change
#: what its colours are.
_SIDE = 100

JSON = ResultFormat(
    name="palette-json",
    media_type="application/json",
    suffixes=("json",),
    write=no_picture,
    tell=texts.as_json,
    by_fm=False,
    unasked=_SIDE,
    alpha=True,
)

CSS = ResultFormat(
    name="palette-css",
    media_type="text/css",
    suffixes=("css",),
    write=no_picture,
    tell=texts.as_css,
    by_fm=False,
    unasked=_SIDE,
    alpha=True,
)
