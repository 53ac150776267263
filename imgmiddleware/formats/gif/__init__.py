"""GIF (89a)."""

from imgmiddleware.formats.gif import write
from imgmiddleware.formats.result_format import ResultFormat

RESULT = ResultFormat(
    name="gif", media_type="image/gif", suffixes=("gif",),
    alpha=True,  # of what is quite clear
    write=write.write, animate=write.animate,
)  # fmt: skip
