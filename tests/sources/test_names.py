"""Names of files are bytes: they are found without a locale, as inside of uWSGI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pictures import quadrants, saved

#: Names of files, and of a folder, in scripts of one to four bytes a character.
_NAMES = ("Möwe.jpg", "日本.png", "сад/дерево.bmp", "🦉.gif")

#: In a process whose names of files are ASCII, by Python's own account.
_WITHOUT_A_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

_ASKED = r"""
import json, sys
from imgmiddleware import DirectorySource, ImageRequest, ImageService
from imgmiddleware.cli.pages.listing import list_ids

assert sys.getfilesystemencoding() == "ascii"
root, names = json.loads(sys.stdin.read())
options = {"cache_dir": root + " \u2013 \u043a\u0435\u0448", "cache_bytes": 0}
services = {
    "directory": ImageService(root, **options),
    "by name": ImageService(root, unsafe_follow_symlinks=True),
    "function": ImageService(lambda id: f"{root}/{id}"),
}
told = {}
for kind, service in services.items():
    for name in names:
        for _ in range(2):  # the second time from the folder of results
            answer = service.handle(ImageRequest("GET", f"/image/{name}", "w=30&fm=png"))
            told.setdefault(kind, []).append((answer.status, len(answer.read())))
told["held"] = services["directory"].holding()["disk"].entries
source = services["directory"].source
told["listed"] = list_ids(source, services["directory"].settings)[0]
print(json.dumps(told))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "Bücher"
    (folder / "сад").mkdir(parents=True)
    for name, format in zip(_NAMES, ("JPEG", "PNG", "BMP", "GIF"), strict=True):
        (folder / name).write_bytes(saved(quadrants(60, 40), format))
    (folder / "Link").symlink_to("сад/дерево.bmp")
    (folder / "absolut").symlink_to(folder / "日本.png")
    with open(os.fsencode(folder) + b"/latin-1 \xe9.png", "wb") as file:
        file.write(saved(quadrants(60, 40), "PNG"))
    return folder


def _told(root: Path, names: list[str]) -> dict[str, object]:
    environment = {**os.environ, **_WITHOUT_A_LOCALE, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:'cgi':DeprecationWarning", "-c", _ASKED],
        input=json.dumps([str(root), names]),
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_names_are_found_without_a_locale(root: Path) -> None:
    names = [*_NAMES, "Link", "absolut"]
    told = _told(root, [*names, "latin-1 é.png", "latin-1 \ufffd.png"])
    listed = sorted(sorted(names), key=str.casefold)
    assert told["listed"] == listed  # and not the name that is no UTF-8, as no URL leads to it
    for kind in ("directory", "by name", "function"):
        answers = told[kind]
        statuses = [status for status, _ in answers]
        assert statuses == [200] * 2 * len(names) + [404] * 4, kind
        assert answers == told["directory"]
    # Links are pictures of their own, as they have IDs of their own.
    assert told["held"] == len(names)
    assert root.with_name("Bücher – кеш").is_dir()
