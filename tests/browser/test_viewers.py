"""Real viewers in Chromium, out of npm's packages: they open, zoom and pan, and nothing fails.

The picture has a colour in each quarter, so that the painted colours tell where the viewer is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import parts
from browser.devtools import Browser, Page
from servers.processes import running, uvicorn

#: Neither side is a multiple of a tile's.
SIZE = (3073, 2411)
RED, GREEN, BLUE, GOLD = (205, 35, 45), (35, 150, 60), (40, 70, 200), (225, 180, 30)

#: Those of the environment that runs the tests: `npm install --prefix` puts them there.
NPM = Path(sys.prefix) / "node_modules"

#: The viewers, and what each opens.
OPENED = [
    *((viewer, f"/image/{version}/quarters.jpg/info.json") for viewer in ("openseadragon-5", "openseadragon-6", "leaflet", "ol") for version in (2, 3)),
    *((viewer, "/image/quarters.jpg.dzi") for viewer in ("openseadragon-5", "openseadragon-6")),
    *((viewer, "/image/quarters.jpg/{z}/{x}/{y}.png") for viewer in ("leaflet", "ol")),
    ("openseadragon-6", "/image/clear.png.dzi"),
]  # fmt: skip

pytestmark = pytest.mark.needs("Chromium")


def package(name: str) -> None:
    if not (NPM / name).is_dir():
        parts.missing(f"npm's {name}", f"npm install --prefix {sys.prefix} {name}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    photos = tmp_path_factory.mktemp("photos")
    width, height = SIZE
    quarters = Image.new("RGB", SIZE, RED)
    for color, at in (
        (GREEN, (width // 2, 0)),
        (BLUE, (0, height // 2)),
        (GOLD, (width // 2, height // 2)),
    ):
        quarters.paste(color, (*at, width, height))
    quarters.save(photos / "quarters.jpg", quality=95)
    clear = quarters.convert("RGBA")
    clear.putalpha(255)
    clear.save(photos / "clear.png")
    environment = {
        "IMGMIDDLEWARE_TEST_PHOTOS": str(photos),
        "IMGMIDDLEWARE_TEST_NPM": str(NPM),
        "IMGMIDDLEWARE_TEST_SIZE": json.dumps(SIZE),
    }
    folder = tmp_path_factory.mktemp("site")
    with running(
        uvicorn("h11", "viewers_app:app"), folder, environment, Path(__file__).parent
    ) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = Page(browser)
    yield opened
    opened.close()


def center(page: Page) -> tuple[int, ...]:
    """The colour in the middle of the viewer, which is 900 x 700."""
    return tuple(page.screenshot()[350, 450])


def box_of(pixels: Any, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Where most of a colour is: left, top, right, bottom. A few pixels may be anywhere."""
    there = (abs(pixels - color) < 12).all(axis=2)
    columns, rows = (np.flatnonzero(there.sum(axis=axis) > 100) for axis in (0, 1))
    assert len(columns), f"nothing is painted in {color}"
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def shows(color: tuple[int, int, int], found: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(color, found, strict=True))


def drawn(page: Page) -> None:
    page.settle()
    page.until("window.isDrawn?.() === true")
    page.settle()


@pytest.mark.parametrize(("viewer", "source"), OPENED)
def test_a_viewer_opens_zooms_and_pans(
    viewer: str, source: str, site: str, page: Page, tmp_path: Path
) -> None:
    package(viewer)
    page.open(f"{site}/?viewer={viewer}&source={source}")
    drawn(page)
    assert page.run("window.zoomed()") == pytest.approx(1, abs=0.01)
    pixels = page.screenshot(tmp_path / "home.png")[:700, :900]
    red, green, blue, gold = (box_of(pixels, color) for color in (RED, GREEN, BLUE, GOLD))
    width, height = gold[2] - red[0], gold[3] - red[1]
    assert width > 450
    assert abs(width / height - SIZE[0] / SIZE[1]) < 0.02, tmp_path  # no tile is stretched
    for one, other in ((red, green), (blue, gold)):
        assert abs(one[2] - other[0]) < 7, tmp_path
        assert abs((one[2] - one[0]) - width / 2) < 7, tmp_path
    for one, other in ((red, blue), (green, gold)):
        assert abs(one[3] - other[1]) < 7, tmp_path
        assert abs((one[3] - one[1]) - height / 2) < 7, tmp_path
    # Into the red quarter, until tiles of the last level are shown.
    for _ in range(30):
        page.wheel(300, 220, -300)
        page.settle(0.1)
        if page.run("window.zoomed()") > 3:
            break
    drawn(page)
    assert page.run("window.zoomed()") > 2
    assert shows(RED, center(page)), tmp_path
    # The quarter on the right of it comes from there.
    for _ in range(6):
        if shows(GREEN, center(page)):
            break
        page.drag((800, 300), (200, 300))
        drawn(page)
    page.screenshot(tmp_path / "panned.png")
    assert shows(GREEN, center(page)), tmp_path
    tiles = [url for url in page.asked.values() if "/image/" in url]
    assert len(tiles) > 5
    assert page.faults == []
