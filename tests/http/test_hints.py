"""Client hints: few steps, only where the query leaves something open, and said so in Vary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import drivers
from asking import get
from imgmiddleware import ImageService, Settings
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.http import hints
from pictures import opened, quadrants, saved

ALL = ("width", "dpr", "save-data")
WIDTH, DPR, SAVE = {"sec-ch-width": "700"}, {"sec-ch-dpr": "2"}, {"save-data": "on"}
V_WIDTH, V_DPR, V_SAVE = ("Sec-CH-Width", "Width"), ("Sec-CH-DPR", "DPR"), ("Save-Data",)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-ch-width": "1"}, 160),
        ({"sec-ch-width": "160"}, 160),
        ({"sec-ch-width": "161"}, 320),
        ({"sec-ch-width": "3840"}, 3840),
        ({"sec-ch-width": "999999999999999"}, 3840),
        ({"width": "500"}, 640),
        ({"sec-ch-width": "200", "width": "900"}, 320),
        ({"sec-ch-width": "x", "width": "900"}, 960),
        ({"sec-ch-width": "200;a=1"}, 320),  # RFC 8941: parameters
        ({"sec-ch-width": "900, 200"}, 320),  # of several the last
        ({"sec-ch-width": "0"}, None),
        ({"sec-ch-width": "-5"}, None),
        ({"sec-ch-width": "1e3"}, None),
        ({"sec-ch-width": "200.5"}, None),
        ({"sec-ch-width": "9" * 5000}, None),
        ({"sec-ch-width": ""}, None),
        ({}, None),
    ],
)
def test_width(headers: Mapping[str, str], expected: int | None) -> None:
    assert hints.width(headers) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1"), ("1.0", "1"), ("0.5", "1"), ("1.25", "1.5"), ("1.5", "1.5"), ("1.501", "2"),
        ("2", "2"), ("2.625", "3"), ("3", "3"), ("4", "3"), ("100000", "3"), ("0", None),
        ("0.0", None), ("-1", None), ("2.6251", None), ("inf", None), ("nan", None), ("", None),
    ],
)  # fmt: skip
def test_density(text: str, expected: str | None) -> None:
    assert hints.density({"sec-ch-dpr": text}) == expected
    assert hints.density({"dpr": text}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on", True),
        ("ON", True),
        ("a; on", True),
        ("on, on", True),
        ("off", False),
        ("", False),
        ("online", False),
    ],
)
def test_save_data(text: str, expected: bool) -> None:
    assert hints.saves_data({"save-data": text}) is expected


@pytest.mark.parametrize(
    ("query", "headers", "canonical", "varies"),
    [
        # The width of a picture whose size is open; it is in device pixels, so dpr is 1.
        ("", WIDTH | DPR, "w=800", V_WIDTH + V_SAVE),
        ("fit=max", WIDTH, "w=800&fit=max", V_WIDTH + V_SAVE),
        ("dpr=3", WIDTH, "w=800", V_WIDTH + V_SAVE),
        ("", {}, "", V_WIDTH + V_SAVE),
        ("w=9", WIDTH, "w=9", V_DPR + V_SAVE),
        ("h=9", WIDTH, "h=9", V_DPR + V_SAVE),
        # The density of a picture whose size is given and whose density is not.
        ("w=9", DPR, "w=9&dpr=2", V_DPR + V_SAVE),
        ("h=0.5", DPR, "h=0.5&dpr=2", V_DPR + V_SAVE),
        ("w=9&dpr=1", DPR, "w=9", V_SAVE),
        ("w=9&dpr=3", DPR, "w=9&dpr=3", V_SAVE),
        # The quality of a picture that has one which is open: 25 less than 75.
        ("w=9&dpr=1", SAVE, "w=9&q=50", V_SAVE),
        ("w=9&dpr=1&q=75", SAVE, "w=9", ()),
        ("w=9&dpr=1&q=90", SAVE, "w=9&q=90", ()),
        ("w=9&dpr=1&fm=png", SAVE, "w=9&fm=png", ()),
        ("w=9&dpr=1&fm=gif", SAVE, "w=9&fm=gif", ()),
        ("w=9&dpr=1&fm=avif", SAVE, "w=9&fm=avif&q=50", V_SAVE),
        ("w=9&dpr=1&depth=16", SAVE, "w=9&depth=16", ()),
        ("w=9&dpr=1&depth=16&fm=jpg", SAVE, "w=9&fm=jpg&q=50&depth=16", V_SAVE),
        ("preset=s", DPR | SAVE, "w=50&dpr=2&q=50", V_DPR + V_SAVE),
        ("", WIDTH | DPR | SAVE, "w=800&q=50", V_WIDTH + V_SAVE),
    ],
)
def test_a_hint_says_what_a_query_leaves_open(
    query: str, headers: Mapping[str, str], canonical: str, varies: tuple[str, ...]
) -> None:
    grammar = QueryGrammar(Settings(client_hints=ALL, presets={"s": "w=50"}, formats=()))
    asked = grammar.parse(query, headers)
    assert (asked.transform.canonical, asked.varies) == (canonical, varies)
    without = QueryGrammar(Settings(presets={"s": "w=50"}, formats=()))
    assert without.parse(query, headers) == without.parse(query)
    assert without.parse(query, headers).varies == ()


def test_the_default_is_a_query_too() -> None:
    asked = QueryGrammar(Settings(client_hints=ALL, default="w=9")).parse("", WIDTH | DPR)
    assert asked.transform.canonical == "w=9&dpr=2"
    only = QueryGrammar(Settings(client_hints=("dpr",), formats=())).parse("", WIDTH | DPR)
    assert (only.transform.canonical, only.varies) == ("", ())


def test_restricted_widths_are_the_steps() -> None:
    grammar = QueryGrammar(
        Settings(
            client_hints=ALL, widths=(300, 900), presets={"s": "w=50", "t": "fit=max"}, formats=()
        )
    )
    assert grammar.parse("", WIDTH).transform.canonical == "w=900"
    assert grammar.parse("preset=t", {"width": "2000"}).transform.canonical == "w=900&fit=max"
    assert grammar.parse("dpr=2", {"width": "200"}).transform.canonical == "w=300"
    # A link's number is in device pixels there, a preset's is not.
    assert grammar.parse("w=300", DPR).transform.canonical == "w=300"
    assert grammar.parse("w=300", DPR).varies == V_SAVE
    assert grammar.parse("preset=s", DPR).transform.canonical == "w=50&dpr=2"


def test_hostile_hints_make_few_pictures() -> None:
    grammar = QueryGrammar(Settings(client_hints=ALL))
    made = {
        grammar.parse(
            query, {"sec-ch-width": str(w), "sec-ch-dpr": str(w / 100), "save-data": save}
        ).transform.canonical
        for query in ("", "w=100")
        for w in range(1, 5000)
        for save in ("on", "off")
    }
    assert len(made) == 2 * (len(hints.WIDTHS) + len(hints.DENSITIES))


def test_the_steps_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    rows = text.partition("<!-- hints-table -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]
    shown = {name: tuple(headers.split(", ")) for name, headers, *_ in cells}
    assert shown == dict(hints.FIELDS)
    steps = [cell[2].partition(";")[0] for cell in cells]
    assert steps == [", ".join(map(str, hints.WIDTHS)), ", ".join(hints.DENSITIES), "on"]
    assert str(hints.SAVED_QUALITY) in cells[2][4]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(saved(quadrants(1000, 750), "JPEG"))
    return tmp_path


def both(source: Any, target: str, headers: Mapping[str, str], **options: Any) -> Any:
    status, fields, body = drivers.both(source, target, headers=headers, **options)
    return status, dict(fields), body


def test_a_hinted_picture_is_that_of_its_link(photos: Path) -> None:
    status, hinted, body = both(photos, "/image/a.jpg", {"Sec-CH-Width": "450"}, client_hints=ALL)
    assert (status, opened(body).size) == (200, (480, 360))
    assert hinted["accept-ch"] == "Sec-CH-Width, Sec-CH-DPR"
    assert hinted["vary"] == "Accept, Sec-CH-Width, Width, Save-Data"
    _, link, same = both(photos, "/image/a.jpg?w=480", {}, client_hints=ALL)
    assert (link["etag"], same) == (hinted["etag"], body)
    assert link["vary"] == "Accept, Sec-CH-DPR, DPR, Save-Data"
    _, off, whole = both(photos, "/image/a.jpg", {"Sec-CH-Width": "450"})
    assert (opened(whole).size, off["vary"]) == ((1000, 750), "Accept")
    assert "accept-ch" not in off


def test_vary_is_on_every_answer_once_the_query_is_read(photos: Path) -> None:
    def answer(target: str, **headers: str) -> Any:
        status, fields, _ = both(photos, target, headers, client_hints=("dpr",))
        return status, fields.get("vary")

    assert answer("/image/a.jpg?w=9&fm=png") == (200, "Sec-CH-DPR, DPR")
    assert answer("/image/a.jpg?w=9&fm=png&dpr=1") == (200, None)
    condition = {"If-None-Match": "*"}
    assert answer("/image/a.jpg?w=9", **condition) == (304, "Accept, Sec-CH-DPR, DPR")
    assert answer("/image/none?w=9") == (404, "Accept, Sec-CH-DPR, DPR")
    assert answer("/image/a.jpg?w=x") == (400, None)


def test_save_data_alone_needs_no_accept_ch(photos: Path) -> None:
    service = ImageService(photos, client_hints=["save-data"])
    plain = get(service, "w=90", "a.jpg")
    saving = get(service, "w=90", "a.jpg", **SAVE)
    asked = get(service, "w=90&q=50", "a.jpg", **SAVE)
    assert plain is not None
    assert plain.header("accept-ch") is None
    assert saving.body == asked.body
    assert len(saving.body) < len(plain.body)
