"""Smaller copies of a page in its TIFF, as tifffile writes them: which are taken, and where."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import get, made, serving
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.imaging.render import render
from imgmiddleware.operations.stages import build
from imgmiddleware.sources.memory import BytesOriginal
from originals import Stored, probe
from pictures import photo_like, psnr, saved

WIDTH, HEIGHT = 1000, 800
PHOTO = photo_like(WIDTH, HEIGHT)
#: Red first; which of them is seen tells which was read.
SHADES = [(200, 30, 40), (40, 180, 60), (30, 60, 220), (240, 220, 30)]


def flat(size: tuple[int, int], shade: tuple[int, int, int]) -> Any:
    return np.full((size[1], size[0], 3), shade, np.uint8)


def shades(sizes: Sequence[tuple[int, int]]) -> list[Any]:
    return [flat(size, shade) for size, shade in zip(sizes, SHADES, strict=True)]


LEVELS = shades([(1000, 800), (500, 400), (250, 200), (125, 100)])


def written(levels: Sequence[Any], *, below: bool = False, **options: Any) -> bytes:
    """The first as a page of its own, the others as further pages or below it."""
    file = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None, "tile": (64, 64), **options}
    file_options = {name: options.pop(name) for name in ("bigtiff", "byteorder") if name in options}
    with tifffile.TiffWriter(file, **file_options) as writer:
        writer.write(levels[0], subifds=len(levels) - 1 if below else None, **options)
        for level in levels[1:]:
            writer.write(level, subfiletype=1, **options)
    return file.getvalue()


def copies_of(data: bytes, page: int = 0) -> list[tuple[int, int, int]]:
    return [(copy.width, copy.height, copy.reduced) for copy in probe(data, page).overviews]


def rendered(data: bytes, facts: Facts, query: dict[str, str]) -> Any:
    plan = make_plan(facts, build({**query, "fm": "png"}))
    decoded = decode_original(BytesOriginal(data), facts, plan)
    return shown(render(decoded, plan, lambda _: plan).body)


def shown(body: bytes) -> Any:
    with Image.open(io.BytesIO(body)) as image:
        return np.asarray(image.convert("RGB"))


def opaque(level: Any) -> Any:
    return np.dstack((level, np.full_like(level[..., 0], 255)))


#: A kind that is not read by pieces.
ASSOCIATED: dict[str, Any] = {"extrasamples": ["assocalpha"]}

# --- which are found

WAYS = [
    {}, {"below": True}, {"bigtiff": True}, {"bigtiff": True, "below": True}, {"byteorder": ">"},
    {"byteorder": ">", "below": True}, {"tile": None, "rowsperstrip": 16},
    {"compression": "adobe_deflate", "predictor": True},
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_copies_are_found(way: dict[str, Any]) -> None:
    data = written(LEVELS, **way)
    assert copies_of(data) == [(500, 400, 2), (250, 200, 4), (125, 100, 8)]
    assert probe(data).frames == (1 if way.get("below") else 4)


@pytest.mark.parametrize("side", [1000, 1001, 1007, 1023])
@pytest.mark.parametrize("up", [False, True])
def test_levels_are_rounded_up_or_down(side: int, up: bool) -> None:
    sizes = [(side, side)]
    while len(sizes) < 4:
        half = (sizes[-1][0] + up) // 2
        sizes.append((half, half))
    found = copies_of(written(shades(sizes)))
    assert found == [(*size, 2**n) for n, size in enumerate(sizes) if n]


def with_orientation(value: int) -> dict[str, Any]:
    return {"extratags": [(274, 3, 1, value, True)]}


def beside(second: Any, **options: Any) -> bytes:
    """A page and a copy that differ in more than their size."""
    file = io.BytesIO()
    shared = {"metadata": None, "tile": (64, 64), "subfiletype": 1}
    with tifffile.TiffWriter(file) as writer:
        writer.write(LEVELS[0], photometric="rgb", **{**shared, "subfiletype": 0})
        writer.write(second, **{**shared, **options})
    return file.getvalue()


OTHERS: dict[str, bytes] = {
    "a page": beside(LEVELS[1], photometric="rgb", subfiletype=0, tile=None),
    "a larger page": beside(flat((667, 534), SHADES[1]), photometric="rgb", subfiletype=0),
    "a page of several": beside(LEVELS[1], photometric="rgb", subfiletype=2),
    "gray": beside(LEVELS[1][..., 0], photometric="minisblack"),
    "deep": beside(LEVELS[1].astype(np.uint16), photometric="rgb"),
    "with alpha": beside(np.dstack((LEVELS[1], LEVELS[1][..., 0])), photometric="rgb", extrasamples=["unassalpha"]),
    "turned": beside(LEVELS[1], photometric="rgb", **with_orientation(6)),
    "two thirds": beside(flat((667, 534), SHADES[1]), photometric="rgb"),
    "squeezed": beside(flat((500, 200), SHADES[1]), photometric="rgb"),
    "as large": beside(flat((1000, 800), SHADES[1]), photometric="rgb"),
    "a thumbnail": beside(flat((160, 128), SHADES[1]), photometric="rgb"),
}  # fmt: skip


def test_a_third_is_a_copy_too() -> None:
    data = beside(flat((333, 267), SHADES[1]), photometric="rgb")
    assert copies_of(data) == [(333, 267, 3)]
    for width, shade in ((167, 0), (166, 1)):
        seen = rendered(data, probe(data), {"w": str(width)})
        assert np.all(seen == SHADES[shade])


@pytest.mark.parametrize("below", [False, True])
def test_levels_need_not_say_that_they_are(below: bool) -> None:
    """Tiles at a whole fraction of the size say it as well, as some scanners of slides write them."""
    file = io.BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "tile": (64, 64)}
    with tifffile.TiffWriter(file) as writer:
        writer.write(LEVELS[0], subifds=3 if below else None, **options)
        if not below:  # a small picture of the whole, which is no level, in strips
            writer.write(flat((333, 267), SHADES[3]), photometric="rgb", metadata=None)
        writer.write(LEVELS[1], **options)
        mask = np.ones((400, 500), bool)
        writer.write(mask, subfiletype=5, metadata=None, tile=(64, 64))
        writer.write(LEVELS[2], **options)
        if not below:  # the slide's label, which says that it is smaller; and another picture
            writer.write(
                flat((387, 300), SHADES[3]), subfiletype=1, photometric="rgb", metadata=None
            )
            writer.write(flat((1000, 800), SHADES[3]), **options)
            writer.write(LEVELS[3], **options)
    assert copies_of(file.getvalue()) == [(500, 400, 2), (250, 200, 4)]


def test_the_first_of_two_that_are_as_large() -> None:
    """Of pages of nearly one size each has its own."""
    levels = [LEVELS[0], LEVELS[1], flat((500, 400), SHADES[3])]
    data = written(levels)
    assert copies_of(data) == [(500, 400, 2)]
    assert np.all(rendered(data, probe(data), {"w": "200"}) == SHADES[1])


@pytest.mark.parametrize("what", OTHERS)
def test_others_are_not_copies(what: str) -> None:
    assert copies_of(OTHERS[what]) == []


def test_copies_in_black_and_white_are_not_taken() -> None:
    """They keep lines, which are gray where they are averaged: a copy that is black is not white."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for kind, (size, white) in enumerate((((1000, 800), True), ((250, 200), False))):
            level = np.full(size[::-1], white)
            writer.write(
                level, subfiletype=kind, tile=(64, 64), photometric="minisblack", metadata=None
            )
    assert copies_of(file.getvalue()) == []
    assert shown(made(file.getvalue(), "w=50&fm=png")).min() == 255


