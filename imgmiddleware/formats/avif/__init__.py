"""AVIF 1.1, stills and sequences."""

from imgmiddleware.formats.avif import write
from imgmiddleware.formats.result_format import ResultFormat

RESULT = ResultFormat(
    name="avif", media_type="image/avif", suffixes=("avif", "avifs"),
    scale=(0, 2, 18, 42, 60, 85, 98), alpha=True, profile=True,
    write=write.write, animate=write.animate,
)  # fmt: skip
