"""Originals that are read in bands: against their own samples, cut and averaged by arithmetic."""

from __future__ import annotations

import io
import itertools
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import ask, get, refused, serving, shown
from files import chunk
from imgmiddleware import ImageService
from imgmiddleware.errors import ImageError
from imgmiddleware.formats import plain_rows
from imgmiddleware.formats.bands import decode_bands
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.png import decode_rows as filtered_rows
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.tiff import decode_pieces as pieces
from imgmiddleware.imaging import plan
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.imaging.render import render
from imgmiddleware.operations.stages import build
from imgmiddleware.sources.file import open_path
from measuring import Forked, needs_proc
from originals import Stored, probe
from pictures import moving, opened, photo_like, saved
from rasters import DEFLATE, LZW, PACKBITS, bmp_rows, png, tif
from rasters import bmp as a_bmp

Array = np.ndarray[Any, Any]

#: Red first: a photo, in even and odd sizes.
SIZES = {"even": (208, 160), "odd": (203, 149)}


# --- files, written by hand


def bmp(
    rows: Array, bits: int, *, down: bool = False, palette: bytes = b"", alpha: bool = False
) -> bytes:
    """Of rows of bytes, from the top down; with alpha the header of Windows 5."""
    size = rows[0].size * 8 // bits, len(rows)
    stored = bmp_rows(rows, top_down=down, spare=0xEE)
    if alpha:
        masks = 0xFF0000, 0xFF00, 0xFF, 0xFF000000
        return a_bmp(bits, stored, 3, size=size, top_down=down, header=124, masks=masks)
    return a_bmp(bits, stored, size=size, top_down=down, palette=palette)


# --- kinds: a file of these samples, and what they are, in our order of channels


@dataclass(frozen=True)
class Kind:
    make: Callable[[Array], bytes]  # of RGBA
    seen: Callable[[Array], Array]
    halves: bool = True  # alpha is not averaged while it is read


def rgb(pixels: Array) -> Array:
    return pixels[..., :3]


def bgr(pixels: Array) -> Array:
    return pixels[..., 2::-1]


def gray(pixels: Array) -> Array:
    return pixels[..., 1]


def bgra(pixels: Array) -> Array:
    return pixels[..., [2, 1, 0, 3]]


def deep(pixels: Array) -> Array:
    """16 bits, of which the lower eight are something else."""
    return pixels.astype(np.uint16) * 257 ^ 0x5A


PALETTE = np.random.default_rng(1).integers(0, 256, (200, 3), np.uint8)  # RGB, not all of it there
TABLE = np.vstack((PALETTE, np.zeros((56, 3), np.uint8)))
BMP_PALETTE = np.dstack((PALETTE[None, :, ::-1], np.zeros((1, 200, 1), np.uint8))).tobytes()
GRAYS = bytes(v for level in range(256) for v in (255 - level, 255 - level, 255 - level, 0))
TIFF_COLORS = [int(v) * 257 for v in TABLE.T.ravel()]


def padded(pixels: Array) -> Array:
    return np.dstack((bgr(pixels), pixels[..., 3]))


def of_tiff(
    of: Callable[[Array], Array], photometric: int, **options: Any
) -> Callable[[Array], bytes]:

    def made(pixels: Array) -> bytes:
        samples = of(pixels)
        alpha = {"t338": [2]} if (photometric, samples.shape[2:]) == (2, (4,)) else {}
        return tif(samples, photometric, **({"high": 16} | alpha | options))

    return made


