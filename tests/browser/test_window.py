"""The window of `serve` as people use it: by mouse, by keyboard, on a phone, read aloud, in the dark."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from browser.devtools import Browser, Page
from imgmiddleware.cli.numbers import in_bytes
from servers.processes import program, running

NAME = "the hall & <b>.bmp"
VIEW = f"/view?id={quote(NAME)}"

pytestmark = pytest.mark.needs("Chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    photos = tmp_path_factory.mktemp("photos")
    y, x = np.mgrid[0:1200, 0:1600]
    Image.fromarray(np.dstack((x // 8, y // 6, x // 16)).astype(np.uint8)).save(photos / NAME)
    moving = [Image.new("RGB", (90, 60), color) for color in ("red", "blue")]
    moving[0].save(photos / "moves.gif", save_all=True, append_images=moving[1:])
    (photos / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (photos / "a folder with a name that is too long for a phone").mkdir()
    for number in range(61):
        Image.new("L", (9, 9)).save(photos / f"z{number}.png")
    (photos / "many").mkdir()
    for number in range(181):
        (photos / "many" / f"9x9 {number}.png").write_bytes((photos / "z0.png").read_bytes())

    def command(port: int, folder: Path) -> list[str]:
        serve = [program("imgmiddleware"), "serve", os.fspath(photos), "--no-cache-dir"]
        return [*serve, "--port", str(port)]

    with running(command, tmp_path_factory.mktemp("site"), {}) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = Page(browser)
    yield opened
    assert opened.faults == []
    opened.close()


def open_viewer(page: Page, site: str, width: int = 1280) -> None:
    page.open(site + VIEW, width, 900)
    page.until("!document.getElementById('pair').hidden && document.images[1].complete")
    page.until("viewer.world.getItemAt(0)?.getFullyLoaded()")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.press("Tab", 9)
        if page.run(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"no Tab leads to {selector}")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", "/?page=2", "/?q=z1", VIEW, "/view?id=moves.gif"])
def test_each_page_is_as_wide_as_the_window_and_as_dark_as_wished(
    path: str, width: int, dark: bool, site: str, page: Page
) -> None:
    page.open(site + path, width, dark=dark)
    page.settle()
    assert page.run("document.documentElement.scrollWidth") == width
    corner = page.screenshot()[2, 2]
    assert (corner < 60).all() if dark else (corner > 220).all()


def test_a_click_on_a_thumbnail_opens_the_viewer(site: str, page: Page) -> None:
    page.open(site)
    page.settle()
    script = "JSON.stringify(document.querySelector(\"img[src*='hall']\").getBoundingClientRect())"
    box = page.run(f"JSON.parse({script})")
    x, y = int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)
    page.mouse("mousePressed", x, y, button="left", clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    page.until("location.pathname === '/view' && document.readyState === 'complete'")
    page.until("viewer.world.getItemAt(0)?.getFullyLoaded()")


def test_the_keyboard_moves_and_zooms_the_original(site: str, page: Page) -> None:
    open_viewer(page, site)
    tab_to(page, ".openseadragon-canvas")
    pixels = page.screenshot()
    assert (abs(pixels - (0x1F, 0x5F, 0xA8)) < 3).all(
        axis=2
    ).sum() > 2000  # a frame tells the focus
    home = page.run("viewer.viewport.getZoom()")
    for key, code in (("+", 187), ("+", 187)):
        page.press(key, code, key)
    page.until(f"viewer.viewport.getZoom() > 1.3 * {home}")
    left = page.run("viewer.viewport.getCenter().x")
    page.press("ArrowRight", 39)
    page.until(f"viewer.viewport.getCenter().x > {left}")
    page.press("0", 48, "0")
    page.until(f"Math.abs(viewer.viewport.getZoom() - {home}) < 0.01")


@pytest.mark.parametrize("supported", ["false", "OpenSeadragon.supportsFullScreen"])
def test_a_full_page_has_a_way_out(supported: str, site: str, page: Page) -> None:
    """Where a browser has no full screen, as iPhones, all else of the page is gone."""
    open_viewer(page, site, 390)
    page.run(f"OpenSeadragon.supportsFullScreen = {supported}")
    assert page.run("getComputedStyle(document.querySelector('.leave')).display") == "none"
    tab_to(page, "[data-step=full]")
    page.press("Enter", 13, "\r")
    page.until("viewer.isFullPage()")
    shown = "JSON.parse(JSON.stringify(viewer.world.getItemAt(0).getBounds()))"
    seen = "JSON.parse(JSON.stringify(viewer.viewport.getBounds()))"
    page.settle()
    # All of the picture, as it was not moved, and the button's words within it.
    assert page.run(seen)["width"] > page.run(shown)["width"] * 0.999
    assert page.run(seen)["height"] > page.run(shown)["height"] * 0.999
    assert page.run(
        "(one => one.scrollWidth <= one.clientWidth)(document.querySelector('.leave button'))"
    )
    box = page.run(
        "JSON.parse(JSON.stringify(document.querySelector('.leave button').getBoundingClientRect()))"
    )
    x, y = int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)
    for kind in ("mousePressed", "mouseReleased"):
        page.mouse(kind, x, y, button="left", clickCount=1)
    page.until("!viewer.isFullPage()")
    page.until("document.querySelector('.leave').hidden")
    page.settle()


def test_the_form_builds_the_query_live(site: str, page: Page) -> None:
    open_viewer(page, site)
    tab_to(page, "[name=w]")
    for letter in "200":
        page.press(letter, ord(letter), letter)
    tab_to(page, "[name=mono]")
    page.press("ArrowDown", 40)
    page.until("document.getElementById('facts').textContent.startsWith('200 × 150 · AVIF')")
    said = page.run("document.getElementById('facts').textContent")
    assert "ms" in said
    assert said.endswith("% saved")
    image = f"/image/{quote(NAME)}?w=200&mono=gray"
    assert page.run("document.getElementById('link').value") == site + image
    escaped = NAME.replace("&", "&amp;")
    tag = f'<img src="{image.replace("&", "&amp;")}" alt="{escaped}">'
    assert page.run("document.getElementById('tag').value") == tag


def test_what_is_kept_can_be_chosen_where_something_is_cut_away(site: str, page: Page) -> None:
    open_viewer(page, site)
    assert page.run("document.querySelector('[name=crop]').disabled")
    for fit in ("crop", "min"):
        page.run(f"document.querySelector('[name=fit]').value = '{fit}'; show()")
        assert not page.run("document.querySelector('[name=crop]').disabled")
    page.run("document.querySelector('[name=crop]').value = 'top'; show()")
    assert "crop=top" in page.run("document.getElementById('link').value")
    page.run("document.querySelector('[name=fit]').value = 'scale'; show()")
    assert "crop" not in page.run("document.getElementById('link').value")
    page.settle()


def test_numbers_are_written_as_on_the_index(site: str, page: Page) -> None:
    open_viewer(page, site)
    counts = (999, 1000, 63_949, 999_499, 999_500, 32_800_000)
    said = page.run(f"JSON.stringify({list(counts)}.map(bytes))")
    assert json.loads(said) == [in_bytes(count) for count in counts]


def test_before_and_after_are_parted_by_a_slider(site: str, page: Page) -> None:
    """Gray after, in colour before: by the keyboard, and where the mouse lets it go."""
    open_viewer(page, site)
    page.run("document.querySelector('[name=mono]').value = 'gray'; show()")
    page.until("document.getElementById('before').complete")
    page.settle()

    def colored() -> float:
        box = page.run(
            "JSON.parse(JSON.stringify(document.getElementById('pair').getBoundingClientRect()))"
        )
        row = int(box["y"] + box["height"] / 4)
        line = page.screenshot()[row, int(box["x"]) + 2 : int(box["x"] + box["width"]) - 2]
        return float((np.ptp(line, axis=1) > 12).mean())

    half = colored()
    assert 0.3 < half < 0.6
    tab_to(page, "#cut")
    for _ in range(30):
        page.press("ArrowRight", 39)
    assert colored() > half + 0.2
    box = page.run(
        "JSON.parse(JSON.stringify(document.getElementById('pair').getBoundingClientRect()))"
    )
    middle, row = int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)
    page.drag((middle + 60, row), (int(box["x"]) + 20, row))
    assert colored() < 0.15


def test_the_keyboard_leads_to_any_page(site: str, page: Page) -> None:
    page.open(f"{site}/?q=9x9", 390)
    page.settle()
    page.run("document.querySelector('.pager [rel=next]').focus()")  # past all cards
    tab_to(page, ".pager input")
    page.press("4", 52, "4")
    page.press("Enter", 13, "\r")
    page.until("location.search === '?q=9x9&page=4' && document.readyState === 'complete'")
    assert "Page 4 of 4" in page.run("document.querySelector('.pager').textContent")
    assert page.run("document.documentElement.scrollWidth") == 390
    page.settle()


def test_what_is_wrong_is_said_in_words_and_without_a_picture(site: str, page: Page) -> None:
    open_viewer(page, site)
    page.run("document.querySelector('[name=bg]').value = 'nothing'; show()")
    page.until("document.getElementById('facts').classList.contains('bad')")
    assert "bg='nothing'" in page.run("document.getElementById('facts').textContent")
    assert page.run("document.getElementById('pair').hidden")
    assert page.run("getComputedStyle(document.getElementById('pair')).display") == "none"
    assert [fault[:3] for fault in page.faults] == ["400", "log"]
    page.faults.clear()
    page.run("document.querySelector('[name=bg]').value = ''; show()")
    page.until("!document.getElementById('pair').hidden")


def test_what_has_no_parts_says_so(site: str, page: Page) -> None:
    page.open(f"{site}/view?id=damaged.png")
    page.until("document.querySelector('#zoom > p') !== null")
    page.until("document.getElementById('facts').classList.contains('bad')")
    assert page.run("[...document.querySelectorAll('[data-step]')].every((one) => one.disabled)")
    assert page.faults  # the refusals themselves
    page.faults.clear()


def test_copy_says_that_it_has_copied(site: str, page: Page, browser: Browser) -> None:
    """With the browser's clipboard, and where it refuses that."""
    allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    for permissions in (allowed, allowed[:0]):
        browser.call("Browser.grantPermissions", permissions=permissions, origin=site)
        open_viewer(page, site)
        tab_to(page, "[data-copy=tag]")
        page.press("Enter", 13, "\r")
        page.until("document.activeElement.textContent.startsWith('Copied')")
        if permissions:
            copied = page.run("navigator.clipboard.readText()")
            assert copied == page.run("document.getElementById('tag').value")


def test_all_has_a_name(site: str, page: Page) -> None:
    """A screen reader's words for each control, each of them once."""
    open_viewer(page, site)
    told = page.names()
    used = [one for one in told if one[0] in _USED]
    assert [one for one in used if not one[1]] == []
    buttons = [name for role, name in told if role == "button"]
    assert len(buttons) == len({*buttons}) == 7
    assert ("application", "Arrow keys move the picture, + and - zoom, 0 shows all of it") in told
    assert [role for role, _ in told].count("main") == 1
    page.open(site)
    page.settle()
    told = page.names()
    assert [one for one in told if one[0] in _USED and not one[1]] == []
    names = [name for role, name in told if role == "link" and "hall" in name]
    assert names == [NAME]  # the thumbnail is no second link of the same


_USED = {"link", "button", "textbox", "searchbox", "spinbutton", "combobox", "slider", "radio", "application"}  # fmt: skip
