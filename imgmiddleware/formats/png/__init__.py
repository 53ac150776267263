"""PNG (W3C, third edition), animated too."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.png import colors, decode, decode_rows, facts, frames, mend, rows, write
from imgmiddleware.formats.result_format import ResultFormat

FORMAT = Format(
    name="png",
    sniff=facts.sniff,
    read=facts.read,
    vet=facts.vet,
    profile=colors.profile,
    exif=facts.exif,
    decode=decode.decode,
    raster=rows.read_raster,
    rows=decode_rows.filtered_rows,
    frames=frames.read,
    mend=mend.mended,
)

RESULT = ResultFormat(
    name="png", media_type="image/png", suffixes=("png", "apng"),
    longest=1_000_000, alpha=True, deep=True, profile=True, hdr=True, gray=True, few=True,
    write=write.write,
)  # fmt: skip
