"""PNG (W3C, third edition)."""

from imgmiddleware.formats.png import write
from imgmiddleware.formats.result_format import ResultFormat

RESULT = ResultFormat(
    name="png", media_type="image/png", suffixes=("png", "apng"),
    longest=1_000_000, alpha=True, deep=True, profile=True, gray=True,
    write=write.write,
)  # fmt: skip
