"""JPEG (ITU-T T.81)."""

from dataclasses import replace

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.jpeg import decode, facts, wrapping, write
from imgmiddleware.formats.result_format import QUALITIES, ResultFormat
from imgmiddleware.formats.write import read_by_opencv

FORMAT = Format(
    name="jpeg",
    sniff=facts.sniff,
    read=decode.read,
    vet=facts.vet,
    profile=facts.profile,
    exif=facts.exif,
    decode=decode.decode,
    scales=True,
    mend=wrapping.mended,
)

RESULT = ResultFormat(
    name="jpg", media_type="image/jpeg", suffixes=("jpg", "jpeg", "jpe", "jfif"),
    longest=65_500, scale=QUALITIES, profile=True, gray=True,
    read=read_by_opencv, write=write.write, write_chroma=write.write_chroma,
)  # fmt: skip

PROGRESSIVE = replace(RESULT, name="pjpg", write_chroma=write.write_progressive)
