"""JPEG in TIFF, read by strips and tiles: against libtiff's decode of the whole, by Pillow."""

from __future__ import annotations

import io
import itertools
import struct
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import refused, shown
from files import tiff
from imgmiddleware.formats.bands import decode_bands
from native import choose
from originals import Stored, probe
from pictures import photo_like, psnr, saved
from tiffs import coded_tiff, cut

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT = 203, 149
PHOTO = photo_like(WIDTH, HEIGHT, channels=4)


@dataclass(frozen=True)
class Kind:
    """How a writer codes pieces: Pillow's mode, what its encoder is told, and the photometric."""

    mode: str
    photometric: int
    how: dict[str, Any]


KINDS = {
    "4:2:0": Kind("RGB", 6, {"subsampling": "4:2:0"}),
    "4:2:2": Kind("RGB", 6, {"subsampling": "4:2:2"}),
    "4:4:4": Kind("RGB", 6, {"subsampling": "4:4:4"}),
    "rgb": Kind("RGB", 2, {"keep_rgb": True}),
    "gray": Kind("L", 1, {}),
    "white is zero": Kind("L", 0, {}),
    "cmyk": Kind("CMYK", 5, {}),
}


def samples_of(mode: str) -> Array:
    """The photo as these samples; of inks any four."""
    return {"RGB": PHOTO[..., :3], "L": PHOTO[..., 1], "CMYK": PHOTO}[mode]


def coded(part: Array, kind: Kind, streamtype: int) -> bytes:
    """By Pillow: 1 is the tables alone, 2 a picture without them (T.81, B.5)."""
    image = Image.fromarray(np.ascontiguousarray(part), kind.mode if kind.mode == "CMYK" else None)
    return saved(image, "JPEG", quality=90, streamtype=streamtype, **kind.how)