def test_copies_of_a_palette_are_not_taken() -> None:
    """Whoever halved it has averaged numbers of colours."""
    file = io.BytesIO()
    palette = np.stack([np.arange(256, dtype=np.uint16) * 257] * 3)
    with tifffile.TiffWriter(file) as writer:
        for kind, level in enumerate(LEVELS[:2]):
            writer.write(level[..., 0], photometric="palette", colormap=palette, subfiletype=kind,
                         metadata=None)  # fmt: skip
    assert copies_of(file.getvalue()) == []


def test_a_copy_has_copies_too() -> None:
    assert copies_of(written(LEVELS), 1) == [(250, 200, 2), (125, 100, 4)]


def test_pages_have_copies_of_their_own() -> None:
    """Those that follow each, up to the next that is no copy."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for first in (0, 1):
            for kind, level in enumerate(LEVELS[first : first + 2]):
                writer.write(level, photometric="rgb", subfiletype=kind, metadata=None)
    data = file.getvalue()
    assert [copies_of(data, page) for page in range(4)] == [
        [(500, 400, 2)],
        [],
        [(250, 200, 2)],
        [],
    ]
    service = serving(data)
    for page, width, shade in ((1, 200, SHADES[1]), (3, 100, SHADES[2]), (4, 100, SHADES[2])):
        answer = get(service, f"page={page}&w={width}&fm=png")
        seen = shown(answer.body)
        assert seen.shape[1] == width
        assert np.all(seen == shade), page


# --- damage


def tag_at(data: bytes, directory: int, tag: int) -> int:
    """Where the entry of a tag stands, in a little-endian TIFF."""
    count = int.from_bytes(data[directory : directory + 2], "little")
    entries = range(directory + 2, directory + 2 + 12 * count, 12)
    return next(at for at in entries if int.from_bytes(data[at : at + 2], "little") == tag)


def patched(data: bytes, at: int, value: int, size: int = 4) -> bytes:
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def test_a_mask_is_no_copy() -> None:
    """A transparency mask for a smaller copy has bits 0 and 2 (TIFF 6.0, section 8)."""
    data = written(LEVELS[:2])
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    second = int.from_bytes(data[first + 2 + 12 * count :][:4], "little")
    at = tag_at(data, second, 254) + 8
    assert (copies_of(data), data[at]) == ([(500, 400, 2)], 1)
    assert copies_of(patched(data, at, 5)) == []


def test_a_damaged_copy_is_no_copy() -> None:
    """Its directory lies beyond the end, is the page's own, or is of another kind."""
    data = written(LEVELS, below=True)
    first = int.from_bytes(data[4:8], "little")
    entry = tag_at(data, first, 330)
    table = int.from_bytes(data[entry + 8 : entry + 12], "little")
    rest = [(250, 200, 4), (125, 100, 8)]
    assert copies_of(patched(data, table, len(data) + 50)) == rest
    assert copies_of(patched(data, table, first)) == rest
    assert copies_of(patched(data, entry + 2, 5, 2)) == []  # fractions
    assert copies_of(patched(data, entry + 4, 2**20)) == []  # a million of them
    second = int.from_bytes(data[table : table + 4], "little")
    assert copies_of(patched(data, tag_at(data, second, 259) + 8, 9999, 2)) == rest  # compressed so
    # The page is as good as ever.
    seen = rendered(data, probe(patched(data, table, first)), {"w": "400"})
    assert np.all(seen == SHADES[0])


