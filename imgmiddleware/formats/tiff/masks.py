"""Masks: pages of a TIFF that say which pixels of another are seen, as of GDAL's COG driver.

Such a page is of the size of the other, of one or eight bits: its values are the alpha of the
other's colours (TIFF 6.0, section 8, NewSubfileType and PhotometricInterpretation 4).
"""

from collections.abc import Mapping
from dataclasses import replace

from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.formats.tiff.page import own
from imgmiddleware.pixels.arrays import Size

#: The note about a mask that is there and cannot be read.
MASK_IGNORED = "mask-ignored"

_CHANNELS = 4

#: The facts of masks by their width and height; None where they cannot be read.
Masks = Mapping[Size, Facts | None]


def masked(facts: Facts, masks: Masks) -> Facts:
    """The facts with the mask of their size, if there is one. Only overviews with a mask of their
    own stay then. A picture that has alpha already goes without.
    """
    own_alpha = facts.alpha if facts.values is None else facts.values.alpha is not None
    if (facts.width, facts.height) not in masks or own_alpha:
        return facts
    found = _with_mask(facts, masks)
    if found is None:
        return replace(facts, notes=(*facts.notes, MASK_IGNORED))
    overviews = (_with_mask(overview, masks) for overview in facts.overviews)
    return replace(found, overviews=tuple(filter(None, overviews)))


def _with_mask(facts: Facts, masks: Masks) -> Facts | None:
    """None where it has none, or both cannot be read together."""
    mask = masks.get((facts.width, facts.height))
    inks = facts.color == "cmyk"
    if mask is None or mask.pieces is None or facts.pieces is None or inks or mask.depth > 8:
        return None
    beside = mask.decode_bytes + facts.width * facts.height * _CHANNELS * facts.depth // 8
    return replace(
        facts,
        alpha=True,
        masked=True,
        decode_bytes=facts.decode_bytes + beside,
        band_bytes=facts.band_bytes + mask.band_bytes,
        pieces=_together(facts.pieces, mask.pieces),
        own=replace(own(facts), mask=own(mask).directory),
    )


def _together(pieces: Pieces, mask: Pieces) -> Pieces:
    """The pieces of both together: the picture's, each of which touches some of the mask's."""
    across, down = (
        1 if side == other else 1 + -(-side // other)
        for side, other in ((pieces.wide, mask.wide), (pieces.high, mask.high))
    )
    return replace(
        pieces,
        stored=pieces.stored + across * down * mask.stored,
        row=pieces.row + across * mask.row,
    )
