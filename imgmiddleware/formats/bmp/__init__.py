"""BMP, of OS/2 and Windows."""

from imgmiddleware.formats.bmp import write
from imgmiddleware.formats.result_format import ResultFormat

#: BMP could hold alpha too, but most readers of 32-bit BMP ignore it and show what it hid.
RESULT = ResultFormat(
    name="bmp", media_type="image/bmp", suffixes=("bmp", "dib"), write=write.write
)
