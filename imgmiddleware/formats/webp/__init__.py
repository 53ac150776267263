"""WebP (RFC 9649)."""

from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.webp import write

RESULT = ResultFormat(
    name="webp", media_type="image/webp", suffixes=("webp",),
    longest=16_383, scale=(0, 2, 10, 53, 82, 93, 100), alpha=True, profile=True,
    write=write.write, animate=write.animate,
)  # fmt: skip
