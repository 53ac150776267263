"""JPEG XL (ISO/IEC 18181). It takes an extra, and is off unless it is turned on."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.jxl import decode, facts, write
from imgmiddleware.formats.result_format import ResultFormat

FORMAT = Format(
    name="jxl",
    title="JPEG XL",
    sniff=facts.sniff,
    read=facts.read,
    vet=facts.vet,
    exif=facts.exif,
    decode=decode.decode,
    upright=True,
    needs="pillow_jxl",
    extra="jxl",
    safe=False,
)

RESULT = ResultFormat(
    name="jxl", media_type="image/jxl", suffixes=("jxl",),
    longest=262_144,  # of level 5, which every decoder takes (18181-1, annex M)
    scale=(0, 2, 7, 48, 75, 88, 97), alpha=True,
    read=decode.read_back, write=write.write, write_lossless=write.write_lossless,
    needs="pillow_jxl", extra="jxl",
)  # fmt: skip
