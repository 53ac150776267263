"""AVIF 1.1, stills and sequences."""

from imgmiddleware.formats.avif import decode, decode_sequence, facts, write
from imgmiddleware.formats.containers.heif import metadata
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.write import read_by_opencv

FORMAT = Format(
    name="avif",
    sniff=facts.sniff,
    read=facts.read,
    profile=facts.profile,
    exif=metadata.exif,
    decode=decode.decode,
    pictures=decode_sequence.pictures,
)

RESULT = ResultFormat(
    name="avif", media_type="image/avif", suffixes=("avif", "avifs"),
    scale=(0, 2, 18, 42, 60, 85, 98), alpha=True, profile=True, hdr=True,
    read=read_by_opencv, write=write.write, write_lossless=write.write_lossless,
    animate=write.animate,
)  # fmt: skip
