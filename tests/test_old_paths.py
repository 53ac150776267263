"""Import paths that were documented once go on working, and say where the names are now."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from imgmiddleware import __version__, cache, forms
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.service import timing


@pytest.mark.parametrize(
    ("path", "name", "now", "value"),
    [
        ("imgmiddleware.operations.forms", "whole", "imgmiddleware.forms", forms.whole),
        ("imgmiddleware.operations.forms", "Form", "imgmiddleware.forms", forms.Form),
        ("imgmiddleware.operations.forms", "malformed", "imgmiddleware.forms", forms.malformed),
        ("imgmiddleware.timing", "step", "imgmiddleware.service.timing", timing.step),
    ],
)
def test_the_old_path(
    path: str, name: str, now: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, path, raising=False)
    with pytest.warns(DeprecationWarning, match=f"{path} has moved: {now}$"):
        assert getattr(import_module(path), name) is value


@pytest.mark.parametrize(
    "name", ["imgmiddleware.operations.forms", "imgmiddleware.timing", "imgmiddleware.cache.Disk"]
)
def test_the_changelog_says_until_when(name: str) -> None:
    """docs/upgrades.md: a minor release lies between."""
    text = (Path(__file__).parents[1] / "CHANGELOG.md").read_text()
    listed = text.partition("### Deprecated\n")[2].partition("\n#")[0]
    (number,) = re.findall(r"^These go on working until 0\.(\d+)", listed)
    assert f"`{name}`" in listed
    assert int(number) >= int(__version__.split(".")[1]) + 1


def test_the_old_name_of_the_disk_store() -> None:
    with pytest.warns(DeprecationWarning, match=r"Disk has moved: imgmiddleware\.cache\.disk\."):
        assert cache.Disk is DiskStore
    with pytest.raises(AttributeError, match="Disc"):
        cache.Disc  # noqa: B018 - that it is not there is the test
