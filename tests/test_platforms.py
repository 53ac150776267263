"""docs/platforms.md, the markers of pyproject.toml and its classifiers say the same."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGE = (ROOT / "docs" / "platforms.md").read_text()

#: Written in Python alone.
PURE = {"anyio", "starlette", "webob"}
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.14"}
MAC = LINUX | {"sys_platform": "darwin", "platform_machine": "arm64"}
WINDOWS = LINUX | {"sys_platform": "win32", "platform_machine": "AMD64"}
#: Column of the table -> what markers see there. None can tell musl, or a build without the lock.
PLATFORMS = {
    1: [LINUX, LINUX | {"platform_machine": "aarch64"}],
    3: [MAC, MAC | {"platform_machine": "x86_64"}],
    4: [WINDOWS],
    6: [LINUX | {"python_version": "3.15"}],
}


def rows(name: str) -> list[list[str]]:
    table = PAGE.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_the_versions_that_were_run_are_those_of_the_classifiers() -> None:
    known = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert known == [row[0] for row in rows("runs-table")]
    assert PROJECT["requires-python"] == f">={known[0]}"


def test_no_older_version_is_promised_than_the_other_parts_take() -> None:
    """For NumPy no such version could be installed: the oldest OpenCV asks for a newer one."""
    ours = {each.name: each for each in map(Requirement, PROJECT["dependencies"])}
    for part in filter(installed, ours):
        for asked in map(Requirement, requires(part) or ()):
            if asked.name in ours and (
                asked.marker is None or asked.marker.evaluate({"extra": ""})
            ):
                (oldest,) = ours[asked.name].specifier
                assert asked.specifier.contains(oldest.version), f"{part} asks for {asked}"


def installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


@pytest.mark.parametrize("column", PLATFORMS)
def test_what_is_asked_for_is_what_has_wheels(column: int) -> None:
    said = {row[0]: row[column] for row in rows("wheels-table")}
    wanted = [Requirement(text) for text in PROJECT["dependencies"]]
    for part in wanted:
        if part.name in PURE:
            continue
        asked = [
            part.marker is None or part.marker.evaluate(platform) for platform in PLATFORMS[column]
        ]
        word = said[part.name]
        expected = {"yes": {True}, "no": {False}, "on ARM": {True, False}}.get(word, {True})
        assert set(asked) == expected, part.name


def test_the_extras_and_what_they_install() -> None:
    extras = {
        f"`{name}`": ", ".join(sorted(Requirement(each).name for each in parts))
        for name, parts in PROJECT["optional-dependencies"].items()
    }
    assert {row[0]: row[2] for row in rows("extras-table")} == extras
    readme = (ROOT / "README.md").read_text().partition("Extras bring")[2].partition("\n\n")[0]
    assert {*re.findall(r"`\w+`", readme)} - {"`demo`"} == {*extras}
