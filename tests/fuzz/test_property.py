"""Properties of the grammar, over queries that hypothesis makes up."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgmiddleware import ImageError, OwnOperation, Settings, Transform
from imgmiddleware.forms import whole
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.operations.stages import OWNERS
from imgmiddleware.pixels.colormap import NAMES


def edges(pixels: np.ndarray, low: int, high: int) -> np.ndarray:
    return pixels


OWN = {"edges": OwnOperation(edges, version="1", arguments=[whole(0, 255), whole(0, 255)])}
OVERLAYS = {"logo": b"", "old logo": b""}  # nobody opens them here
GRAMMAR = QueryGrammar(Settings(presets={"thumb": "w=9"}, operations=OWN, overlays=OVERLAYS))
LENIENT = QueryGrammar(
    Settings(presets={"thumb": "w=9"}, operations=OWN, overlays=OVERLAYS, unknown="ignore")
)
RESTRICTED = QueryGrammar(Settings(widths=(320, 640), heights=(200,), snap=True))


def numbers(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(str)


def decimals(least: str, most: str, places: int = 3) -> st.SearchStrategy[str]:
    return st.decimals(least, most, places=places).map(str)


def listed(*words: str, least: int = 1) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=least, unique=True).map(",".join)


FLAG = st.sampled_from("01")
SWITCH = FLAG | st.sampled_from(["true", "false"])
LENGTH = numbers(1, 8192) | decimals("0.001", "0.999") | numbers(2, 8192).map("{}.0".format)
COLOR = st.sampled_from(["f00", "#8f00", "ff0000", "80FF0000", "Red", "transparent", "white"])

#: What is right for each parameter, as the table of docs/query.md has it.
RIGHT: dict[str, st.SearchStrategy[str]] = {
    "page": numbers(1, 100_000),
    "frame": numbers(1, 100_000),
    "upscale": FLAG,
    "anim": SWITCH,
    "band": numbers(1, 999) | st.tuples(*[numbers(1, 999)] * 3).map(",".join),
    "range": st.sampled_from(["auto", "minmax", "2%,98%", "0,99.5%", "-1.5e-7,3e12"])
    | st.tuples(st.integers(-(2**53), 0), st.floats(0.5, 1e15)).map("{0[0]},{0[1]:.9f}".format),
    "colormap": st.sampled_from(sorted(NAMES)),
    "redact": st.lists(
        st.tuples(*[numbers(1, 900) | decimals("0.001", "0.999")] * 4).map(",".join),
        min_size=1,
        max_size=3,
    ).map(";".join),
    "redact-style": st.sampled_from(["fill", "pixelate"]),
    "orient": st.sampled_from([*"012345678", "90", "180", "270"]),
    "rect": st.tuples(
        numbers(0, 9000) | st.sampled_from(["left", "center", "right", "0.25"]),
        numbers(0, 9000) | st.sampled_from(["top", "middle", "bottom", "0.5"]),
        LENGTH | st.just("full"),
        LENGTH | st.just("full"),
    ).map(",".join),
    "trim": st.sampled_from(["auto", "color"]) | COLOR,
    "w": LENGTH | st.just("auto"),
    "h": LENGTH | st.just("auto"),
    "fit": st.sampled_from(["clip", "max", "min", "crop", "scale", "fill", "fillmax", "clamp"]),
    "crop": st.sampled_from(
        [
            *("top", "bottom", "left", "right", "top,left", "left,bottom", "center", "center,top"),
            *("focalpoint", "top,focalpoint", "focalpoint,center", "faces", "edges", "entropy"),
            *("faces,edges,top", "left,entropy,faces", "center,edges,focalpoint"),
        ]
    ),
    "fp-x": decimals("0", "1"),
    "fp-y": decimals("0", "1"),
    "fp-z": decimals("1", "10"),
    "faceindex": numbers(1, 64),
    "facepad": decimals("0.1", "100", 2),
    "ar": st.tuples(decimals("0.01", "10000", 2), decimals("0.01", "10000", 2)).map(":".join),
    "dpr": decimals("0.1", "5"),
    "enlarge": SWITCH,
    "par": SWITCH,
    "linear": SWITCH,
    "nr": numbers(0, 100),
    **dict.fromkeys(("exp", "gam", "bri", "con", "vib", "sat", "usm"), numbers(-100, 100)),
    "high": numbers(-100, 0),
    "shad": decimals("0", "100"),
    "invert": SWITCH,
    "hue": decimals("-3600", "3600", 2),
    "sepia": numbers(0, 100),
    "duotone": st.sampled_from(["f00,fff", "#ff0000,Navy", "black,white"]),
    "duotone-alpha": numbers(0, 100),
    "monochrome": COLOR,
    "usmrad": decimals("0", "500"),
    "px": numbers(0, 100),
    "fill": st.sampled_from(["solid", "blur"]),
    "fill-color": COLOR,
    "mask": st.sampled_from(["ellipse", "corners"]),
    "mask-bg": COLOR,
    **dict.fromkeys(
        ("corner-radius", "border-radius"),
        numbers(0, 8192) | st.tuples(*[numbers(0, 8192)] * 4).map(",".join),
    ),
    "border": st.tuples(numbers(1, 100), COLOR).map(",".join),
    "flip": st.sampled_from(["h", "v", "hv"]),
    "rot": decimals("-3600", "3600", 2),
    "blur": numbers(0, 2000),
    "sharp": numbers(0, 100),
    "mono": st.sampled_from(["gray", "bitonal"]),
    "edges": st.tuples(numbers(0, 255), numbers(0, 255)).map(",".join),
    "pad": numbers(0, 1000),
    "bg": COLOR,
    "mark": st.sampled_from(["logo", "old logo", "/logos/a.png", "/é&b=c+%20d#e?f"])
    | st.text(min_size=1, max_size=12).map("/{}".format),
    "mark-w": LENGTH,
    "mark-h": LENGTH,
    "mark-scale": numbers(1, 100),
    "mark-fit": st.sampled_from(["clip", "crop", "fill", "max", "scale"]),
    "mark-align": st.sampled_from(["top", "middle", "bottom,right", "left,top", "center,middle"]),
    "mark-x": numbers(-8192, 8192),
    "mark-y": numbers(-8192, 8192),
    "mark-pad": numbers(0, 1000),
    "mark-alpha": numbers(0, 100),
    "mark-rot": decimals("-3600", "3600", 2),
    "mark-tile": st.just("grid"),
    "mark-blend": st.sampled_from(["normal", "multiply", "screen", "softlight"]),
    "fm": st.sampled_from(
        ["jpg", "png", "webp", "avif", "gif", "bmp", "tif", "jpeg", "pjpg", "png8", "png32", "tiff"]
    )
    | st.sampled_from(["thumbhash", "blurhash", "lqip", "json"]),
    "q": numbers(0, 100) | st.just("auto"),
    "max_bytes": numbers(100, 100_000_000),
    "depth": st.sampled_from(["8", "16"]),
    "palette": st.sampled_from(["json", "css"]),
    "colors": numbers(0, 16),
    "faces": SWITCH,
    "prefix": st.from_regex(
        r"[A-Za-z][A-Za-z0-9_-]{0,59}", fullmatch=True, alphabet=st.characters(codec="ascii")
    ),
    "lossless": SWITCH,
    "chromasub": st.sampled_from(["420", "422", "444"]),
    "colorquant": numbers(2, 256),
    "keep": listed("icc", "exif", "copyright"),
    "preset": st.just("thumb"),
    "v": st.text(max_size=12),
    "auto": listed("format", "compress", "enhance", "true"),
    "ixlib": st.text(max_size=12),
}

NAMES = st.sampled_from(sorted(RIGHT))
ANYTHING = st.one_of(
    st.integers(-9, 200_000).map(str),
    st.decimals(-1, 400, places=3).map(str),
    st.floats(0, 1).map(lambda x: f"{x:.9f}"),
    st.text(max_size=12),
    *RIGHT.values(),
)
#: Most of what is asked for is right, so that queries of several parameters are.
PAIRS = NAMES.flatmap(lambda name: st.tuples(st.just(name), RIGHT[name] | RIGHT[name] | ANYTHING))
QUERIES = st.lists(PAIRS, max_size=5).map(dict)


def parsed(grammar: QueryGrammar, query: str) -> Transform | ImageError:
    """Nothing but an `ImageError` may be raised, whatever the query."""
    try:
        return grammar.parse(query).transform
    except ImageError as error:
        return error


def test_every_parameter_is_among_them() -> None:
    assert set(RIGHT) == {*OWNERS, "frame", "upscale", "edges", "preset", "v", "ixlib"}


@pytest.mark.parametrize("name", RIGHT)
def test_each_parameter_in_turn(name: str) -> None:
    """What is right for it is accepted, and spelled once; what is not is refused under its name."""

    @settings(max_examples=40, deadline=None)
    @given(RIGHT[name])
    def right(text: str) -> None:
        first = parsed(GRAMMAR, urlencode({name: text}))
        assert isinstance(first, Transform), first
        assert parsed(GRAMMAR, first.canonical) == first

    @settings(max_examples=60, deadline=None)
    @given(ANYTHING)
    def wrong(text: str) -> None:
        result = parsed(GRAMMAR, urlencode({name: text}))
        if isinstance(result, ImageError):
            assert result.status == 400
            assert result.members["parameter"] == name
        else:
            assert parsed(GRAMMAR, result.canonical) == result

    @settings(max_examples=20, deadline=None)
    @given(RIGHT[name])
    def encoded(text: str) -> None:
        variant = urlsafe_b64encode(text.encode()).decode().rstrip("=")
        first = parsed(GRAMMAR, urlencode({f"{name}64": variant}))
        assert first == parsed(GRAMMAR, urlencode({name: text}))

    right()
    wrong()
    if name != "auto":  # imgix has no such variant of it
        encoded()


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
@given(QUERIES, st.text(st.characters(max_codepoint=255), max_size=60))
def test_where_not_all_is_taken_any_text_is_a_transform(texts: dict[str, str], more: str) -> None:
    """What is right is as it is where all has to be, and nothing is told of it; nothing is refused
    but what is to be hidden."""
    query = urlencode(texts)
    strict = parsed(GRAMMAR, query)
    if isinstance(
        parsed(GRAMMAR, urlencode({"redact": texts.get("redact", "0,0,1,1")})), ImageError
    ):
        assert isinstance(parsed(LENIENT, query), ImageError)
        return
    asked = LENIENT.parse(query)
    if isinstance(strict, Transform):
        # Each grammar has kinds of its own for an application's operations, which are never equal.
        assert (asked.transform.canonical, asked.notes) == (strict.canonical, ())
    else:
        assert asked.notes
    for any_text in (more, f"{query}&{more}"):
        left = LENIENT.parse(any_text)
        assert parsed(LENIENT, left.transform.canonical) == left.transform
        assert isinstance(parsed(GRAMMAR, left.transform.canonical), Transform)
        assert all(note.isascii() and note.isprintable() for note in left.notes)


@settings(max_examples=300, deadline=None)
@given(QUERIES, st.integers(1, 5000), st.integers(1, 5000))
def test_every_frame_lies_inside_of_its_original(
    texts: dict[str, str], width: int, height: int
) -> None:
    from imgmiddleware.formats.facts import Facts
    from imgmiddleware.imaging.planner import make_plan

    transform = parsed(GRAMMAR, urlencode(texts))
    if isinstance(transform, Transform):
        try:
            plan = make_plan(Facts(format="jpeg", width=width, height=height), transform)
        except ImageError as error:
            assert error.members["parameter"] in ("rect", "page", "redact")
            return
        left, top, crop_width, crop_height = plan.crop
        assert min(crop_width, crop_height, *plan.size, *plan.canvas, *plan.result) >= 1
        assert min(left, top) >= 0
        assert left + crop_width <= plan.stored[0]
        assert top + crop_height <= plan.stored[1]
