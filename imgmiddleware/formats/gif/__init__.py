"""GIF (89a)."""

from imgmiddleware.formats.gif import write
from imgmiddleware.formats.result_format import ResultFormat

RESULT = ResultFormat(
    name="gif",
    media_type="image/gif",
    suffixes=("gif",),
    longest=65_535,
    write=write.write,
    animate=write.animate,
    alpha=True,  # of what is quite clear
)
