"""The README and the pages of tables do what they say: snippets run, tables are those of the code."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from starlette.applications import Starlette

from drivers import call_asgi, call_wsgi, plain_wsgi
from imgmiddleware import ImageRequest, ImageService, Settings
from imgmiddleware.cli.arguments import parser
from imgmiddleware.errors import CODES
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.stages import OWNERS, Stage, build
from imgmiddleware.settings import UNSAFE_FORMATS
from imgmiddleware.settings.links import LinkSettings
from imgmiddleware.settings.load import LoadSettings
from imgmiddleware.settings.originals import OriginalSettings
from imgmiddleware.settings.results import ResultSettings
from pictures import opened, quadrants, saved

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PACKAGE = ROOT / "imgmiddleware"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
#: A part of the cache folder, and what readers have: a file of Django, originals, a viewer of npm.
NOT_OURS = {"sending/", "asgi.py", "heat.py", "manage.py", "photos/", "scans/"}
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
QUERY, OPTIONS, ERRORS, COMMANDS = (
    (ROOT / "docs" / f"{name}.md").read_text()
    for name in ("query", "options", "errors", "command_line")
)
GROUPS = {
    "links": LinkSettings,
    "originals": OriginalSettings,
    "results": ResultSettings,
    "load": LoadSettings,
}


def table(page: str, name: str) -> list[list[str]]:
    """The cells of a table's rows, without code marks."""
    rows = page.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    # A bar inside of code marks is text.
    cut = [re.sub(r"`[^`]*`", lambda m: m[0].replace("|", "\0"), row) for row in rows]
    return [[c.strip().replace("\0", "|") for c in row.strip("|").split("|")] for row in cut]


def plain(cell: str) -> str:
    return cell.replace("`", "")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "photos"
    (folder / "2024").mkdir(parents=True)
    for name, format in (("2024/cat.tif", "TIFF"), ("scan.bmp", "BMP"), ("cat.jpg", "JPEG")):
        (folder / name).write_bytes(saved(quadrants(1200, 900), format))
    monkeypatch.chdir(tmp_path)
    return folder


