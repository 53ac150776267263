"""docs/sources.md does what it says: its snippets run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from asking import get
from drivers import call_wsgi, plain_wsgi
from imgmiddleware import BytesOriginal
from pictures import opened, quadrants, saved

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for width, name in enumerate(("scans/maps/town.tif", "archive/a.tif", "photos/cat.jpg"), 50):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(saved(quadrants(width, 40), "TIFF" if name.endswith("f") else "JPEG"))
    monkeypatch.chdir(tmp_path)


def run(number: int, **names: Any) -> dict[str, Any]:
    exec(compile(SNIPPETS[number], "sources.md", "exec"), names)
    return names


def width(answer: Any) -> int:
    return opened(answer.read()).size[0]


def test_prefixes() -> None:
    assert len(SNIPPETS) == 5
    art = {"7": saved(quadrants(60, 40), "PNG")}
    app = run(2, application=plain_wsgi, ART=art)["application"]
    sizes = {"maps/town.tif": 50, "maps/old/a.tif": 51, "cat.jpg": 52, "art/7": 60}
    for id, size in sizes.items():
        assert opened(call_wsgi(app, f"/image/{id}")[2]).size[0] == size
    for id in ("maps/old/town.tif", "maps/../art/7", "maps/", "maps", "mapsize.png", "town.tif"):
        assert call_wsgi(app, f"/image/{id}")[0] == 404


def test_a_chain() -> None:
    found = {"cat.jpg": saved(quadrants(90, 40), "PNG"), "far": saved(quadrants(91, 40), "PNG")}
    service = run(3, find_art=found.get, find_elsewhere=found.get)["service"]
    assert [width(get(service, id=id)) for id in ("cat.jpg", "art/far", "far")] == [52, 91, 91]
    assert get(service, id="none").status == 404


def test_names() -> None:
    def tag(**names: Any) -> str | None:
        return get(run(4, **names)["service"], id="1").header("ETag")

    data = saved(quadrants(), "PNG")
    one = tag(release_folder="photos", find_elsewhere=lambda id: BytesOriginal(data, version=1))
    two = tag(release_folder="archive", find_elsewhere={"1": BytesOriginal(data, version=1)}.get)
    assert one == two