KINDS: dict[str, Kind] = {
    "bmp 24": Kind(lambda p: bmp(bgr(p), 24), bgr),
    "bmp 24 down": Kind(lambda p: bmp(bgr(p), 24, down=True), bgr),
    "bmp 32": Kind(lambda p: bmp(padded(p), 32), bgr),
    "bmp alpha": Kind(lambda p: bmp(bgra(p), 32, alpha=True), bgra, halves=False),
    "bmp palette": Kind(lambda p: bmp(gray(p), 8, palette=BMP_PALETTE), lambda p: TABLE[gray(p)][..., ::-1]),
    "bmp gray": Kind(lambda p: bmp(gray(p), 8, palette=GRAYS, down=True), lambda p: 255 - gray(p)),
    "tiff rgb": Kind(of_tiff(rgb, 2), bgr),
    "tiff rgb one strip": Kind(of_tiff(rgb, 2, high=2**16), bgr),
    "tiff rgb apart": Kind(of_tiff(rgb, 2, high=3, apart=5), bgr),
    "tiff gray": Kind(of_tiff(gray, 1), gray),
    "tiff white is zero": Kind(of_tiff(gray, 0), lambda p: 255 - gray(p)),
    "tiff palette": Kind(of_tiff(gray, 3, t320=TIFF_COLORS), lambda p: TABLE[gray(p)][..., ::-1]),
    "tiff cmyk": Kind(of_tiff(lambda p: p, 5), lambda p: p),
    "tiff rgba": Kind(of_tiff(lambda p: p, 2), bgra, halves=False),
    "tiff gray 16": Kind(of_tiff(lambda p: deep(gray(p)), 1), lambda p: deep(gray(p))),
    "tiff rgb 16": Kind(of_tiff(lambda p: deep(rgb(p)), 2, order=">"), lambda p: deep(bgr(p))),
    "tiff rgb tiles": Kind(of_tiff(rgb, 2, wide=32), bgr),
    "png rgb": Kind(lambda p: png(rgb(p), 2), bgr),
    "png gray": Kind(lambda p: png(gray(p), 0, size=10**6), gray),
    "png palette": Kind(lambda p: png(gray(p), 3, more=chunk(b"PLTE", PALETTE.tobytes())), lambda p: TABLE[gray(p)][..., ::-1]),
    "png rgba": Kind(lambda p: png(p, 6, size=7), bgra, halves=False),
    "png gray 16": Kind(lambda p: png(deep(gray(p)), 0), lambda p: deep(gray(p))),
    "png rgb 16": Kind(lambda p: png(deep(rgb(p)), 2), lambda p: deep(bgr(p))),
    "png rgba 16": Kind(lambda p: png(deep(p), 6), lambda p: deep(bgra(p)), halves=False),
    "tiff rgb 16 tiles": Kind(of_tiff(lambda p: deep(rgb(p)), 2, wide=48, order=">"), lambda p: deep(bgr(p))),
    **{
        f"tiff {name} {what}": Kind(of_tiff(of, number, compression=compression, **options), seen, halves)
        for name, compression, options in (
            ("lzw", LZW, {"predictor": 2, "high": 7}),
            ("lzw tiles", LZW, {"predictor": 2, "wide": 64}),
            ("deflate", DEFLATE, {"predictor": 2, "order": ">"}),
            ("deflate tiles", DEFLATE, {"wide": 48, "high": 32}),
            ("packbits", PACKBITS, {"apart": 3}),
        )
        for what, of, number, seen, halves in (
            ("rgb", rgb, 2, bgr, True),
            ("gray", gray, 1, gray, True),
            ("white is zero", gray, 0, lambda p: 255 - gray(p), True),
            ("cmyk", lambda p: p, 5, lambda p: p, True),
            ("rgba", lambda p: p, 2, bgra, False),
        )
    },
}  # fmt: skip


def picture(size: str) -> Array:
    """RGBA."""
    return photo_like(*SIZES[size], channels=4)


