"""JPEG 2000 (ISO/IEC 15444-1). It is off unless it is turned on."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.jp2 import decode, facts

FORMAT = Format(
    name="jp2",
    title="JPEG 2000",
    sniff=facts.sniff,
    read=facts.read,
    vet=facts.vet,
    profile=facts.profile,
    decode=decode.decode,
    safe=False,
)
