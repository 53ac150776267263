"""HEIC: pictures coded by HEVC. They take an extra."""

from imgmiddleware.formats.containers import heif
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.heic import decode, facts

FORMAT = Format(
    name="heic",
    title="HEIC",
    sniff=facts.sniff,
    read=facts.read,
    profile=heif.profile,
    exif=heif.exif,
    decode=decode.decode,
    upright=True,
    needs="pillow_heif",
    extra="heif",
)
