"""Queries: what is understood, what is refused, and that one meaning has one spelling."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from imgmiddleware import ImageError, OwnOperation, Settings
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.grammar.words import WORDS
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.stages import OWNERS
from imgmiddleware.pixels.names import COLORS


def canonical(query: str, **options: Any) -> str:
    return QueryGrammar(Settings(**options)).parse(query).transform.canonical


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("w=800", "w=800"),
        ("fm=png&h=20&w=10", "w=10&h=20&fm=png"),
        ("w=.50", "w=0.5"),
        ("w=0.333333", "w=0.333333"),
        ("w=0.000000001", "w=0.000000001"),
        ("dpr=1&q=75&fit=clip&enlarge=0", ""),
        ("w=9&dpr=2.0", "w=9&dpr=2"),
        ("w=9&dpr=1.50", "w=9&dpr=1.5"),
        ("enlarge=1&w=9", "w=9&enlarge=1"),
        ("upscale=1&w=9", "w=9&enlarge=1"),
        ("fit=max&w=9", "w=9&fit=max"),
        ("crop=left,top&fit=crop", "fit=crop&crop=top,left"),
        ("ar=16.0:09", None),
        ("ar=16.0:9", "ar=16:9"),
        ("rect=0,0.50,full,10", "rect=0,0.5,full,10"),
        ("rect=0,0,0,10", None),
        ("rect=1,2,3", None),
        ("crop=top,bottom", None),
        ("crop=top,top", None),
        ("bg=F00", "bg=ff0000"),
        ("bg=8F00", "bg=88ff0000"),
        ("bg=ffff0000", "bg=ff0000"),
        ("bg=Orange", "bg=ffa500"),
        ("bg=transparent", "bg=00000000"),
        ("rot=360", ""),
        ("rot=-360.0", ""),
        ("rot=-0", ""),
        ("rot=-90", "rot=270"),
        ("rot=450.50", "rot=90.5"),
        ("rot=-0.5", "rot=359.5"),
        ("rot=-3600.1", None),
        ("rot=--90", None),
        ("rot=-", None),
        ("bg=RebeccaPurple", "bg=663399"),
        ("bg=lightgoldenrodyellow", "bg=fafad2"),
        ("bg=grey", "bg=808080"),
        ("rot=0.0&blur=0&sharp=0&pad=0", ""),
        ("sharp=1&flip=h&blur=2&rot=3&orient=90", "orient=90&flip=h&rot=3&blur=2&sharp=1"),
        ("auto=compress,format&ixlib=python-3.2.1&v=abc", ""),
    ],
)
def test_one_spelling(query: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ImageError, match=query.partition("=")[0]):
            canonical(query)
        return
    assert canonical(query) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("format", ["palette=css", "palette=json", "fm=blurhash", "fm=thumbhash"])
@pytest.mark.parametrize("open", ["w=auto", "h=auto", "w=auto&h=auto"])
def test_what_is_small_by_itself_is_so_where_a_side_is_left_open(format: str, open: str) -> None:
    """`auto` says nothing: else the one spelling of such a query would mean another."""
    plain = QueryGrammar(Settings()).parse(format).transform
    assert plain.get(Resize).w is not None
    assert QueryGrammar(Settings()).parse(f"{format}&{open}").transform == plain


def test_every_name_of_css_is_a_colour() -> None:
    """Of 148 (CSS Color Module Level 4, section 6.1) nine are second words: aqua, fuchsia, 7 grays."""
    spelled = {canonical(f"bg={name}") for name in COLORS}
    assert (len(COLORS), len(spelled)) == (148, 139)


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("width=800", "w"),
        ("widht=800", "w"),
        ("Height=800", "h"),
        ("quality=80", "q"),
        ("format=png", "fm"),
        ("rotate=90", "rot"),
        ("background=fff", "bg"),
        ("aspect_ratio=1:1", "ar"),
        ("W=9", "w"),
        ("presets=thumb", "preset"),
        ("fram=2", "frame"),
        ("upscal=1", "upscale"),
        ("darkr=1", "darker"),
        ("preset=tumb", "Thumb"),
        ("fm=jpeg2", "jpg"),
        ("fm=jpgg", "jpg"),
        ("fm=WEBP", "webp"),
        ("fit=croop", "crop"),
        ("fit=cover", "crop"),
        ("fit=contain", "clip"),
        ("flip=horizontal", "h"),
        ("crop=top,lft", "left"),
        ("keep=icc,copyrigth", "copyright"),
        ("bg=oragne", "orange"),
        ("trim=aut", "auto"),
        ("trim=blck", "black"),
        ("darker=on", None),
        ("zzz=1", None),
        ("x" * 3000 + "=1", None),
        ("fm=" + "jpg" * 900, None),
        ("w=8oo", None),
    ],
)
def test_what_is_misspelt_is_told_the_nearest(query: str, nearest: str | None) -> None:
    darker = OwnOperation(lambda pixels: pixels, version="1")
    options: dict[str, Any] = {"presets": {"Thumb": "w=9"}, "operations": {"darker": darker}}
    with pytest.raises(ImageError) as refused:
        canonical(query, **options)
    error = refused.value
    assert (error.status, error.members.get("nearest")) == (400, nearest)
    assert error.detail.endswith(f"; did you mean {nearest}?") == (nearest is not None)


def test_every_word_that_others_use_leads_to_a_parameter() -> None:
    assert {*WORDS.values()} <= {*OWNERS, "v", "dl"}
    assert not {*WORDS} & {*OWNERS}


def test_version_is_no_part_of_the_transform() -> None:
    asked = QueryGrammar(Settings()).parse("w=9&v=abc")
    assert (asked.version, asked.transform.canonical) == ("abc", "w=9")


#: Those that may be less than 0.
NEGATIVE = {"rot", "hue", "exp", "gam", "bri", "con", "high", "vib", "sat", "usm"} | {
    f"mark-{end}" for end in ("rot", "x", "y")
}


@pytest.mark.parametrize("name", OWNERS)
@pytest.mark.parametrize("text", ["", " ", "-1", "1 ", "１", "nan", "1e1 ", "x" * 200, "\0", "é"])
def test_every_parameter_refuses_nonsense_by_name(name: str, text: str) -> None:
    if (text == "-1" and name in NEGATIVE) or (name, text) == ("prefix", "nan"):
        return
    with pytest.raises(ImageError) as refused:
        canonical(f"{name}={quote(text)}")
    assert refused.value.status == 400
    assert refused.value.members["parameter"] == name
    assert name in refused.value.detail


def test_default_stands_for_no_query_only() -> None:
    options = {"default": "w=0.5&fm=png"}
    assert canonical("", **options) == "w=0.5&fm=png"
    assert canonical("v=1&ixlib=x", **options) == "w=0.5&fm=png"
    assert canonical("q=20", **options) == "q=20"


def test_a_preset_is_a_base_that_others_override() -> None:
    options: dict[str, Any] = {"presets": {"thumb": "?w=20&h=20&fit=crop"}}
    assert canonical("preset=thumb", **options) == "w=20&h=20&fit=crop"
    assert canonical("w=40&preset=thumb", **options) == "w=40&h=20&fit=crop"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("w=320", "w=320"),
        ("w=300", "w=320"),
        ("w=300&dpr=2", "w=640"),
        ("w=9999", None),
        ("w=8000", "w=640"),
        ("preset=small", "w=7"),
        ("preset=small&dpr=2", "w=320"),
        ("dpr=2", ""),
        ("w=1&h=1", "w=320&h=200"),
        ("q=3", "q=3"),
        ("flip=h&sharp=3", "flip=h&sharp=3"),
        ("preset=small&crop=top", "w=7&crop=top"),
    ],
)
def test_widths_snap_to_the_next_larger(query: str, expected: str | None) -> None:
    options: dict[str, Any] = {
        "widths": [640, 320], "heights": [200], "snap": True, "presets": {"small": "w=7"},
    }  # fmt: skip
    if expected is None:
        with pytest.raises(ImageError, match="out-of-range"):
            canonical(query, **options)
    else:
        assert canonical(query, **options) == expected


def test_a_listed_width_may_be_wider_than_any_text_says() -> None:
    assert canonical("w=8192&dpr=5", widths=[50_000], snap=True) == "w=50000"


@pytest.mark.parametrize("query", ["rect=0,0,9,9", "ar=2:1", "rot=1", "blur=1", "pad=1", "bg=fff"])
def test_restricted_widths_leave_no_endless_parameter(query: str) -> None:
    with pytest.raises(ImageError, match="parameter-not-allowed") as refused:
        canonical(query, widths=[320])
    assert refused.value.members["parameter"] == query.partition("=")[0]
    assert canonical("preset=a", widths=[320], presets={"a": query}) == canonical(query)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"default": "w=x"}, "default"),
        ({"default": "wide=3"}, "default"),
        ({"presets": {"a": "fm=heic"}}, r"presets\['a'\]"),
        # No "did you mean preset?": that is what it says.
        ({"presets": {"a": "preset=b"}}, r"presets\['a'\]: 'preset': it stands in a URL alone"),
        ({"default": "v=3"}, "default: 'v': it stands in a URL alone"),
    ],
)
def test_the_services_own_queries_are_checked_when_it_is_built(
    options: dict[str, Any], names: str
) -> None:
    with pytest.raises(ValueError, match=names):
        QueryGrammar(Settings(**options))