@pytest.mark.parametrize(("stored", "found"), [(2**16, [(500, 400, 2)]), (5 * 10**6, [])])
def test_a_copy_that_takes_more_than_the_page_is_no_copy(
    stored: int, found: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits are held against the page; here a copy claims a strip of five megabytes."""
    monkeypatch.setattr("imgmiddleware.formats.tiff.facts.band_bytes", lambda *_: 0)
    levels = [opaque(level) for level in LEVELS[:2]]
    data = written(levels, **ASSOCIATED, tile=None, rowsperstrip=200, compression="adobe_deflate")
    data += bytes(5 * 10**6)
    assert copies_of(data) == [(500, 400, 2)]
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    second = int.from_bytes(data[first + 2 + 12 * count :][:4], "little")
    counts = tag_at(data, second, 279) + 8  # of two strips
    table = int.from_bytes(data[counts : counts + 4], "little")
    heavy = patched(data, table, stored)
    assert copies_of(heavy) == found


def test_so_many_are_looked_at() -> None:
    """A table of directories, each as far from the page as the file allows, costs no more."""
    tiny = [LEVELS[0], *[flat((8, 8), SHADES[1])] * 40]

    many, few = (Stored(written(tiny[:number], tile=(16, 16))) for number in (41, 17))
    assert read_facts(many, FORMATS).overviews == read_facts(few, FORMATS).overviews == ()
    assert many.reads < few.reads + 60  # two for each further page, to count it


# --- which is taken

#: A level has at least twice the samples of the result, along both sides.
TAKEN = [
    ({"w": "600"}, 0), ({"w": "251"}, 0), ({"w": "250"}, 1), ({"w": "126"}, 1), ({"w": "125"}, 2),
    ({"w": "63"}, 2), ({"w": "62"}, 3), ({"w": "5"}, 3),
    ({"h": "200"}, 1), ({"h": "201"}, 0), ({"w": "100", "h": "150", "fit": "scale"}, 1),
    ({"w": "100", "h": "201", "fit": "scale"}, 0), ({"rect": "100,80,500,400", "w": "125"}, 1),
    ({"rect": "100,80,500,400", "w": "126"}, 0), ({"rect": "996,796,4,4"}, 0),
    ({"w": "60", "linear": "1"}, 0), ({"w": "60", "trim": "auto"}, 0),
]  # fmt: skip


@pytest.mark.parametrize("way", [{}, {"below": True}, {"tile": None}], ids=str)
@pytest.mark.parametrize(("query", "level"), TAKEN, ids=str)
def test_the_smallest_that_has_samples_enough(
    query: dict[str, str], level: int, way: dict[str, Any]
) -> None:
    data = written(LEVELS, **way)
    seen = rendered(data, probe(data), query)
    assert np.all(seen == SHADES[level])


#: A tile of a level is that tile, where the result is lossy and of no high quality.
TILES = [
    ({"rect": "128,256,256,256", "w": "128"}, 1), ({"rect": "256,512,256,256", "w": "64"}, 2),
    ({"rect": "500,400,250,250", "w": "125"}, 1), ({"w": "250"}, 2), ({"w": "125", "fm": "webp"}, 3),
    ({"rect": "768,768,232,32", "w": "29", "h": "4", "fit": "scale"}, 3),
    ({"rect": "129,256,256,256", "w": "128"}, 0), ({"rect": "128,257,256,256", "w": "128"}, 0),
    ({"rect": "128,256,256,256", "w": "127"}, 0), ({"w": "251"}, 0), ({"w": "249"}, 1),
    ({"rect": "256,512,256,256", "w": "64", "q": "89"}, 2),
    ({"rect": "256,512,256,256", "w": "64", "q": "90"}, 1),
    ({"rect": "256,512,256,256", "w": "64", "fm": "png"}, 1),
    ({"rect": "256,512,256,256", "w": "64", "linear": "1"}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("query", "level"), TILES, ids=str)
def test_a_tile_of_a_level(query: dict[str, str], level: int) -> None:
    data = written(LEVELS)
    facts = probe(data)
    plan = make_plan(facts, build({"fm": "jpg", **query}))
    assert plan.overview == (None, *facts.overviews)[level]
    asked = "&".join(f"{name}={value}" for name, value in {"fm": "jpg", **query}.items())
    seen = shown(made(data, asked))
    assert np.abs(seen.astype(int) - SHADES[level]).max() <= 3


def codes(body: bytes) -> list[bytes]:
    """The tables of Huffman codes (T.81, B.2.4.2) in front of the scan."""
    at, found = 2, []
    while body[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(body[at + 2 : at + 4], "big")
        if body[at + 1] == 0xC4:
            found.append(body[at:end])
        at = end
    return found


def test_a_tile_is_written_with_the_usual_codes() -> None:
    """Its own take as long as all else, and are a few bytes in a hundred."""
    levels = [np.ascontiguousarray(PHOTO[: 800 >> n, : 1000 >> n]) for n in range(3)]
    data = written(levels, compression="adobe_deflate")
    usual = codes(saved(PHOTO, "JPEG", optimize=False))
    for query in ("rect=64,128,64,64", "rect=128,128,128,128&w=64"):
        assert codes(made(data, f"{query}&fm=jpg")) == usual, query
    for query in ("rect=65,128,64,64", "rect=64,128,64,64&w=50", "rect=64,128,128,64", "w=200",
                  "rect=64,128,64,64&pad=3"):  # fmt: skip
        assert codes(made(data, f"{query}&fm=jpg")) != usual, query


@pytest.mark.parametrize("up", [False, True])
def test_a_tile_at_the_edge_is_of_the_level_of_its_neighbour(up: bool) -> None:
    """An odd page's last tile shows half a sample, which a client counts as one."""
    levels = shades([(901, 703), *((450, 351), (225, 175), (112, 87))])
    if up:
        levels = shades([(901, 703), (451, 352), (226, 176), (113, 88)])
    facts = probe(written(levels))
    for rect, width, height in (
        ("768,512,133,191", 67, 96), ("768,512,133,128", 67, 64), ("0,0,901,703", 451, 352),
    ):  # fmt: skip
        asked = {"rect": rect, "w": f"{width}", "h": f"{height}", "fit": "scale", "fm": "jpg"}
        assert make_plan(facts, build(asked)).overview == facts.overviews[0]


def smaller(pixels: Any, up: bool) -> Any:
    """Half of it, by averages of 2 x 2; of an odd side the last is left out, or stands for two."""
    height, width = pixels.shape[:2]
    if up:
        pixels = np.pad(pixels, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
    height, width = len(pixels) // 2, pixels.shape[1] // 2
    return cv2.resize(
        pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA
    )


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("size", [(1000, 800), (901, 703)])
@pytest.mark.parametrize("compression", [None, "adobe_deflate"])
def test_nothing_is_shifted(compression: str | None, size: tuple[int, int], up: bool) -> None:
    """Of a copy all is as of the page itself, to 45 dB: a shift by half a pixel would leave 35."""
    levels = [np.ascontiguousarray(PHOTO[: size[1], : size[0]])]
    while len(levels) < 4:
        levels.append(smaller(levels[-1], up))
    data = written(levels, compression=compression, tile=(64, 64))
    facts = probe(data)
    assert len(facts.overviews) == 3
    for query in (
        {"w": "200"}, {"w": "100"}, {"rect": "201,103,400,301", "w": "90"}, {"w": "99", "flip": "h"},
        {"orient": "6", "w": "150"}, {"w": "80", "h": "80", "fit": "crop"},
    ):  # fmt: skip
        of_copy, of_page = (
            rendered(data, one, query) for one in (facts, replace(facts, overviews=()))
        )
        assert make_plan(facts, build(query)).overview in facts.overviews
        assert psnr(of_copy, of_page) > 45, query


def test_a_whole_decode_takes_copies_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiplied by alpha, which Pillow undoes; turned as the page is."""
    monkeypatch.setattr("imgmiddleware.formats.tiff.facts.band_bytes", lambda *_: 0)
    data = written([opaque(level) for level in LEVELS], **ASSOCIATED, **with_orientation(6))
    facts = probe(data)
    assert (facts.band_bytes, len(facts.overviews)) == (0, 3)
    seen = rendered(data, facts, {"w": "100"})
    assert seen.shape == (125, 100, 3)
    assert np.all(seen == SHADES[2])


def test_what_is_not_needed_is_neither_read_nor_predicted() -> None:
    data = written(LEVELS)

    original = Stored(data)
    facts = read_facts(original, FORMATS)
    plan = make_plan(facts, build({"w": "60"}))
    decode_original(original, facts, plan)
    assert original.total < len(data) / 8
    whole = replace(plan, overview=None)
    assert predicted_bytes(facts, plan) + 10**6 < predicted_bytes(facts, whole)