def written(
    name: str = "4:2:0", tile: tuple[int, int] | None = (48, 64), levels: int = 1, **options: Any
) -> bytes:
    """As libvips and GDAL do it: the tables once a page, the pieces without them."""
    kind = KINDS[name]
    pixels = [samples_of(kind.mode)]
    while len(pixels) < levels:
        pixels.append(cv2.resize(pixels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    tables = coded(pixels[0][:16, :16], kind, 1)
    coder = partial(coded, kind=kind, streamtype=2)
    return coded_tiff(pixels, coder, 7, kind.photometric, tile=tile, tables=tables, **options)


def whole(data: bytes) -> Array:
    """What libtiff decodes, in our order of channels."""
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image)
    return pixels[..., ::-1] if pixels.ndim == 3 and pixels.shape[2] == 3 else pixels


def far(one: Array, other: Array) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


TILES = {"tiles": (48, 64), "strips": None}


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_what_libtiff_makes_of_it(name: str, tile: str) -> None:
    data = written(name, TILES[tile])
    facts = probe(data)
    assert facts.band_bytes
    expected = whole(data)
    for box in ((0, 0, WIDTH, HEIGHT), (60, 40, 70, 100), (202, 148, 1, 1), (64, 48, 64, 48)):
        left, top, width, height = box
        found = decode_bands(Stored(data), facts, box, 0)
        assert far(found, expected[top : top + height, left : left + width]) <= 2, box


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize(("bigtiff", "byteorder"), [(False, ">"), (True, "<"), (True, ">")])
def test_each_header_and_order_of_bytes(bigtiff: bool, byteorder: str, tile: str) -> None:
    """8-byte offsets, and the tables of a page that are bytes in either order."""
    for name in ("4:2:0", "cmyk"):
        data = written(name, TILES[tile], 2, bigtiff=bigtiff, byteorder=byteorder)
        assert data[:4] == {"<": b"II%c\0", ">": b"MM\0%c"}[byteorder] % (43 if bigtiff else 42)
        facts = probe(data)
        assert facts.band_bytes
        assert [one.height for one in facts.overviews] == [HEIGHT // 2]
        found = decode_bands(Stored(data), facts, (0, 0, WIDTH, HEIGHT), 0)
        # Pillow does not know BigTIFF in the order of Motorola; the pieces are the same.
        assert far(found, whole(written(name, TILES[tile]))) <= 2, name


@pytest.mark.parametrize("name", KINDS)
def test_what_libtiff_writes_is_read_as_libtiff_reads_it(name: str) -> None:
    kind = KINDS[name]
    if kind.photometric == "miniswhite":
        pytest.skip("Pillow does not write it")
    image = Image.fromarray(samples_of(kind.mode), "CMYK" if kind.mode == "CMYK" else None)
    data = saved(image, "TIFF", compression="jpeg", quality=85)
    facts = probe(data)
    found = decode_bands(Stored(data), facts, (0, 0, WIDTH, HEIGHT), 0)
    assert far(found, whole(data)) <= 2


@pytest.mark.parametrize(("name", "said"), [("4:4:4", 2), ("rgb", 6)])
def test_the_directory_decides_what_colors_are(name: str, said: int) -> None:
    """Against JFIF's or Adobe's marker in each piece."""
    kind = KINDS[name]
    pixels = samples_of("RGB")
    data = coded_tiff([pixels], partial(coded, kind=kind, streamtype=0), 7, said)
    assert any(marker in data for marker in (b"JFIF", b"Adobe"))
    expected = whole(data)
    assert psnr(expected, pixels[..., ::-1]) < 20
    found = decode_bands(Stored(data), probe(data), (0, 0, WIDTH, HEIGHT), 0)
    assert far(found, expected) <= 2


def changed(coder: Any, piece: int, change: Any) -> Any:
    """A coder whose n-th piece is changed."""
    number = itertools.count()
    return lambda part: change(coder(part)) if next(number) == piece else coder(part)


def other_size(data: bytes, height: int, width: int, components: int = 3) -> bytes:
    """With another frame header (T.81, B.2.2): FFC0, length, precision, height, width, number."""
    at = data.index(b"\xff\xc0")
    size = struct.pack(">HHB", height, width, components)
    return data[: at + 5] + size + data[at + 10 :]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda data: data, 200),
        (lambda data: data[: len(data) - 2], 200),  # without an end marker
        (lambda data: data + b"\0", 200),
        (lambda data: data[2:], 422),
        (lambda data: b"", 200),  # which was left out: zeros
        (lambda data: other_size(data, 32, 64), 422),
        (lambda data: other_size(data, 48, 80), 422),
        (lambda data: other_size(data, 0, 64), 415),
        (lambda data: other_size(data, 65535, 65535), 422),
        (lambda data: other_size(data, 48, 64, 4), 422),
        (lambda data: coded(np.zeros((48, 64), np.uint8), KINDS["gray"], 0), 422),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xc3"), 415),  # lossless
        (lambda data: data.replace(b"\xff\xda", b"\xff\xd9"), 422),
    ],
)
def test_each_piece_is_held_against_the_directory(change: Any, status: int) -> None:
    """Also where only it is asked for; and what is beside it is served."""
    coder = partial(coded, kind=KINDS["4:4:4"], streamtype=0)
    data = coded_tiff([samples_of("RGB")], changed(coder, 1, change), 7, 6)
    assert refused(data)[0] == status
    assert refused(data, "rect=70,8,20,20")[0] == status
    assert refused(data, "rect=0,0,60,40")[0] == 200


def test_an_edge_tile_may_end_where_the_picture_does() -> None:
    parts = iter([*cut(samples_of("RGB"), (48, 64))])
    shown_of = itertools.product((48, 48, 48, 5), (64, 64, 64, 11))

    def coder(_: Array) -> bytes:
        high, wide = next(shown_of)
        return coded(next(parts)[:high, :wide], KINDS["4:4:4"], 0)

    data = coded_tiff([samples_of("RGB")], coder, 7, 6)
    full = coded_tiff([samples_of("RGB")], partial(coded, kind=KINDS["4:4:4"], streamtype=0), 7, 6)
    assert psnr(shown(data), shown(full)) > 42
    assert psnr(shown(data, "w=25&fm=png"), shown(full, "w=25&fm=png")) > 40