def averaged(pixels: Array, times: int) -> Array:
    """By twos, halves up; an odd side as if its last row stood there twice."""
    for _ in range(times):
        spare = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
        wide = np.pad(pixels, spare, "edge").astype(np.uint32)
        total = wide[0::2, 0::2] + wide[1::2, 0::2] + wide[0::2, 1::2] + wide[1::2, 1::2]
        pixels = ((total + 2) // 4).astype(pixels.dtype)
    return pixels


def blocks_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_rows, "BLOCK", size)
    monkeypatch.setattr(pieces, "BLOCK", size)
    monkeypatch.setattr(pieces, "together", lambda samples: max(1, size // samples))
    monkeypatch.setattr(filtered_rows, "PIECES", size)
    monkeypatch.setattr(filtered_rows, "_READ", max(16, size))


#: These pictures would all be one block. An odd side concerns the last row and column,
#: and a block where rows are joined: not every block meets both.
BLOCKS = {
    "row by row, odd": (1, "odd"), "blocks, even": (5000, "even"),
    "blocks, odd": (5000, "odd"), "at once, even": (2**20, "even"),
}  # fmt: skip


@pytest.mark.parametrize(("block", "size"), BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_its_samples_cut_and_averaged(
    kind: str, block: int, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks_of(block, monkeypatch)
    pixels = picture(size)
    data, seen = KINDS[kind].make(pixels), KINDS[kind].seen(pixels)
    facts = probe(data)
    # Of 16 bits in tiles, which OpenCV decodes in little memory, small ones are decoded whole.
    assert facts.band_bytes or kind == "tiff rgb 16 tiles"
    height, width = seen.shape[:2]
    boxes = [
        (0, 0, width, height),
        (37, 21, 101, 90),
        (64, 48, 32, 16),
        (width - 1, height - 1, 1, 1),
    ]
    for box, times in itertools.product(boxes, range(4 if KINDS[kind].halves else 1)):
        left, top, wide, high = box
        expected = averaged(seen[top : top + high, left : left + wide], times)
        found = decode_bands(Stored(data), facts, box, times)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected), (box, times)


QUERIES: list[dict[str, str]] = [
    {"w": "4"}, {"w": "20"}, {"w": "40"}, {"w": "70"}, {}, {"w": "300", "enlarge": "1"},
    {"w": "30", "h": "30", "fit": "crop"}, {"rect": "33,40,120,90", "w": "25"}, {"w": "40", "h": "9", "fit": "scale"},
    {"w": "30", "linear": "1"}, {"w": "50", "trim": "auto"}, {"w": "31", "orient": "6"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "size"),
    [(0, "even"), (0, "odd"), (2**24, "odd")],
    ids=["passing, even", "passing, odd", "kept, odd"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_result_is_that_of_the_plain_path(
    kind: str, size: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file all at once, by OpenCV or Pillow, and by the resampler alone."""
    monkeypatch.setattr(plan, "_KEPT", kept)
    monkeypatch.setattr(plan, "_SHARED", kept)
    blocks_of(5000, monkeypatch)
    data = KINDS[kind].make(picture(size))
    bands = probe(data)
    passing = [make_plan(bands, build(query)).level.passed is not None for query in QUERIES]
    assert any(passing) is (not kept and bands.band_bytes > 0 and not bands.alpha)
    assert not all(passing)
    for query in QUERIES:
        bodies = []
        for facts in (bands, replace(bands, band_bytes=0)):

            def replan(part: Any, facts: Facts = facts, query: dict[str, str] = query) -> Any:
                return make_plan(facts, build(query), part=part)

            made = make_plan(facts, build({**query, "fm": "png"}))
            decoded = decode_original(Stored(data), facts, made)
            bodies.append(render(decoded, made, replan).body)
        assert bodies[0] == bodies[1], query


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_tiff_is_turned_once(orientation: int) -> None:
    pixels = picture("odd")[..., :3]
    data = saved(pixels, "TIFF", compression="tiff_lzw", tiffinfo={274: orientation})
    upright = np.asarray(opened(data))  # turned by Pillow
    facts = probe(data)
    assert facts.band_bytes
    made = make_plan(facts, build({"fm": "png"}))
    body = render(decode_original(Stored(data), facts, made), made, lambda _: made).body
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(body))), upright)


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_is_read_by_its_own_directory(page: int) -> None:
    first, second = (Image.fromarray(picture(size)[..., :3]) for size in SIZES)
    data = moving([first, second], "TIFF", compression="tiff_lzw")
    assert probe(data, page - 1).band_bytes
    assert np.array_equal(shown(data, f"page={page}&fm=png"), np.asarray((first, second)[page - 1]))


# --- what is not read


@pytest.mark.parametrize(
    "kind", ["bmp 24", "bmp 24 down", "tiff rgb", "tiff lzw rgb", "tiff rgb tiles"]
)
def test_rows_that_are_cut_away_are_not_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks_of(1, monkeypatch)
    data = KINDS[kind].make(picture("even"))
    facts = probe(data)
    head = Stored(data)
    decode_bands(head, facts, (0, 0, 1, 1), 0)
    band = Stored(data)
    decode_bands(band, facts, (0, 80, 208, 16), 1)  # a tenth of its rows, two strips at most
    assert band.total < head.total + len(data) / 4


def test_columns_that_are_cut_away_are_not_read() -> None:
    wide = photo_like(20000, 24)
    for data in (bmp(wide, 24), tif(wide, 2, high=16, wide=256)):
        original = Stored(data)
        box = (9000, 0, 100, 24)
        found = decode_bands(original, probe(data), box, 0)
        expected = wide[:, 9000:9100]
        assert np.array_equal(found, expected if data[:2] == b"BM" else expected[..., ::-1])
        assert original.total < len(data) / 10


# --- damage, and originals that change


@pytest.mark.parametrize("kept", [0, 2**24], ids=["passing", "kept"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_original_that_changes_or_shrinks_meanwhile(
    kind: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks_of(5000, monkeypatch)
    monkeypatch.setattr(plan, "_KEPT", kept)
    data = KINDS[kind].make(picture("odd"))
    facts = probe(data)
    whole = Stored(data)
    made = make_plan(facts, build({"w": "60"}))  # not averaged by twos
    decode_original(whole, facts, made)
    # The first reads are of the header; of the many of its rows some.
    for at in {
        *range(min(6, whole.reads)),
        *range(0, whole.reads, 1 + whole.reads // 12),
        whole.reads - 1,
    }:
        for original in (Stored(data, changed_at=at), Stored(data, cut_at=at)):
            with pytest.raises(ImageError) as caught:
                decode_original(original, facts, made)
            # What is missing of a header looks like damage, where a source does not say it changed.
            assert caught.value.code in ("original-changed", "damaged-original")


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    """By another process: no mapped memory, so no SIGBUS."""
    path = tmp_path / "a.bmp"
    path.write_bytes(KINDS["bmp 24"].make(picture("even")))
    with open_path(path) as opened:
        facts = read_facts(opened, FORMATS)
        os.truncate(path, 5000)
        with pytest.raises(ImageError, match="changed"):
            decode_bands(opened, facts, (0, 0, 208, 160), 1)


def damage(data: bytes, tag: int, values: list[int]) -> bytes:
    """With other values in a tag's array of 32-bit numbers, which stands outside of its entry."""
    copy = bytearray(data)
    (start,) = struct.unpack_from("<L", copy, 4)
    (count,) = struct.unpack_from("<H", copy, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", copy, place) == (tag,):
            (at,) = struct.unpack_from("<L", copy, place + 8)
            struct.pack_into(f"<{len(values)}L", copy, at, *values)
    return bytes(copy)


def test_a_strip_that_goes_on_beyond_the_end() -> None:
    """Its own count is kept within the file, so that only the rows that it must hold tell."""
    data = KINDS["tiff rgb"].make(picture("even"))
    places = [8 + 208 * 3 * 16 * strip for strip in range(10)]
    places[4] = len(data) - 100
    counts = [208 * 3 * 16] * 10
    counts[4], counts[5] = 100, 2 * 208 * 3 * 16
    beyond = damage(damage(data, 273, places), 279, counts)
    assert refused(data) == (200, "")
    assert refused(beyond) == (422, "damaged-original")


@pytest.mark.parametrize("kind", ["tiff lzw rgb", "tiff lzw tiles gray", "tiff deflate rgb", "tiff deflate tiles cmyk"])  # fmt: skip
def test_pieces_that_are_not_compressed_so(kind: str) -> None:
    data = KINDS[kind].make(picture("odd"))
    noise = np.random.default_rng(2).bytes(400)
    assert refused(data[:3000] + noise + data[3400:]) == (422, "damaged-original")


# --- memory

LARGE = np.tile(photo_like(1000, 1000), (4, 6, 1))  # 24 megapixels, 72 MB


@needs_proc
@pytest.mark.parametrize(("query", "most"), [("w=300&fm=jpg", 24), ("w=1600&fm=jpg", 32)])
@pytest.mark.parametrize("format", ["bmp", "plain", "lzw", "deflate", "tiles", "png"])
def test_memory_follows_the_result(
    format: str, query: str, most: int, tmp_path: Path, forked: Forked
) -> None:
    """All of it would be 72 MB; an eighth of it, with what reading and encoding take, is little.

    Of a result that nothing is averaged for, of 5 MB, only the rows that it is being made of.
    """

    def written(pixels: Array) -> bytes:
        if format == "bmp":
            return bmp(pixels, 24)
        if format == "tiles":
            return tif(pixels, 2, high=256, wide=256)
        if format == "png":
            return saved(pixels, "PNG", compress_level=1)
        name = {"plain": None, "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate"}[format]
        return saved(pixels, "TIFF", compression=name)

    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "original").write_bytes(written(LARGE))
    assert forked("decode_memory", "rendering", str(folder), query) < most * 2**20


def test_what_is_predicted_follows_the_result_too() -> None:
    data = bmp(np.zeros((3172, 5640, 3), np.uint8), 24)
    facts = probe(data)
    small, large = (
        predicted_bytes(facts, make_plan(facts, build({"w": width})), len(data))
        for width in ("300", "5640")
    )
    assert small < 20 * 2**20 < 54 * 10**6 < large
    # Light is averaged after all of it is decoded.
    light = make_plan(facts, build({"w": "300", "linear": "1"}))
    assert predicted_bytes(facts, light, len(data)) > 54 * 10**6


def test_of_rows_that_pass_few_are_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """18 megapixels, 54 MB, of which 160 times 4 rows of the 3172 may be held at once."""
    facts = probe(bmp(np.zeros((3172, 5640, 3), np.uint8), 24))
    passing = make_plan(facts, build({"w": "1600"}))
    assert passing.level.passed
    predicted = predicted_bytes(facts, passing)
    monkeypatch.setattr(plan, "_KEPT", 2**26)
    kept = make_plan(facts, build({"w": "1600"}))
    assert not kept.level.passed
    assert predicted_bytes(facts, kept) - predicted == (3172 - 160 * 4) * 5640 * 3


def test_stored_bytes_that_no_row_needs_are_predicted() -> None:
    """A strip of 6 kB of samples that claims 20 MB of the file: read, joined and handed on."""
    small = tif(np.zeros((64, 64, 3), np.uint8), 2, high=32, compression=LZW)
    assert probe(small).band_bytes
    claims = damage(small + bytes(20 * 2**20), 279, [20 * 2**20, 100])
    facts = probe(claims)
    assert facts.band_bytes == 0
    assert facts.decode_bytes > 40 * 2**20
    assert refused(claims)[0] == 422


def test_a_smaller_size_is_made_of_a_larger_one_that_is_kept() -> None:
    """Without its original, and with the same bytes."""
    data = KINDS["tiff lzw rgb"].make(picture("odd"))

    def body(service: ImageService, width: int) -> bytes:
        return get(service, f"w={width}&fm=png").body

    source = Stored(data)
    both, alone = ImageService(source), ImageService(Stored(data), decoded_bytes=0)
    sizes = [100, 50, 25, 12]
    assert [body(both, w) for w in sizes] == [body(alone, w) for w in sizes]
    kept = source.totals
    assert kept[0] > len(data) / 2
    assert all(total < len(data) / 2 for total in kept[1:])


def test_what_passed_is_kept_for_the_same_part_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """In another format, without its original; for no other part, and not for linear light."""
    monkeypatch.setattr(plan, "_KEPT", 0)
    data = KINDS["bmp 24"].make(picture("even"))

    def body(service: ImageService, query: str) -> bytes:
        return get(service, query).body

    queries = [
        "rect=0,0,150,150&w=100&fm=png", "rect=0,0,150,150&w=100&fm=webp",
        "rect=0,0,150,150&w=100&fm=png&linear=1", "rect=1,0,150,150&w=100&fm=png",
        "rect=0,0,150,150&w=99&fm=png",
    ]  # fmt: skip
    source = Stored(data)
    both, alone = ImageService(source), ImageService(Stored(data), decoded_bytes=0)
    assert [body(both, query) for query in queries] == [body(alone, query) for query in queries]
    again = [total < len(data) / 2 for total in source.totals]
    assert again == [False, True, False, False, False]


def test_what_passes_is_not_made_of_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear light is averaged by the resampler, so that all samples of the part are kept for it."""
    monkeypatch.setattr(plan, "_KEPT", 1000)
    monkeypatch.setattr(plan, "_SHARED", 1000)
    data = KINDS["bmp 24"].make(picture("even"))
    part = "rect=3,1,121,91&w=28&fm=png"
    alone = ask(data, part).body
    service = serving(data)
    get(service, f"{part}&linear=1")
    assert service.holding()["decoded"].bytes > 121 * 91 * 3
    assert get(service, part).body == alone
