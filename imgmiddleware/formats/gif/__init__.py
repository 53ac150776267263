"""GIF (89a), animated too."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.gif import decode, facts, frames, mend, write
from imgmiddleware.formats.result_format import ResultFormat

FORMAT = Format(
    name="gif",
    sniff=facts.sniff,
    read=facts.read,
    decode=decode.decode,
    frames=frames.read,
    mend=mend.mended,
)

RESULT = ResultFormat(
    name="gif", media_type="image/gif", suffixes=("gif",),
    alpha=True, few=True, all_clear=True,
    write=write.write, animate=write.animate,
    animated_by=("gif/2",),
    shortest_frame=20,  # browsers show a shorter frame for 100
    longest_frame=655_350, tick=10,
)  # fmt: skip
