"""TIFF 6.0 and BigTIFF."""

from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.tiff import write

RESULT = ResultFormat(
    name="tif",
    media_type="image/tiff",
    suffixes=("tif", "tiff"),
    longest=65_535,
    write=write.write,
    alpha=True,
    deep=True,
    profile=True,
    gray=True,
)
