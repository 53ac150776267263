"""Imports only go down: the tables in CONTRIBUTING.md against the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "imgmiddleware"


def table(name: str) -> dict[str, set[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition(f"<!-- {name} -->")[2]
    rows = text.partition("\n\n")[0].strip().splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {first.strip(" `"): set(re.findall(r"`(\w+)`", rest)) for first, rest in cells}


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Every file with the room it belongs to; the package's own front door belongs to none."""
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            yield room, path


def imported(path: Path) -> Iterator[str]:
    """The imports, by a statement or by name: `import_module("pyspng")`.

    A name that is not written out is "?".
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in ("import_module", "__import__", "_module"):
                given = [*node.args, *(word.value for word in node.keywords)]
                first = given[0] if given else None
                yield str(first.value) if isinstance(first, ast.Constant) else "?"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def check_table(name: str, package: Path, prefix: str) -> None:
    """Each room below this folder imports what its row allows, and all that a row allows is used."""
    allowed = table(name)
    used: dict[str, set[str]] = {room: set() for room in allowed}
    for room, path in modules(package):
        assert room in allowed, f"{path.name}: CONTRIBUTING.md has no row for {room}"
        for imports in imported(path):
            assert imports != prefix.rstrip("."), f"{path}: all of the package could be reached"
            if imports.startswith(prefix):
                target = imports.removeprefix(prefix).split(".")[0]
                if target not in allowed:
                    target = "imgmiddleware"  # a public name, by the package's front door
                assert target == room or target in allowed[room], f"{path}: imports {imports}"
                used[room].add(target)
    for room, rooms in allowed.items():
        assert rooms <= used[room], f"{room}: the table allows what nobody uses"


def test_rooms_import_only_what_the_table_allows() -> None:
    check_table("imports-table", PACKAGE, "imgmiddleware.")


def test_so_do_those_of_the_service() -> None:
    check_table("service-table", PACKAGE / "service", "imgmiddleware.service.")


@pytest.mark.parametrize("name", ["imports-table", "service-table"])
def test_the_table_goes_only_down(name: str) -> None:
    seen: set[str] = set()
    for room, rooms in table(name).items():
        assert rooms - {"imgmiddleware"} <= seen, (
            f"{room} imports a room that stands below it in the table"
        )
        seen.add(room)


def library_homes() -> dict[str, set[str]]:
    """Each library with the patterns of the files, below the package and without suffix, it is for."""
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("<!-- libraries-table -->")[2]
    rows = text.partition("\n\n")[0].strip().splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {first.strip(" `"): set(re.findall(r"`([\w/*]+)`", rest)) for first, rest in cells}


def stands_in(path: Path, patterns: set[str]) -> bool:
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return any(fnmatch(name, pattern.replace("**/", "*")) for pattern in patterns)


def strays(package: Path = PACKAGE) -> list[str]:
    """Files that import a library of another room, or an unknown one."""
    homes = library_homes() | {"?": {"formats/native", "cli/targets"}}
    return [
        f"{path}: {name}"
        for path in sorted(package.rglob("*.py"))
        for name in imported(path)
        if (library := name.split(".")[0]) in homes
        and not stands_in(PACKAGE / path.relative_to(package), homes[library])
    ]


def test_libraries_stay_in_their_files() -> None:
    assert strays() == []


#: Of `formats/`, the files that may call a decoder or an encoder, by name.
CODERS = {"formats/**/decode*", "formats/**/write*", "formats/encode*", "formats/compose*"}
CODERS |= {"formats/bands*", "formats/native"}
#: And those that may import these: the records, and the doors of rooms.
DOORS = {"formats/__init__", "formats/*/__init__"}
#: By these a decoder can be reached too; and the files that may: the one that lists the rooms, and
#: its users.
LISTS = {"formats/registry", "formats/results"}
ASKING = {"formats/registry", "formats/results", "formats/probe"}


def module_of(name: str) -> Path:
    """The file that a dotted name is, or is a name out of."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if file.exists():
            return file
    return path.parent / "__init__.py"


def reaching(package: Path = PACKAGE) -> list[str]:
    """Files of `formats/` that read headers, and import one that decodes or encodes."""
    found = []
    for path in sorted((package / "formats").rglob("*.py")):
        home = PACKAGE / path.relative_to(package)
        if stands_in(home, CODERS | DOORS):
            continue
        banned = CODERS if stands_in(home, ASKING) else CODERS | DOORS | LISTS
        found += [
            f"{path}: {name}"
            for name in imported(path)
            if name.startswith("imgmiddleware.formats") and stands_in(module_of(name), banned)
        ]
    return found


def test_a_header_reader_cannot_reach_a_decoder() -> None:
    assert reaching() == []


def test_an_import_that_is_planted_is_found(tmp_path: Path) -> None:
    """Each rule above, on a copy of one file with one line more."""
    reader = tmp_path / "formats" / "png" / "facts.py"
    reader.parent.mkdir(parents=True)
    text = (PACKAGE / reader.relative_to(tmp_path)).read_text()
    for line, rule in (
        ("import cv2", strays),
        ("from PIL import Image", strays),
        ('from importlib import import_module\nimport_module("pyspng")', strays),
        ('def inside():\n    __import__(name="cv2")', strays),
        ("library = 'cv' + '2'\n__import__(library)", strays),
        ("from imgmiddleware.formats.png.decode import filtered_rows", reaching),
        ("from imgmiddleware.formats import native", reaching),
        ("from imgmiddleware.formats import png", reaching),
        ("from imgmiddleware.formats.png import FORMAT", reaching),
        ("from imgmiddleware import formats", reaching),
        ("def inside():\n    from imgmiddleware.formats.registry import FORMATS", reaching),
    ):
        reader.write_text(text)
        assert rule(tmp_path) == []
        reader.write_text(f"{text}\n{line}\n")
        assert len(rule(tmp_path)) == 1, line


def test_every_room_is_described() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for room, _ in modules(PACKAGE):
        assert f"`{room}.py`" in text or f"`{room}/`" in text, room


def test_a_file_is_read_in_one_sitting() -> None:
    for _, path in modules(PACKAGE):
        lines = len(path.read_text().splitlines())
        assert lines <= 300, f"{path}: {lines} lines"
