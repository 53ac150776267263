"""Measured: the facts of an original as its values are to be read by a Transform."""

from dataclasses import replace

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.operations.measured import Measured
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.redact import Redact
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.colormap import Colormap
from imgmiddleware.pixels.samples import Reading
from imgmiddleware.pixels.shown import Values
from imgmiddleware.pixels.value_range import RangeLike, ValueRange

#: Bytes of two copies of a value; a value has 8 at most.
_COPIES = 16


def as_asked(
    facts: Facts, transform: Transform, default: ValueRange | RangeLike | None = None
) -> Facts:
    """The query's reading comes before the original's own, and that before the option's `default`.

    The default is for opaque measurements of more than 8 bits. Raises `ImageError` (400) where the
    original has no such band, or cannot be shown so. It also raises where a range is looked for and
    some of the values are redacted: the ends of the range would tell of these.
    """
    read = _as_asked(facts, transform, default)
    found = read.reading.range if read.reading else None
    if transform.get(Redact).redact and found is not None and found.looks:
        raise _refused("redact", "needs a range= of two numbers: the hidden parts have values too")
    return read


def _as_asked(facts: Facts, transform: Transform, default: ValueRange | RangeLike | None) -> Facts:
    asked, moves = transform.get(Measured), transform.get(Page).anim and facts.animated
    values, own = facts.values or facts.samples, facts.reading
    chosen = asked.range
    if chosen is None and default is not None and not moves and _is_free(facts):
        chosen = _range(default)
    if asked == Measured() and chosen is None:
        return facts
    _check(facts, asked, values, moves=moves)
    reading = own or Reading(order=values.order)
    if asked.colormap is not None:
        reading = replace(reading, colormap=Colormap.of(asked.colormap, "bgr"))
    if asked.band is not None:
        reading = replace(reading, band=asked.band)
    if chosen is not None:
        reading = replace(reading, range=chosen)
    if reading.colormap is not None and len(values.chosen(reading)) != 1:
        raise _refused("colormap", "is for one band: say which with band=")
    read = facts.read_as(values, reading)
    # An array is read as a whole, in a copy of its values and another one in order.
    more = 0 if facts.pieces else _COPIES * facts.width * facts.height * values.channels
    return replace(read, decode_bytes=read.decode_bytes + more)


def _is_free(facts: Facts) -> bool:
    """Whether an original that is no photo leaves its range open. An array's came with it."""
    if facts.values is None or facts.values.alpha is not None or facts.depth == 8:
        return False
    own = facts.reading.range if facts.reading else None
    return facts.color != "cmyk" and (own is None or (facts.pages and own.looks))


def _range(given: ValueRange | RangeLike) -> ValueRange:
    return given if isinstance(given, ValueRange) else ValueRange.of(given)


def _check(facts: Facts, asked: Measured, values: Values, *, moves: bool) -> None:
    name = next(
        (n for n in ("range", "colormap", "band") if getattr(asked, n) is not None), "range"
    )
    if facts.color == "cmyk":
        raise _refused(name, "is not for inks")
    if moves:
        raise _refused(name, "is not for animations: leave anim= out")
    if asked.band is not None and max(asked.band) > values.channels:
        raise ImageError(
            "out-of-range",
            f"band={max(asked.band)}: the original has {values.channels}",
            parameter="band",
            limit=values.channels,
        )


def _refused(name: str, why: str) -> ImageError:
    return ImageError("out-of-range", f"{name}= {why}", parameter=name)
