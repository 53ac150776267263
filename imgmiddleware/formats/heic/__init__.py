"""HEIC: pictures coded by HEVC. They take an extra."""

from imgmiddleware.formats.containers.heif import metadata
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.heic import decode, facts

FORMAT = Format(
    name="heic",
    title="HEIC",
    sniff=facts.sniff,
    read=facts.read,
    profile=metadata.profile,
    exif=metadata.exif,
    decode=decode.decode,
    needs="pillow_heif",
    extra="heif",
)
