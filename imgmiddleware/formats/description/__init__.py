"""The description of an original, as JSON. Its header tells it; only the colours, where they are
asked for, need pixels.
"""

from imgmiddleware.formats.palette import texts
from imgmiddleware.formats.result_format import ResultFormat, no_picture

RESULT = ResultFormat(
    name="json",
    media_type="application/json",
    suffixes=("json",),
    write=no_picture,
    tell=texts.as_list,
    of_header=True,
    unasked=100,
    alpha=True,
)
