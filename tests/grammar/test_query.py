"""Queries: what is understood, what is refused, and that one meaning has one spelling."""

from __future__ import annotations

from typing import Any

import pytest

from imgmiddleware import ImageError, Settings
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.operations.stages import OWNERS


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
        ("dpr=1&q=75&fit=clip&upscale=0", ""),
        ("w=9&dpr=2.0", "w=9&dpr=2"),
        ("w=9&dpr=1.50", "w=9&dpr=1.5"),
        ("upscale=1&w=9", "w=9&upscale=1"),
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
        ("rot=360", None),
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


def test_version_is_no_part_of_the_transform() -> None:
    asked = QueryGrammar(Settings()).parse("w=9&v=abc")
    assert (asked.version, asked.transform.canonical) == ("abc", "w=9")


@pytest.mark.parametrize("name", [*OWNERS, "auto"])
@pytest.mark.parametrize("text", ["", " ", "-1", "1 ", "１", "nan", "1e1 ", "x" * 200, "\0", "é"])
def test_every_parameter_refuses_nonsense_by_name(name: str, text: str) -> None:
    from urllib.parse import quote

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
    ],
)
def test_the_services_own_queries_are_checked_when_it_is_built(
    options: dict[str, Any], names: str
) -> None:
    with pytest.raises(ValueError, match=names):
        QueryGrammar(Settings(**options))
