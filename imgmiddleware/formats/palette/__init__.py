"""The colours of a picture instead of the picture, as imgix's `palette` tells them."""

from imgmiddleware.formats.palette import texts
from imgmiddleware.formats.result_format import ResultFormat, no_picture

#: Pixels of a side for a picture without a stated size: more would not change its colours.
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
