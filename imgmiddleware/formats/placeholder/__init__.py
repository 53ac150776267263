"""Placeholders: a few bytes of text that stand in a page until a picture comes.

They are results like any other, so that caches, conditions and signatures apply to them. Each is
made of a small picture: without a stated size, of one within 100 x 100, or 16 x 16.
"""

from imgmiddleware.formats import webp
from imgmiddleware.formats.placeholder import blurhash, thumbhash, write_lqip
from imgmiddleware.formats.result_format import ResultFormat

#: Pixels of a side. ThumbHash is made of no more, and more would not change the placeholder.
_SIDE = 100

_TEXT = "text/plain"

THUMBHASH = ResultFormat(
    name="thumbhash",
    media_type=_TEXT,
    suffixes=("txt",),
    write=thumbhash.write,
    longest=_SIDE,
    unasked=_SIDE,
    alpha=True,
)

BLURHASH = ResultFormat(
    name="blurhash",
    media_type=_TEXT,
    suffixes=("txt",),
    write=blurhash.write,
    longest=_SIDE,
    unasked=_SIDE,
)

LQIP = ResultFormat(
    name="lqip",
    media_type=_TEXT,
    suffixes=("txt",),
    write=write_lqip.write,
    longest=_SIDE,
    unasked=16,
    scale=webp.RESULT.scale,
    alpha=True,
)
