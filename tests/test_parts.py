"""A missing part is told, and where all parts are claimed to be there it is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

import parts

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parts.PARTS, "an oven", parts.Part("oven-light", lambda: None))
    monkeypatch.setattr(parts, "ALL_ARE_THERE", False)
    monkeypatch.setattr(parts, "LEFT_OUT", frozenset({"hob"}))
    monkeypatch.setattr(parts, "skipped", set())


@pytest.mark.parametrize("everything", [False, True])
def test_one_line_names_it_and_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    monkeypatch.setattr(parts, "ALL_ARE_THERE", everything)
    told = pytest.fail.Exception if everything else pytest.skip.Exception
    for ask, name, brings in (
        (parts.need, "an oven", "apt-get install oven-light"),
        (parts.program, "kettle", "pip install kettle"),
        (parts.module, "no_such_module", "pip install no_such_module"),
    ):
        with pytest.raises(told) as error:
            ask(name)
        assert str(error.value) == f"NOT TESTED: {name} IS MISSING ({brings})"
    assert len(parts.skipped) == (0 if everything else 3)


def test_what_is_left_out_by_intent_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ALL_ARE_THERE", True)
    with pytest.raises(pytest.skip.Exception, match="left out"):
        parts.missing("hob", "")


def test_nobody_else_looks_for_parts() -> None:
    """It would skip silently, or in its own words, where CI claims that all parts are there."""
    ways = ("shutil.which", "find_library", "importorskip", "collect_ignore")
    own = {HERE / "parts.py", Path(__file__)}
    strays = [
        f"{file.relative_to(HERE)}: {way}"
        for file in HERE.rglob("*.py")
        if file not in own
        for way in ways
        if way in file.read_text()
    ]
    assert strays == []
