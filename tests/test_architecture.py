"""Imports only go down: the tables in CONTRIBUTING.md against the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "imgmiddleware"


def table(name: str) -> dict[str, set[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition(f"<!-- {name} -->")[2]
    rows = text.partition("\n\n")[0].strip().splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {first.strip(" `"): set(re.findall(r"`(\w+)`", rest)) for first, rest in cells}


def modules() -> Iterator[tuple[str, Path]]:
    """Every file with the room it belongs to; the package's own front door belongs to none."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in ("__init__", "__main__"):
            yield room, path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_rooms_import_only_what_the_table_allows() -> None:
    allowed = table("imports-table")
    used: dict[str, set[str]] = {room: set() for room in allowed}
    for room, path in modules():
        assert room in allowed, f"{path.name}: CONTRIBUTING.md has no row for {room}"
        for name in imported(path):
            if name.startswith("imgmiddleware."):
                target = name.split(".")[1]
                if target not in allowed:
                    target = "imgmiddleware"  # a public name, by the package's front door
                assert target == room or target in allowed[room], f"{path}: imports {name}"
                used[room].add(target)
    for room, rooms in allowed.items():
        assert rooms <= used[room], f"{room}: the table allows what nobody uses"


def test_the_table_goes_only_down() -> None:
    seen: set[str] = set()
    for room, rooms in table("imports-table").items():
        assert rooms - {"imgmiddleware"} <= seen, (
            f"{room} imports a room that stands below it in the table"
        )
        seen.add(room)


def test_libraries_stay_in_their_rooms() -> None:
    homes = table("libraries-table")
    for room, path in modules():
        for name in imported(path):
            library = name.split(".")[0]
            if library in homes:
                assert room in homes[library], f"{path}: {library} stays in {homes[library]}"


def test_every_room_is_described() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for room, _ in modules():
        assert f"`{room}.py`" in text or f"`{room}/`" in text, room


def test_a_file_is_read_in_one_sitting() -> None:
    for _, path in modules():
        lines = len(path.read_text().splitlines())
        assert lines <= 300, f"{path}: {lines} lines"