def run(snippet: str, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"  # Flask looks for the file of its module
    exec(compile(snippet, "README.md", "exec"), names)
    return names


def test_there_are_these_snippets() -> None:
    assert len(SNIPPETS) == 5


@pytest.mark.usefixtures("photos")
def test_the_one_line_of_each_framework() -> None:
    flask = run(SNIPPETS[0], app=Flask("README"))["app"]
    starlette = run(SNIPPETS[1], app=Starlette())["app"]  # FastAPI's own is this one's
    django = run(SNIPPETS[2], application=plain_wsgi)["application"]
    pages = [
        call(app, "/image/2024/cat.tif?w=800")
        for call, app in ((call_wsgi, flask), (call_asgi, starlette), (call_wsgi, django))
    ]
    assert pages[0] == pages[1] == pages[2]
    assert opened(pages[0][2]).size == (800, 600)
    assert opened(pages[0][2]).format == "JPEG"


@pytest.mark.usefixtures("photos")
def test_the_blog_posts_job() -> None:
    names = run(SNIPPETS[0], app=Flask("README"))
    app = run(SNIPPETS[3], **names)["app"]
    status, headers, body = call_wsgi(app, "/image/1")
    assert (status, dict(headers)["content-type"]) == (200, "image/png")
    assert opened(body).size == (400, 300)
    assert call_wsgi(app, "/image/3")[0] == 404
    assert call_wsgi(app, "/elsewhere")[2].startswith(b"<!doctype html>")


@pytest.mark.usefixtures("photos")
def test_the_array() -> None:
    names = run(SNIPPETS[0], app=Flask("README"), temperatures=np.eye(256)[:64])
    app = run(SNIPPETS[4], **names)["app"]
    assert opened(call_wsgi(app, "/image/heat/now")[2]).size == (256, 64)
    assert call_wsgi(app, "/image/ramp")[0] == 404


@pytest.mark.usefixtures("photos")
def test_ones_own_operation() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", QUERY, re.DOTALL)
    names = run(snippet)
    path, _, query = names["link"].partition("?")
    answer = names["service"].handle(ImageRequest("GET", path, query))
    picture = opened(answer.body).convert("L")
    assert picture.size == (400, 300)
    assert picture.getpixel((100, 200)) < 50  # flat inside of a quadrant
    assert picture.crop((190, 0, 210, 100)).getextrema()[1] > 150  # an edge between two


def command(name: str) -> str:
    """The one line of a block."""
    block = README.partition(f"<!-- {name} -->\n```console\n")[2].partition("```")[0]
    (line,) = block.splitlines()
    return line


def test_each_command_makes_the_environment_that_it_installs_into() -> None:
    """Debian's python3 refuses `pip install` outside of one (PEP 668)."""
    for name in ("demo-command", "test-command"):
        first, *others = command(name).split(" && ")
        assert first == "python3 -m venv .venv"
        assert all(other.startswith(".venv/bin/") for other in others)


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="the source distribution has no .ci")
@pytest.mark.parametrize("who", ["root", "who has sudo", "who has to be asked"])
def test_ci_runs_the_two_commands_of_the_readme(who: str, tmp_path: Path) -> None:
    """Programs that only write down their arguments."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    shutil.copy(ROOT / "README.md", tmp_path)
    scripts = tmp_path / "bin", tmp_path / ".venv" / "bin"
    for folder, names in zip(
        scripts, (["apt-get", "python3", "sudo"], ["pip", "tox"]), strict=True
    ):
        folder.mkdir(parents=True)
        for program in names:
            words = f'{program} $IMGMIDDLEWARE_ALL_PARTS "$@"'
            (folder / program).write_text(f'#!/bin/sh\necho {words} >> "{tmp_path}/calls"\n')
            (folder / program).chmod(0o755)
    (tmp_path / "bin" / "id").write_text(f"#!/bin/sh\necho {0 if who == 'root' else 1000}\n")
    (tmp_path / "bin" / "id").chmod(0o755)
    if who == "who has to be asked":
        (tmp_path / "bin" / "sudo").write_text("#!/bin/sh\nexit 1\n")
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    subprocess.run(["bash", ".ci/run"], cwd=tmp_path, env={"PATH": path}, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    bring, test = command("parts-command"), command("test-command")
    brought = [line.removeprefix("sudo ") for line in bring.split(" && ")]
    by_sudo = [f"sudo -n env DEBIAN_FRONTEND=noninteractive {line}" for line in brought]
    expected = {"root": brought, "who has sudo": ["sudo -n true", *by_sudo]}.get(who, [])
    for line in test.split(" && "):
        program, _, words = line.removeprefix(".venv/bin/").partition(" ")
        expected.append(f"{program} 1 {words}".rstrip())
    assert calls == expected


def test_the_query_table() -> None:
    rows = {plain(row[0]): row for row in table(QUERY, "query-table")}
    others = {"preset", "v", "dl", "ixlib", "frame"}
    assert set(rows) == set(OWNERS) | others
    for operation in dict.fromkeys(OWNERS.values()):
        fields = dataclasses.fields(operation)
        for field, (name, form) in zip(fields, operation.forms().items(), strict=True):
            assert plain(rows[name][1]) == form.words
            if field.default is not None:
                assert plain(rows[name][2]) == form.write(field.default)


def test_the_query_table_stands_in_the_order_in_which_they_apply() -> None:
    """But for the two that everybody looks for first."""
    names = [plain(row[0]) for row in table(QUERY, "query-table")]
    assert names[:2] == ["w", "h"]
    assert [name for name in names[2:] if name in OWNERS] == [
        name for name in OWNERS if name not in ("w", "h")
    ]


def test_the_sentence_of_the_order_is_that_of_the_stages() -> None:
    sentence = ", ".join(stage.words for stage in Stage)
    assert f"table, but for `w` and `h`: {sentence}." in " ".join(QUERY.split())


def test_the_fit_table() -> None:
    rows = table(QUERY, "fit-table")
    head = QUERY.partition("<!-- fit-table -->\n")[2].splitlines()[0]
    queries = [plain(cell.strip()) for cell in head.strip("|").split("|")[2:]]
    assert len(rows) == 9
    for fit, _, *cells in rows:
        for query, cell in zip(queries, cells, strict=True):
            texts = dict(pair.split("=") for pair in query.split("&")) | {"fit": plain(fit)}
            width, height = build(texts).get(Resize).geometry(300, 200).canvas
            assert cell == f"{width} x {height}", (fit, query)


def test_the_options_tables() -> None:
    tables = {group: table(OPTIONS, f"options-table: {group}") for group in GROUPS}
    for group, settings in GROUPS.items():
        names = [plain(name) for name, _, _ in tables[group]]
        assert names == [field.name for field in dataclasses.fields(settings)]
    rows = {plain(name): default for rows in tables.values() for name, default, _ in rows}
    meanings = {plain(name): meaning for rows in tables.values() for name, _, meaning in rows}
    defaults = Settings()
    assert set(rows) == {field.name for field in dataclasses.fields(Settings)}
    for name, default in rows.items():
        value = getattr(defaults, name)
        if name == "original_formats":
            assert default == "all of them"
            assert set(re.findall(r"`(\w+)`", meanings[name])) == value
        elif name == "unsafe_original_formats":
            assert (default, value) == ("none", frozenset())
            assert set(re.findall(r"`(\w+)`", meanings[name])) == UNSAFE_FORMATS
        else:
            shown = value.__name__ if isinstance(value, type) else json.dumps(value)
            expected = {"true": "True", "false": "False", "null": "None"}.get(shown, shown)
            assert plain(default) == expected, name


def test_the_errors_table() -> None:
    rows = {
        plain(code): (int(status), meaning)
        for code, status, meaning in table(ERRORS, "errors-table")
    }
    assert rows == dict(CODES)


def test_how_errors_look() -> None:
    block = ERRORS.partition("```http\n")[2].partition("```")[0]
    head, _, body = block.partition("\n\n")
    answer = ImageService(lambda id: b"").handle(ImageRequest("GET", "/image/x", "w=9000"))
    assert answer is not None
    assert json.loads(body) == json.loads(answer.body)
    assert f"HTTP/1.1 {answer.status} Bad Request" in head
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(": ")
        assert answer.header(name) == value


def test_http_lists_every_note() -> None:
    listed = (
        (ROOT / "docs" / "http.md").read_text().partition("## Image-Notes")[2].partition("\n##")[0]
    )
    named = ("NOT_KEPT", "DAMAGED", "MASK_IGNORED", "CLIPPED", "DARK", "PROFILE_IGNORED", "STILLED")
    code = "".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    notes = re.findall(rf"^(?:{'|'.join(named)}) = \"([a-z-]+)\"", code, re.MULTILINE)
    assert len(notes) == len(named)
    assert {note for note in notes if f"`{note}" not in listed} == set()


def test_the_commands_are_understood() -> None:
    block = COMMANDS.partition("```console\n")[2].partition("```")[0]
    for line in block.splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "imgmiddleware"
        assert parser().parse_args(words).command == words[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        file, _, heading = target.partition("#")
        other = (page.parent / file) if file else page
        assert other.exists(), target
        assert not heading or heading in headings(other), target


def headings(page: Path) -> set[str]:
    """Their anchors, as GitHub makes them."""
    texts = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_rooms_that_are_named_are_there(page: Path) -> None:
    """In code marks, from the repository's root or from anywhere in the package, with a slash or a suffix."""
    for name in re.findall(r"`((?:[\w-]+/)*[\w-]+(?:\.py|/))`", page.read_text()):
        theirs = name in NOT_OURS or name.startswith("shop/")
        assert theirs or (ROOT / name).exists() or any(PACKAGE.rglob(name)), name
