"""BMP, of OS/2 and Windows."""

from imgmiddleware.formats import plain_rows
from imgmiddleware.formats.bmp import decode, facts, mend, write
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat

FORMAT = Format(
    name="bmp",
    sniff=facts.sniff,
    read=facts.read,
    profile=facts.profile,
    decode=decode.decode,
    raster=facts.read_raster,
    rows=plain_rows.plain_rows,
    mend=mend.mended,
)

#: BMP could hold alpha too, but most readers of 32-bit BMP ignore it and show hidden colours.
RESULT = ResultFormat(
    name="bmp", media_type="image/bmp", suffixes=("bmp", "dib"), write=write.write
)
