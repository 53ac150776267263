"""Properties of the grammar, over queries that hypothesis makes up."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from imgmiddleware import ImageError, Settings, Transform
from imgmiddleware.grammar import QueryGrammar
from imgmiddleware.operations import OWNERS

GRAMMAR = QueryGrammar(Settings(presets={"thumb": "w=9"}))
RESTRICTED = QueryGrammar(Settings(widths=(320, 640), heights=(200,), snap=True))

NAMES = st.sampled_from([*OWNERS, "auto", "v", "ixlib", "preset"])
NUMBERS = st.one_of(
    st.integers(0, 9000).map(str),
    st.decimals(0, 400, places=3).map(str),
    st.floats(0, 1).map(lambda x: f"{x:.9f}"),
)
WORDS = st.sampled_from(
    [
        "clip",
        "max",
        "min",
        "crop",
        "scale",
        "fill",
        "clamp",
        "h",
        "v",
        "hv",
        "top,left",
        "right",
        "left,bottom",
        "0",
        "1",
        "jpg",
        "png",
        "webp",
        "16:9",
        "1.85:1",
        "f00",
        "80ff0000",
        "Red",
        "transparent",
        "0,0,9,9",
        "center,middle,0.5,full",
        "thumb",
        "format",
    ]
)
VALUES = st.one_of(NUMBERS, WORDS, st.text(max_size=12))
QUERIES = st.dictionaries(NAMES, VALUES, max_size=5)


def parsed(grammar: QueryGrammar, query: str) -> Transform | ImageError:
    """Nothing but an `ImageError` may be raised, whatever the query."""
    try:
        return grammar.parse(query).transform
    except ImageError as error:
        return error


@settings(max_examples=500, deadline=None)
@given(QUERIES)
def test_what_is_accepted_has_one_spelling_that_means_the_same(texts: dict[str, str]) -> None:
    first = parsed(GRAMMAR, urlencode(texts))
    if isinstance(first, Transform):
        again = parsed(GRAMMAR, first.canonical)
        assert again == first
        assert isinstance(again, Transform)
        assert again.canonical == first.canonical
        assert hash(again) == hash(first)


@settings(max_examples=500, deadline=None)
@given(QUERIES, st.sampled_from([GRAMMAR, RESTRICTED]))
def test_what_is_rejected_names_its_parameter(texts: dict[str, str], grammar: QueryGrammar) -> None:
    result = parsed(grammar, urlencode(texts, quote_via=quote))
    if isinstance(result, ImageError):
        assert result.status == 400
        assert result.members["parameter"] in texts


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_text_is_a_transform_or_a_400(query: str) -> None:
    result = parsed(GRAMMAR, query)
    assert isinstance(result, Transform) or result.status == 400


@settings(max_examples=300, deadline=None)
@given(QUERIES, st.integers(1, 5000), st.integers(1, 5000))
def test_every_frame_lies_inside_of_its_original(
    texts: dict[str, str], width: int, height: int
) -> None:
    from imgmiddleware.imaging import make_plan
    from imgmiddleware.probe import Facts

    transform = parsed(GRAMMAR, urlencode(texts))
    if isinstance(transform, Transform):
        try:
            plan = make_plan(Facts("jpeg", width, height), transform)
        except ImageError as error:
            assert error.members["parameter"] in ("rect", "page")
            return
        left, top, crop_width, crop_height = plan.crop
        assert min(crop_width, crop_height, *plan.size, *plan.canvas, *plan.result) >= 1
        assert min(left, top) >= 0
        assert left + crop_width <= plan.stored[0]
        assert top + crop_height <= plan.stored[1]