def test_half_a_piece_is_told_by_simplejpeg_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    coder = partial(coded, kind=KINDS["4:4:4"], streamtype=0)
    half = coded_tiff([samples_of("RGB")], changed(coder, 1, lambda d: d[: len(d) // 2]), 7, 6)
    choose(monkeypatch, "simplejpeg", True)
    assert refused(half)[0] == 422


@pytest.mark.parametrize("by", [1, 4])
def test_separate_planes(by: int) -> None:
    """Each is a gray JPEG."""
    coder = partial(coded, kind=KINDS["gray"], streamtype=0)
    data = coded_tiff([samples_of("RGB")], coder, 7, 2, planar=True)
    box = (0, 0, WIDTH, HEIGHT)
    found = decode_bands(Stored(data), probe(data), box, by.bit_length() - 1, scaled=by > 1)
    expected = averaged(samples_of("RGB")[..., ::-1], by)
    assert found.shape == expected.shape
    assert psnr(found, expected) > 32


def test_tables_that_are_broken() -> None:
    """422, and never the tables of another file."""
    for tables in (b"\xff\xd8", b"\0" * 40, b"\xff\xd8\xff\xdb\xff\xff\0\0", b"\xff\xd8\xff\xd9"):
        coder = partial(coded, kind=KINDS["4:2:0"], streamtype=2)
        data = coded_tiff([samples_of("RGB")], coder, 7, 6, tables=tables)
        assert refused(data)[0] == 422


def test_a_piece_of_many_scans_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progressive pieces are taken; each scan visits every block."""

    def coder(part: Array) -> bytes:
        return saved(np.ascontiguousarray(part), "JPEG", progressive=True)

    data = coded_tiff([samples_of("RGB")], coder, 7, 6)
    assert refused(data)[0] == 200
    monkeypatch.setattr("imgmiddleware.formats.jpeg.segments.MAX_SCANS", 5)
    assert refused(data)[0] == 422


def averaged(pixels: Array, by: int) -> Array:
    """By areas; of a rest at an edge what is left of it."""
    high, wide = -(-pixels.shape[0] // by), -(-pixels.shape[1] // by)
    found = [
        [pixels[y * by : y * by + by, x * by : x * by + by].mean((0, 1)) for x in range(wide)]
        for y in range(high)
    ]
    return np.array(found)


@pytest.mark.parametrize("by", [2, 4, 8])
@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("name", ["4:2:0", "4:4:4", "gray", "cmyk"])
def test_the_decoder_divides_the_sides(name: str, tile: str, by: int) -> None:
    """What fills tiles up beyond the picture is black here, or white: of neither is a trace."""
    for fill, box in ((0, (0, 0, WIDTH, HEIGHT)), (255, (64, 48, WIDTH - 64, HEIGHT - 48))):
        data = written(name, TILES[tile], fill=fill)
        facts = probe(data)
        assert facts.pieces is not None
        assert facts.pieces.scales == 8
        found = decode_bands(Stored(data), facts, box, by.bit_length() - 1, scaled=True)
        left, top, width, height = box
        expected = averaged(whole(data)[top : top + height, left : left + width], by)
        assert found.shape == expected.shape
        assert psnr(found, expected) > 34
        assert far(found[-1:], expected[-1:]) < 40
        assert far(found[:, -1:], expected[:, -1:]) < 40


@pytest.mark.parametrize(
    ("rows", "scales"), [(16, 8), (8, 8), (12, 4), (10, 2), (7, 1), (HEIGHT, 8)]
)
def test_strips_that_do_not_divide_are_averaged_here(rows: int, scales: int) -> None:
    """One strip of all rows may have any number of them."""
    high = min(rows, HEIGHT)
    parts = (samples_of("L")[y : y + high] for y in range(0, HEIGHT, high))
    pieces = [coded(part, KINDS["gray"], 0) for part in parts]
    starts = [*itertools.accumulate(map(len, pieces), initial=8)][:-1]
    data = tiff({
        256: ("L", [WIDTH]), 257: ("L", [HEIGHT]), 258: ("H", [8]), 259: ("H", [7]), 262: ("H", [1]),
        273: ("L", starts), 277: ("H", [1]), 278: ("L", [rows]), 279: ("L", [*map(len, pieces)]),
    }, b"".join(pieces))  # fmt: skip
    found = probe(data).pieces
    assert found is not None
    assert found.scales == scales
    assert psnr(shown(data, "w=25&fm=png", "L"), averaged(whole(data), 8)[:18, :25]) > 20


QUERIES = [
    {"w": "40"}, {"w": "20"}, {"w": "60"}, {}, {"rect": "33,41,120,90", "w": "25"}, {"w": "31", "orient": "6"},
    {"w": "30", "h": "30", "fit": "crop"}, {"rect": "100,80,50,50"}, {"w": "30", "linear": "1"},
]  # fmt: skip


@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("name", ["4:4:4", "rgb", "gray"])
def test_the_result_is_near_that_of_the_plain_samples(name: str, levels: int) -> None:
    """Of the same pixels without a loss; a shift by half a pixel would leave 30 dB and less."""
    data = written(name, levels=levels)
    plain = saved(
        Image.fromarray(
            np.ascontiguousarray(
                whole(data)[..., ::-1] if KINDS[name].mode == "RGB" else whole(data)
            )
        ),
        "PNG",
    )
    for query in QUERIES:
        text = "&".join(f"{key}={value}" for key, value in {**query, "fm": "png"}.items())
        assert psnr(shown(data, text), shown(plain, text)) > 34, query
