"""The examples in docstrings of the public face do what they say."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import imgmiddleware
from pictures import quadrants, saved

MODULES = [
    "imgmiddleware.asgi.app",
    "imgmiddleware.asgi.middleware",
    "imgmiddleware.asgi.pages",
    "imgmiddleware.errors",
    "imgmiddleware.forms",
    "imgmiddleware.forms.form",
    "imgmiddleware.messages",
    "imgmiddleware.objects.address",
    "imgmiddleware.objects.content_range",
    "imgmiddleware.objects.parallel",
    "imgmiddleware.errors.nearest",
    "imgmiddleware.observing.observation",
    "imgmiddleware.operations.own",
    "imgmiddleware.operations.transform",
    "imgmiddleware.formats.palette.texts",
    "imgmiddleware.pixels.swatches",
    "imgmiddleware.pixels.value_range",
    "imgmiddleware.service.admission.deadline",
    "imgmiddleware.service.making.info",
    "imgmiddleware.service.pages.markup",
    "imgmiddleware.service.service",
    "imgmiddleware.service.work",
    "imgmiddleware.settings",
    "imgmiddleware.settings.options",
    "imgmiddleware.sources.array",
    "imgmiddleware.sources.directory",
    "imgmiddleware.sources.function",
    "imgmiddleware.sources.memory",
    "imgmiddleware.sources.objects",
    "imgmiddleware.sources.original",
    "imgmiddleware.sources.ids",
    "imgmiddleware.sources.several",
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


def test_every_public_class_has_an_example() -> None:
    public = [getattr(imgmiddleware, name) for name in imgmiddleware.__all__]
    classes = [value for value in public if inspect.isclass(value)]
    assert len(classes) > 10
    assert [kind.__name__ for kind in classes if ">>>" not in (kind.__doc__ or "")] == []
    assert {kind.__module__ for kind in classes} <= {*MODULES}  # and it is run
