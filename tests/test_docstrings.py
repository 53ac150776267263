"""The examples in docstrings of the public face do what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from pictures import quadrants, saved

MODULES = [
    "imgmiddleware.asgi",
    "imgmiddleware.errors",
    "imgmiddleware.forms",
    "imgmiddleware.messages",
    "imgmiddleware.operations.own",
    "imgmiddleware.operations.transform",
    "imgmiddleware.service.service",
    "imgmiddleware.service.work",
    "imgmiddleware.settings",
    "imgmiddleware.sources.directory",
    "imgmiddleware.sources.function",
    "imgmiddleware.sources.memory",
    "imgmiddleware.sources.original",
    "imgmiddleware.wsgi",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(saved(quadrants(1200, 900), "JPEG"))
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(import_module(name))
    assert tried > 0
    assert failed == 0
