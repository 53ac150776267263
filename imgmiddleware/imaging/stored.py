"""Stored: a tile of the file as it stands, where the query asks for just that."""

from imgmiddleware.formats.contents import Contents
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.messages import Result
from imgmiddleware.operations.output import Output
from imgmiddleware.pixels.color import is_srgb
from imgmiddleware.pixels.orientation import Orientation
from imgmiddleware.sources.original import Original


def is_stored(plan: Plan) -> bool:
    """Whether the query asks for nothing but a JPEG tile, as a JPEG without a stated quality."""
    pieces = plan.read_pieces
    return (
        pieces is not None
        and plan.sketch is None
        and pieces.jpeg
        and plan.format == "jpg"
        and plan.is_piece
        and plan.output == Output(fm=plan.output.fm)
        and plan.orientation is Orientation.UPRIGHT
        and plan.reading is None
        and plan.redaction is None
        and not (plan.steps or plan.inks or plan.alpha or plan.linear or plan.needs_pixels)
    )


def stored_tile(original: Original, facts: Facts, plan: Plan, contents: Contents) -> Result | None:
    """The tile; None where it is not in sRGB, or some clients cannot show its JPEG: it is made
    then.

    Raises `ImageError` where it is damaged.
    """
    send = FORMATS[facts.format].stored
    if send is None or not (contents.profile is None or is_srgb(contents.profile, facts.color)):
        return None
    body = send(original, contents.raster, plan.level.box)
    return None if body is None else Result(body, RESULTS[plan.format].media_type)
