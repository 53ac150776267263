"""WebP (RFC 9649), animated too."""

from imgmiddleware.formats.decoders import by_opencv
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.webp import facts, frames, write
from imgmiddleware.formats.write import read_by_opencv

FORMAT = Format(
    name="webp",
    sniff=facts.sniff,
    read=facts.read,
    profile=facts.profile,
    exif=facts.exif,
    decode=by_opencv,
    frames=frames.read,
)

RESULT = ResultFormat(
    name="webp", media_type="image/webp", suffixes=("webp",),
    longest=16_383, scale=(0, 2, 10, 53, 82, 93, 100), alpha=True,
    profile=True, moving_profile=False,
    read=read_by_opencv, write=write.write, write_lossless=write.write_lossless,
    animate=write.animate, animate_lossless=write.animate_lossless,
    longest_frame=2**24 - 1,
)  # fmt: skip
