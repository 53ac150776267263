"""JPEG (ITU-T T.81)."""

from imgmiddleware.formats.jpeg import write
from imgmiddleware.formats.result_format import QUALITIES, ResultFormat

RESULT = ResultFormat(
    name="jpg", media_type="image/jpeg", suffixes=("jpg", "jpeg", "jpe", "jfif"),
    longest=65_500, scale=QUALITIES, profile=True, gray=True,
    write=write.write,
)  # fmt: skip
