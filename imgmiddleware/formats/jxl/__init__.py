"""JPEG XL (ISO/IEC 18181). It takes an extra, and is off unless it is turned on."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.jxl import decode, facts

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
