"""PNG (W3C, third edition)."""

from imgmiddleware.formats.png import write
from imgmiddleware.formats.result_format import ResultFormat

RESULT = ResultFormat(
    name="png",
    media_type="image/png",
    suffixes=("png", "apng"),
    longest=1_000_000,
    write=write.write,
    alpha=True,
    deep=True,
    profile=True,
    gray=True,
)
