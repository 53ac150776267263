"""TIFF 6.0 and BigTIFF."""

from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.tiff import write

RESULT = ResultFormat(
    name="tif", media_type="image/tiff", suffixes=("tif", "tiff"),
    alpha=True, deep=True, profile=True, gray=True,
    write=write.write,
)  # fmt: skip
