"""Parts join: tiles against Lanczos-3 of the whole picture in float64, worked out by matrices here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from asking import get, made, serving, shown
from imgmiddleware import ImageService
from imgmiddleware.formats.facts import Facts, Pieces
from imgmiddleware.imaging import plan as planning
from imgmiddleware.imaging.grid import completed
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from pictures import exif, opened, photo_like, read_by_opencv, saved
from rasters import DEFLATE, LZW, tif
from rasters import png as a_png

Array = Any  # a numpy array of any shape and dtype

#: Noise is the hardest: a filter that reads one sample less, or another pair of them, is far off.
ODD = np.random.default_rng(5).integers(0, 256, (67, 103, 3), np.uint8)
EVEN = np.random.default_rng(6).integers(0, 256, (64, 96, 4), np.uint8)


def weights(samples: int, results: int) -> Array:
    """(results, samples): sinc(x) sinc(x / 3) for |x| < 3; what lies beyond the picture has none."""
    by = samples / results
    centers = (np.arange(results)[:, None] + 0.5) * by
    x = (np.arange(samples) + 0.5 - centers) / by
    taps = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return taps / taps.sum(axis=1, keepdims=True)


def ideal(pixels: Array, by: int) -> Array:
    """The picture, extended by its last column and row to whole results, at a ratio; unrounded."""
    height, width = pixels.shape[:2]
    wide = np.pad(pixels.astype(float), ((0, -height % by), (0, -width % by), (0, 0)), "edge")
    down, across = (weights(side, side // by) for side in wide.shape[:2])
    return np.einsum("ij,jkc,lk->ilc", down, wide, across, optimize=True)


def boxes(size: tuple[int, int], tile: int, by: int) -> Iterator[tuple[int, int, int, int]]:
    for top in range(0, size[1], tile * by):
        for left in range(0, size[0], tile * by):
            yield left, top, min(tile * by, size[0] - left), min(tile * by, size[1] - top)


def joined(service: ImageService, size: tuple[int, int], tile: int, by: int, more: str) -> Array:
    """All tiles as a viewer asks for them, both sides rounded up, side by side; blue first."""
    rows: dict[int, list[Array]] = {}
    for left, top, width, height in boxes(size, tile, by):
        asked = f"rect={left},{top},{width},{height}&w={-(-width // by)}&h={-(-height // by)}"
        body = get(service, f"{asked}&fit=scale&fm=png{more}").read()
        rows.setdefault(top, []).append(read_by_opencv(body))
    return np.concatenate([np.concatenate(row, axis=1) for row in rows.values()])


FILES = {
    "png": lambda: saved(ODD, "PNG"),
    "bmp": lambda: saved(ODD, "BMP"),
    "webp": lambda: saved(ODD, "WEBP", lossless=True),
    "tiff in tiles": lambda: tif(ODD, 2, compression=DEFLATE, wide=32),
    "array": lambda: np.ascontiguousarray(ODD[..., ::-1]),
}


@pytest.mark.parametrize("by", [1, 2, 3])
@pytest.mark.parametrize("kind", FILES)
def test_tiles_of_one_ratio_are_lanczos_of_the_whole(kind: str, by: int) -> None:
    """Those at the edges too, of 67 x 103 pixels, which are a multiple of nothing."""
    found = joined(serving(FILES[kind]()), ODD.shape[1::-1], 17, by, "")
    expected = np.clip(ideal(ODD[..., ::-1], by), 0, 255)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 0.7  # a half of it is rounding


def test_a_tile_beside_one_of_no_whole_result_knows_where_the_picture_ends() -> None:
    """97 columns are 48 results and a half: the last tile is one pixel wide."""
    pixels = ODD[:32, :97]
    found = joined(serving(saved(pixels, "PNG")), (97, 32), 16, 2, "")
    assert np.abs(found - np.clip(ideal(pixels[..., ::-1], 2), 0, 255)).max() < 0.7


@pytest.mark.parametrize("by", [4, 8])
def test_averaged_first_it_is_what_averages_give(by: int) -> None:
    """From a ratio of four on it is averaged by twos, rounded each time, and then it is Lanczos."""
    pixels = photo_like(160, 96)
    half = pixels[..., ::-1].astype(float)
    for _ in range(by.bit_length() - 2):
        half = (half[::2, ::2] + half[1::2, ::2] + half[::2, 1::2] + half[1::2, 1::2]) / 4
    for data in (saved(pixels, "PNG"), tif(pixels, 2, compression=LZW, wide=64)):
        found = joined(serving(data), (160, 96), 8, by, "")
        assert np.abs(found - np.clip(ideal(half, 2), 0, 255)).max() < 1.5


def test_a_tile_of_a_jpeg_is_of_what_its_decoder_sees() -> None:
    data = saved(photo_like(103, 67), "JPEG", quality=95)
    decoded = np.asarray(opened(data))[..., ::-1]
    found = joined(serving(data), (103, 67), 17, 2, "")
    assert np.abs(found - np.clip(ideal(decoded, 2), 0, 255)).max() <= 1


@pytest.mark.parametrize(("box", "width"), [((20, 14, 60, 39), 31), ((31, 13, 50, 40), 50)])
def test_any_part_reads_around_it_as_pillow_does(
    box: tuple[int, int, int, int], width: int
) -> None:
    left, top, wide, high = box
    height = round(high * width / wide)
    planes = [Image.fromarray(ODD[..., band].astype(np.float32)) for band in range(3)]
    edges = left, top, left + wide, top + high
    expected = np.dstack(
        [np.asarray(plane.resize((width, height), Resampling.LANCZOS, edges)) for plane in planes]
    )
    query = f"rect={left},{top},{wide},{high}&w={width}&h={height}&fit=scale&fm=png"
    found = shown(saved(ODD, "PNG"), query)
    assert np.abs(found - np.clip(expected, 0, 255)).max() < 0.7


# --- tiles and the whole picture, where its sides are multiples


def gray(pixels: Array) -> Array:
    return pixels[..., 0].copy()


def of_sixteen(pixels: Array) -> Array:
    return pixels.astype(np.uint16) * 257 ^ 0x5A


WHOLE = {
    "jpeg": lambda: saved(EVEN[..., :3].copy(), "JPEG", quality=90),
    "jpeg gray": lambda: saved(gray(EVEN), "JPEG"),
    "jpeg inks": lambda: saved(EVEN[..., :3].copy(), "JPEG", mode="CMYK"),
    "tiff": lambda: tif(EVEN[..., :3], 2, compression=LZW, high=7),
    "tiff in tiles": lambda: tif(EVEN[..., :3], 2, compression=DEFLATE, wide=32),
    "tiff inks": lambda: tif(EVEN, 5, compression=LZW, wide=32),
    "tiff 16": lambda: tif(of_sixteen(EVEN[..., :3]), 2, order=">"),
    "tiff alpha": lambda: tif(EVEN, 2, t338=[2]),
    "png 16 alpha": lambda: a_png(of_sixteen(EVEN), 6),
    "bmp": lambda: saved(EVEN[..., :3].copy(), "BMP"),  # from the lowest row up
}


@pytest.mark.parametrize("kept", [2**24, 0], ids=["kept", "passing"])
@pytest.mark.parametrize(
    ("kind", "more"),
    [*((kind, "") for kind in WHOLE), *((kind, "&linear=1") for kind in ("jpeg", "tiff", "tiff alpha")),
     ("tiff 16", "&depth=16"), ("png 16 alpha", "&depth=16"), ("png 16 alpha", "&linear=1")],
)  # fmt: skip
def test_tiles_are_the_whole_picture(
    kind: str, more: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, whether a part is held, or its rows pass."""
    monkeypatch.setattr(planning, "_SHARED", kept)
    monkeypatch.setattr(planning, "_KEPT", kept)
    data = WHOLE[kind]()
    for by in (2, 8):
        whole = read_by_opencv(made(data, f"w={96 // by}&fm=png{more}"))
        found = joined(serving(data), (96, 64), 48 // by, by, more)
        assert np.array_equal(found, whole), by


@pytest.mark.parametrize("number", range(2, 9))
def test_turned_tiles_are_the_turned_picture(number: int) -> None:
    """A viewer cuts the upright picture: the grid begins at another corner of what is stored."""
    pixels = EVEN[..., :3].copy()
    upright = (64, 96) if number > 4 else (96, 64)
    for data in (
        saved(pixels, "JPEG", exif=exif(number)),
        saved(pixels, "TIFF", compression="tiff_lzw", tiffinfo={274: number}),
    ):
        for by in (2, 4):
            whole = read_by_opencv(made(data, f"w={upright[0] // by}&fm=png"))
            assert np.array_equal(joined(serving(data), upright, 10, by, ""), whole), by
    odd = saved(ODD, "TIFF", compression="tiff_lzw", tiffinfo={274: number})
    turned = np.asarray(opened(odd))[..., ::-1]  # by Pillow
    found = joined(serving(odd), turned.shape[1::-1], 17, 2, "")
    assert np.abs(found - np.clip(ideal(turned, 2), 0, 255)).max() < 0.7


# --- what is read


def test_what_is_trimmed_away_is_not_seen() -> None:
    """A white frame around black: half of it would shine into the last row of results."""
    framed = np.full((100, 120, 3), 255, np.uint8)
    framed[13:89, 17:101] = np.arange(84, dtype=np.uint8)[None, :, None]
    cut = framed[13:89, 17:101].copy()
    found = shown(saved(framed, "PNG"), "trim=auto&w=42&fm=png")
    assert np.array_equal(found, shown(saved(cut, "PNG"), "w=42&fm=png"))
    part = shown(saved(framed, "PNG"), "rect=17,13,84,76&w=42&fm=png")
    assert (
        part[10, -1, 0] > found[10, -1, 0] + 5
    )  # as a tile it is the edge of what it was cut from


@pytest.mark.parametrize(
    ("crop", "size", "expected"),
    [
        ((512, 0, 489, 512), (245, 256), (512, 0, 490, 512)),
        ((512, 512, 489, 239), (245, 120), (512, 512, 490, 240)),
        ((0, 512, 512, 239), (256, 120), (0, 512, 512, 240)),
        ((768, 0, 233, 751), (30, 94), (768, 0, 240, 752)),
        ((0, 0, 1001, 751), (501, 376), (0, 0, 1001, 751)),  # the whole picture
        ((512, 0, 489, 512), (244, 256), (512, 0, 489, 512)),  # rounded down
        ((511, 0, 489, 512), (245, 256), (511, 0, 489, 512)),  # not at the edge
        ((512, 0, 489, 512), (489, 512), (512, 0, 489, 512)),
        ((512, 0, 489, 512), (245, 300), (512, 0, 489, 512)),  # of no one ratio
    ],
)
def test_a_tile_that_the_edge_cuts_off(crop: Any, size: Any, expected: Any) -> None:
    assert completed(crop, size, (1001, 751)) == expected


JPEG_TILES = Pieces(256, 256, 1, scales=8)


def level(query: str, **facts: Any) -> Any:
    asked = dict(part.split("=") for part in query.split("&"))
    read = Facts(format="tiff", width=5000, height=4000, pages=True, **facts)
    return make_plan(read, build({"fm": "png", **asked})).level


def test_a_part_is_read_with_what_the_filter_reads_around_it() -> None:
    """Three samples for each of the result and one more, to multiples of the ratio."""
    found = level("rect=1024,512,512,512&w=256", band_bytes=1)
    assert found.box == (1016, 504, 528, 528)
    assert level("rect=1024,512,512,512", band_bytes=1).box == (1024, 512, 512, 512)
    assert level("w=800", band_bytes=1).box == (0, 0, 5000, 4000)
    assert level("rect=0,3488,512,512&w=128", band_bytes=1).box == (0, 3472, 528, 528)
    # Sizes between two powers of two share a reading, and a decoder that scales begins at whole ones.
    first, second = (
        level(f"rect=1001,503,2000,1600&w={width}", band_bytes=1, pieces=JPEG_TILES)
        for width in (251, 400)
    )
    assert first == second
    assert (first.by, [side % 8 for side in first.box]) == (2, [0, 0, 0, 0])


def test_a_last_tile_is_averaged_as_often_as_its_neighbours() -> None:
    """At a ratio of 16 the last 904 columns are 57, of 15.86 each."""
    inner = level("rect=0,0,4096,4000&w=256&h=250&fit=scale", band_bytes=1)
    last = level("rect=4096,0,904,4000&w=57&h=250&fit=scale", band_bytes=1)
    assert (inner.by, last.by) == (2, 2)
    jpeg = Facts(format="jpeg", width=5001, height=4000)
    plans = [
        make_plan(jpeg, build({"rect": rect, "w": w, "h": "250", "fit": "scale", "fm": "jpg"}))
        for rect, w in (("0,0,4096,4000", "256"), ("4096,0,905,4000", "57"))
    ]
    assert [plan.level.by for plan in plans] == [8, 8]


@pytest.mark.parametrize("sides", [(2500, 2000), (2501, 2001)])
def test_an_overview_that_was_rounded_is_enough_for_a_tile(sides: tuple[int, int]) -> None:
    copy = Facts(format="tiff", width=sides[0], height=sides[1], reduced=2, band_bytes=1)
    page = Facts(
        format="tiff", width=5001, height=4001, pages=True, band_bytes=1, overviews=(copy,)
    )
    for rect, w, h in (("1024,0,1024,1024", 256, 256), ("4096,3072,905,929", 227, 233)):
        asked = {"rect": rect, "w": f"{w}", "h": f"{h}", "fit": "scale", "fm": "png"}
        assert make_plan(page, build(asked)).overview is copy
