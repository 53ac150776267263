"""What reads the texts of requests: both grammars, signatures, and the headers of HTTP."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar import deepzoom, signature, xyz
from imgmiddleware.grammar.grid import Limits, grid_of
from imgmiddleware.grammar.iiif import segments
from imgmiddleware.grammar.pairs import listed, split
from imgmiddleware.grammar.path import parse_id
from imgmiddleware.grammar.placed import Named, Placed, Told
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.http import accept, cors, dates, destination, disposition, etag, hints, ranges
from imgmiddleware.http.conditionals import evaluate, range_applies
from imgmiddleware.http.host import is_host
from imgmiddleware.settings import Settings

T = TypeVar("T")

_LENIENT = QueryGrammar(Settings(unknown="ignore", presets={"thumb": "w=9"}))
_STRICT = QueryGrammar(Settings(presets={"thumb": "w=9"}, overlays={"logo": b""}))
_SIGNED = QueryGrammar(Settings(keys=["k" * 32]))
_NARROW = QueryGrammar(
    Settings(
        widths=(320, 640), heights=(200,), snap=True, client_hints=("width", "dpr", "save-data")
    )
)

_LIMITS = (Limits(16_383, 16_383, 50_000_000), Limits(900, 40, 9000), Limits(1, 1, 1))
_WHOLES = ((3000, 2001), (1, 1), (2**31 - 1, 3), (1, 70_000), (512, 512))
_ETAG = '"abc-1"'
_TIME = 784_111_777  # RFC 9110's own example


def _latin(data: bytes) -> str:
    """As both protocols hand on what came over the wire."""
    return data.decode("latin-1")


def query(data: bytes) -> None:
    """A query: a Transform with one spelling that means the same, or a refusal that names a parameter."""
    text, _, hinted = _latin(data).partition("\n")
    headers = dict.fromkeys(("width", "dpr", "save-data", "accept"), hinted)
    for grammar in (_STRICT, _SIGNED, _NARROW):
        try:
            transform = grammar.parse(text, headers).transform
        except ImageError as error:
            assert error.status == 400, error
            continue
        if grammar is _STRICT:
            again = grammar.parse(transform.canonical).transform
            assert again == transform
            assert again.canonical == transform.canonical
    asked = _leniently(text)
    if asked is not None:
        transform, notes = asked
        assert _STRICT.parse(transform).transform.canonical == transform
        assert all(note.isascii() and note.isprintable() for note in notes)


def _leniently(text: str) -> tuple[str, tuple[str, ...]] | None:
    try:
        asked = _LENIENT.parse(text)
    except ImageError as error:
        assert error.status == 400, error
        return None
    return asked.transform.canonical, asked.notes


def paths(data: bytes) -> None:
    """A path: an ID; and what viewers ask for by one, on originals of several shapes."""
    path = data.decode("utf-8", "surrogateescape")
    for kind in (str, int):
        _refused_by(lambda kind=kind: parse_id(path, "/image/", kind), 404)  # type: ignore[misc]
    signature.token_of(path)
    for version in (2, 3):
        named = _refused_by(lambda version=version: segments.named(path, version), 400)  # type: ignore[misc]
        _place(named, version)
    _place(deepzoom.named(path))
    _place(xyz.named(path))


def _refused_by(call: Callable[[], T], *statuses: int) -> T | None:
    try:
        return call()
    except ImageError as error:
        assert error.status in statuses, error
        return None


def _place(named: Named | None, version: int = 3) -> None:
    if named is None:
        return
    assert named.id
    for whole in _WHOLES:
        facts = Facts(format="png", width=whole[0], height=whole[1], tile=(256, 128))
        for limits in _LIMITS:
            grid = grid_of(facts, limits)
            if isinstance(named.asks, Told):
                ElementTree.parse(io.BytesIO(deepzoom.descriptor(whole, grid, "jpg")))
                assert all(map(all, grid.sizes(whole)))
                continue
            asks = named.asks
            placed = _refused_by(lambda: asks.placed(whole, limits, grid), 400, 404)  # noqa: B023
            if placed is not None:
                _check(placed)
                spelt = f"a/{segments.canonical(placed, grid, version)}"
                if not any(placed.lacks) and limits.allow(placed.size):
                    again = segments.named(spelt, version)
                    assert again
                    assert not isinstance(again.asks, Told)
                    assert again.asks.placed(whole, limits, grid) == placed, spelt


def _check(placed: Placed) -> None:
    left, top, width, height = placed.box
    assert min(left, top) >= 0
    assert min(width, height, *placed.size) > 0
    assert left + width <= placed.whole[0]
    assert top + height <= placed.whole[1]
    assert placed.transform.canonical


def signatures(data: bytes) -> None:
    """Pairs of a query, signed: what is signed does not hang on how they are spelt."""
    text = _latin(data)
    for lenient in (False, True):
        pairs = _refused_by(lambda lenient=lenient: [*listed(text, lenient=lenient)], 400)  # type: ignore[misc]
        if pairs is not None:
            made = signature.of_link(b"k" * 32, "", "a", pairs)
            assert signature.is_ours(made)
            if any(name for name, _ in pairs) and all(name for name, _ in pairs):
                again = (
                    [*listed(_latin(urlencode(pairs[::-1]).encode()), lenient=lenient)]
                    if len(urlencode(pairs)) < 4096
                    else pairs
                )
                assert signature.equal(made, [signature.of_link(b"k" * 32, "", "a", again)])
    texts = _refused_by(lambda: split(text), 400) or {}
    if "sw" in texts:
        _refused_by(lambda: signature.check_width(texts), 400)
    _refused_by(lambda: signature.end_of(text), 400)
    signature.is_imgix(text)
    signature.equal(text, ["a"])
    signature.by_imgix("t", text, text)


def headers(data: bytes) -> None:
    """The fields of a request, each of them this text: of any one an answer, and never an exception."""
    field = _latin(data)
    for length in (0, 1, 1000):
        span = ranges.requested(field, length)
        assert span is None or 0 <= span[0] <= span[1] <= length
    assert all(0 <= weight <= 1 for weight in accept.weights(field).values())
    assert 0 <= accept.weight_of(field, "http://a") <= 1
    accept.named(field, ("image/webp", "image/avif"))
    names = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
    for name in names:
        assert evaluate({name: field}, _ETAG, _TIME) in (200, 304, 412)
    range_applies(field, _ETAG, _TIME)
    for weak in (False, True):
        etag.listed(field, _ETAG, weak=weak)
    seconds = dates.http_date(field)
    # What the year 9999 adds to is written by nobody, and a leap second is the one after it.
    if seconds is not None and 0 <= seconds < 253_402_300_800:
        assert dates.http_date(dates.imf_date(seconds)) == seconds
    given = dict.fromkeys(("sec-ch-width", "width", "sec-ch-dpr", "dpr", "save-data"), field)
    said = hints.read(("width", "dpr", "save-data"), given)
    assert said.width is None or said.width in hints.WIDTHS
    is_host(field)
    cors.shared(("https://a.example", "https://b.example"), field)
    destination.is_for_a_picture({"accept": field})
    for name in (field, data.decode("utf-8", "surrogateescape")):
        header = disposition.content_disposition(
            name, ("jpg", "jpeg"), frozenset({"jpg", "jpeg", "png"}), attachment=True
        )
        assert header.isascii()
        assert header.isprintable()
    disposition.content_disposition.cache_clear()


TEXTS: dict[str, Callable[[bytes], None]] = {
    "query": query, "paths": paths, "signatures": signatures, "headers": headers,
}  # fmt: skip
