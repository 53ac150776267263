"""The index page as a browser paints it: headless Chromium against a real server."""

import os
import re
import signal
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from browser.devtools import once

ROOT = Path(__file__).parents[2]
RED, GREEN, BLUE = (205, 35, 45), (35, 150, 60), (40, 70, 200)
#: Of the line beside a message that is told as a picture.
RULE = (170, 0, 0)
#: Seconds for Chromium or the server to start on a busy machine.
PATIENCE = 90

pytestmark = pytest.mark.needs("Chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The URL of a server whose originals are of one colour each, in this order, or damaged."""
    directory = tmp_path_factory.mktemp("browser")
    photos = directory / "photos"
    photos.mkdir()
    Image.new("RGB", (1600, 1200), RED).save(photos / "1 red & <b>.bmp")
    Image.new("RGB", (1600, 1200), GREEN).save(photos / "2 green.tiff")
    Image.new("RGB", (1600, 1200), BLUE).save(photos / "3 blue.jpg", quality=95)
    (photos / "4 damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    whole = (photos / "3 blue.jpg").read_bytes()
    (photos / "5 cut short.jpg").write_bytes(whole[: len(whole) // 2])
    log = directory / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "imgmiddleware", "serve", photos, "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        )
    try:
        yield _url(server, log)
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(PATIENCE)


def _url(server, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"on (http://\S+/)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def chromium(directory, url, *flags):
    """Chromium's standard output; it ends itself once the page is loaded and its task is done."""
    # Lazy pictures come after the page is loaded: five seconds for them, of a clock that stands still
    # while something is on its way.
    return once(directory / "profile", url, "--virtual-time-budget=5000", *flags)


def screenshot(directory, url, *flags):
    file = directory / "page.png"
    chromium(directory, url, f"--screenshot={file}", "--window-size=1280,900", *flags)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def painted(pixels, color):
    """The box of the pixels of nearly this colour: left, top, width, height; and its fullness."""
    there = (abs(pixels - color) < 8).all(axis=2)
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    assert len(rows), f"nothing is painted in {color}"
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return (left, top, right - left, bottom - top), there[top:bottom, left:right].mean()


def test_thumbnails_are_painted(site, tmp_path):
    pixels = screenshot(tmp_path, site)
    boxes = []
    for color in (RED, GREEN, BLUE):
        (left, top, width, height), full = painted(pixels, color)
        assert width > 200
        assert abs(width / height - 4 / 3) < 0.02
        assert full > 0.97  # a rounded corner is missing
        boxes.append((left, top, width, height))
    assert len({top for _, top, _, _ in boxes}) == 1  # side by side
    assert [left for left, *_ in boxes] == sorted(left for left, *_ in boxes)


def test_why_a_thumbnail_cannot_be_made_is_all_to_be_seen(site, tmp_path):
    """Damage that only decoding finds is told as a picture, in another shape than thumbnails."""
    pixels = screenshot(tmp_path, site)
    margin = (abs(pixels - RULE) < 8).all(axis=2).sum(axis=0).max()
    assert margin > 40  # the line on the left of it, longer than letters


def test_a_dense_screen_gets_the_dense_picture(site, tmp_path):
    pixels = screenshot(tmp_path, site, "--force-device-scale-factor=2")
    (_, _, width, height), _ = painted(pixels, GREEN)
    assert width > 400
    assert abs(width / height - 4 / 3) < 0.02


@pytest.mark.parametrize(("scheme", "dark"), [(0, True), (1, False)])
def test_dark_and_light(scheme, dark, site, tmp_path):
    """Also that the page's policy lets its own stylesheet through: without it all is white."""
    pixels = screenshot(tmp_path, site, f"--blink-settings=preferredColorScheme={scheme}")
    corner = pixels[2, 2]
    assert (corner < 60).all() if dark else ((corner > 220) & (corner < 255)).all()


def test_the_document_holds_the_links(site, tmp_path):
    document = chromium(tmp_path, site, "--dump-dom")
    links = {unescape(link) for link in re.findall(r'href="(/image/[^"]*)"', document)}
    for name in ("1%20red%20%26%20%3Cb%3E.bmp", "2%20green.tiff", "3%20blue.jpg"):
        for query in ("w=1600", "w=800&fm=jpg", "w=800&fm=webp", "w=800&fm=avif", "w=800&fm=png"):
            assert any(re.fullmatch(rf"/image/{name}\?{query}&v=[\w-]+", link) for link in links)
    assert not [link for link in links if "damaged" in link]
    assert "damaged-original" in document
    assert "<b>.bmp" not in document


def test_cards_say_what_was_saved(site, tmp_path):
    """The page's own script runs, and the policy lets no other: each card has a thumbnail's bytes."""
    document = chromium(tmp_path, site, "--dump-dom")
    said = re.findall(r'class="saved" data-of="\d+">([^<]*)<', document)
    assert len(said) == 4  # one is seen to be damaged by its header, and its card has no such line
    assert said.pop() == ""  # the other by its pixels: what its thumbnail shows is a refusal
    for line in said:
        found = re.fullmatch(r"→ [\d.]+ (?:bytes|kB) AVIF in \d+ ms, ([\d.]+) % saved", line)
        assert found, line
        assert 90 < float(found[1]) < 100


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_tabs_take_no_script(chosen, site, tmp_path):
    """With its own script left out, the chosen radio button's line is painted, and no other."""
    document = chromium(tmp_path, site, "--dump-dom")
    before, *radios = re.sub("<script>.*?</script>", "", document, flags=re.DOTALL).split(
        '<input type="radio"'
    )
    assert len(radios) == 3
    plain = [radio.replace(' checked=""', "", 1) for radio in radios]
    plain[chosen] = f" checked{plain[chosen]}"
    asks = "<script>document.title = [...document.querySelectorAll('pre')].map(e => e.offsetHeight > 0)</script>"
    page = tmp_path / "page.html"
    page.write_text('<input type="radio"'.join((before, *plain)) + asks)
    shown = re.search("<title>(.*?)</title>", chromium(tmp_path, page.as_uri(), "--dump-dom"))[1]
    assert shown.split(",") == [str(number == chosen).lower() for number in range(3)]


def test_a_link_shows_its_picture(site, tmp_path):
    document = chromium(tmp_path, site, "--dump-dom")
    link = re.search(r'href="(/image/2%20green[^"]*fm=avif[^"]*)"', document)[1]
    pixels = screenshot(tmp_path, site.rstrip("/") + unescape(link))
    assert painted(pixels, GREEN)[0][2:] == (800, 600)


def test_a_refusal_is_painted_where_a_picture_stands(site, tmp_path):
    """Its status stays 400 or 422, and the browser shows it all the same."""
    page = tmp_path / "page.html"
    page.write_text(
        f'<body style="margin: 0"><img src="{site}image/3%20blue.jpg?w=abc"><br>'
        f'<img src="{site}image/4%20damaged.png?w=100">'
    )
    pixels = screenshot(tmp_path, page.as_uri())
    (left, top, width, height), full = painted(pixels, (255, 243, 240))
    assert (left, top, width) == (6, 0, 474)  # beside the bar, of two of the same width
    assert height > 200
    assert full > 0.75  # the rest is text
    (left, top, width, height), _ = painted(pixels, (170, 0, 0))
    assert (left, top) == (0, 0)


def test_the_viewer_shows_tiles_and_makes_a_picture(site, tmp_path):
    """The red original fills the viewer, which may still be moving, and a picture the form's box."""
    url = f"{site}view?id=1%20red%20%26%20%3Cb%3E.bmp"
    pixels = screenshot(tmp_path, url, "--virtual-time-budget=15000")
    zoom, made = pixels[:, :760], pixels[:, 760:]
    (_, _, width, height), full = painted(zoom, RED)
    assert width > 600
    assert height > 400
    assert full > 0.97  # no tile is missing
    (_, _, width, height), _ = painted(made, RED)
    assert abs(width / height - 4 / 3) < 0.05
    told = chromium(tmp_path, url, "--dump-dom")
    tag = '<img src="/image/1%20red%20%26%20%3Cb%3E.bmp?w=800" alt="1 red &amp; <b>.bmp">'
    assert tag in unescape(told)  # the text of a field, of which this is all
    assert re.search(r"800 × 600 · AVIF · [\d.]+ (?:kB|bytes) · \d+ ms", told)
