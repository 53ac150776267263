"""BMP headers against Pillow and OpenCV, and every kind of damage."""

from __future__ import annotations

import io
import struct
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import refused, shown
from imgmiddleware.formats.probe import read_profile, vet
from originals import probe, refusal, survive
from pictures import close, noise, read_by_opencv, saved
from rasters import bmp as a_bmp
from rasters import bmp_rows

MASKS = {16: (0xF800, 0x07E0, 0x001F), 32: (0xFF0000, 0xFF00, 0xFF)}
BGRA = struct.pack("<4L", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(
    bits: int, compression: int = 0, size: int = 40, masks: bytes = b"", *,
    width: int = 4, height: int = 2, colors: int = 0, planes: int = 1, gray: bool = False,
    body: bytes | None = None, offset: int | None = None,
) -> bytes:  # fmt: skip
    """A bitmap of any header; its rows are counted up bytes."""
    step = bytes(3) if gray else bytes((0, 1, 2))
    table = [
        bytes((n % 250 + s) for s in step) + bytes(0 if size == 12 else 1)
        for n in range(colors or 1 << min(bits, 8))
    ]
    rows = abs(height) * ((width * bits + 31) // 32 * 4)
    return a_bmp(
        bits, (bytes(range(256)) * (rows // 256 + 1))[:rows] if body is None else body, compression,
        size=(width, height), header=size, masks=masks, palette=b"".join(table) if bits <= 8 else b"",
        colors=colors, planes=planes, offset=offset,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_agrees_with_pillow(mode: str) -> None:
    data = saved(noise(53, 31).convert(mode), "BMP")
    facts = probe(data)
    assert (facts.width, facts.height) == Image.open(io.BytesIO(data)).size
    pixels = read_by_opencv(data)
    assert facts.color == ("gray" if pixels.ndim == 2 else "rgb")
    assert (facts.alpha, facts.frames, facts.depth, facts.orientation) == (False, 1, 8, 1)
    assert vet(data, facts) is data
    assert read_profile(data, facts) is None


@pytest.mark.parametrize("size", [40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("bits", [1, 4, 8, 16, 24, 32])
@pytest.mark.parametrize("height", [2, -2])
def test_uncompressed_headers(size: int, bits: int, height: int) -> None:
    data = bmp(bits, size=size, height=height)
    facts = probe(data)
    pixels = read_by_opencv(data)
    assert (facts.height, facts.width) == pixels.shape[:2] == (2, 4)
    assert facts.color == ("gray" if pixels.ndim == 2 else "rgb")


@pytest.mark.parametrize("bits", [1, 4, 8, 24])
def test_core_header_is_colour(bits: int) -> None:
    data = bmp(bits, size=12)
    assert probe(data).color == "rgb"
    assert close(shown(data), read_by_opencv(data, cv2.IMREAD_COLOR)[..., ::-1], 0)


def test_gray_palette() -> None:
    assert probe(bmp(8, gray=True)).color == "gray"
    assert probe(bmp(8, gray=True, size=12)).color == "gray"


@pytest.mark.parametrize(
    ("data", "alpha"),
    [
        (bmp(32, 3, 56, BGRA), True),
        (bmp(32, 3, 124, BGRA), True),
        (bmp(32, 3, 108, BGRA[:12]), False),
        (bmp(32, 3, 40, BGRA[:12]), False),
        (bmp(32, 0, 124, BGRA), False),
        (bmp(16, 3, 40, struct.pack("<3L", *MASKS[16])), False),
        (bmp(16, 3, 40, struct.pack("<3L", 0x7C00, 0x3E0, 0x1F)), False),
    ],
)
def test_alpha_is_a_mask(data: bytes, alpha: bool) -> None:
    assert probe(data).alpha is alpha
    assert read_by_opencv(data) is not None


RUNS = b"\x04\x01\0\0\x04\x02\0\0\0\1"


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", bmp(8, 1, body=RUNS)),
        ("", bmp(4, 2, body=RUNS)),
        ("", bmp(8, colors=3)),
        ("damaged-original", bmp(24)[:-1]),
        ("damaged-original", bmp(24)[:30]),
        ("damaged-original", bmp(8)[:80]),  # inside its palette
        ("damaged-original", bmp(24, width=0)),
        ("damaged-original", bmp(24, width=-4)),
        ("", bmp(24, planes=2)),  # which nobody looks at
        ("", bmp(2)),
        ("damaged-original", bmp(3)),
        ("unsupported-feature", bmp(64)),
        ("", bmp(24, offset=0)),
        ("damaged-original", bmp(24, offset=20)),
        ("damaged-original", bmp(24, offset=10_000)),
        ("", bmp(8, 1, body=RUNS, height=-2)),
        ("damaged-original", bmp(24, 1)),
        ("damaged-original", bmp(32, size=12)),
        ("damaged-original", bmp(8, 1, body=RUNS, width=64, height=64)),
        ("damaged-original", bmp(24, width=9, height=4, body=bytes(100))),
        ("unsupported-feature", bmp(24, 4)),  # a JPEG inside
        ("unsupported-feature", bmp(32, 12, 40)),  # CMYK
        ("unsupported-feature", bmp(1, 3, 64)),  # Huffman's code
        ("unsupported-feature", bmp(32, 3, 52, struct.pack("<3L", 0xF0F, 0xF000, 0xF00000))),
        ("unknown-format", b"BMore text than picture"),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_profile_of_a_v5_header() -> None:
    whole = bytearray(bmp(24, size=124) + b"profile")
    whole[70:74] = b"DEBM"
    struct.pack_into("<LL", whole, 14 + 112, len(whole) - 7 - 14, 7)
    assert read_profile(bytes(whole), probe(bytes(whole))) == b"profile"
    struct.pack_into("<L", whole, 14 + 116, 8)
    assert read_profile(bytes(whole), probe(bytes(whole))) == b""


@pytest.mark.parametrize("data", [bmp(8), bmp(32, 3, 124, BGRA), bmp(4, 2, body=RUNS)])
def test_survives_damage(data: bytes) -> None:
    assert survive(data, 100) > 20


# --- What is decoded ------------------------------------------------------------------------------
# Widths that are no multiple of four: rows are filled up to these.

WIDE, HIGH = 11, 6
DICE = np.random.default_rng(2)
INDICES = DICE.integers(0, 256, (HIGH, WIDE)).astype(np.uint8)
PALETTE = DICE.integers(0, 256, (256, 4)).astype(np.uint8)
COLORS = PALETTE[:, 2::-1]  # red first


def of(bits: int, rows: bytes, compression: int = 0, **options: Any) -> bytes:
    return a_bmp(bits, rows, compression, size=(WIDE, HIGH), **options)


FIELDS = {
    "5-6-5": (0xF800, 0x07E0, 0x001F, 0),
    "5-5-5": (0x7C00, 0x03E0, 0x001F, 0),
    "1-5-5-5": (0x7C00, 0x03E0, 0x001F, 0x8000),
    "4-4-4-4": (0x0F00, 0x00F0, 0x000F, 0xF000),
    "10-10-10": (0x3FF00000, 0x000FFC00, 0x000003FF, 0),
    "red last": (0x0000FF, 0x00FF00, 0xFF0000, 0),
    "no red": (0, 0x00FF00, 0x0000FF, 0),
}


@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize("name", FIELDS)
def test_masks_are_spread_over_the_whole_range(name: str, header: int) -> None:
    """As Chromium 156 shows them, to the level; 10 bits are rounded here, and cut there."""
    masks = FIELDS[name]
    bits = 16 if max(masks) < 1 << 16 else 32
    values = DICE.integers(0, 1 << bits, (HIGH, WIDE)).astype(np.uint64)
    masks = masks if header >= 56 else masks[:3]
    expected = [
        np.rint((values & mask) * 255 / mask) if mask else np.zeros((HIGH, WIDE)) for mask in masks
    ]
    alpha = len(masks) == 4 and masks[3] > 0
    if not alpha:
        expected = expected[:3]
    rows = bmp_rows(values[..., None].astype(f"u{bits // 8}"), bits)
    data = of(bits, rows, 3, masks=masks, header=header)
    assert np.array_equal(shown(data, mode="RGBA" if alpha else "RGB"), np.dstack(expected))


def test_masks_of_a_header_without_bitfields_are_not_valid() -> None:
    pixels = DICE.integers(0, 256, (HIGH, WIDE, 4)).astype(np.uint8)
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for header in (56, 108, 124):
        data = of(32, bmp_rows(pixels), masks=masks, header=header)
        assert np.array_equal(shown(data, mode="RGBA")[..., :3], pixels[..., 2::-1])
        assert np.array_equal(shown(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
        assert not probe(data).alpha


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("top_down", [False, True])
def test_palettes(bits: int, top_down: bool) -> None:
    indices = INDICES >> 8 - bits
    rows = bmp_rows(indices[..., None], bits, top_down)
    palette = PALETTE[: 1 << bits].tobytes()
    data = of(bits, rows, palette=palette, top_down=top_down)
    assert np.array_equal(shown(data), COLORS[indices])


@pytest.mark.parametrize("colors", [4, 20, 256, 300, 0])
def test_a_short_palette_ends_where_the_rows_begin(colors: int) -> None:
    data = of(8, bmp_rows(INDICES[..., None] % 4), palette=PALETTE[:4].tobytes(), colors=colors)
    assert np.array_equal(shown(data), COLORS[INDICES % 4])


@pytest.mark.parametrize("bits", [4, 8])
def test_a_short_palette_is_read_on_into_the_rows(bits: int) -> None:
    """As by Pillow, OpenCV and Chromium."""
    indices = INDICES % 16
    data = of(bits, bmp_rows(indices[..., None], bits), palette=PALETTE[:7].tobytes(), colors=0)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(shown(data), expected)
    assert len(np.unique(expected[indices >= 7], axis=0)) > 4


def test_what_a_palette_has_not_is_black() -> None:
    for bits in (4, 8):
        indices = INDICES % 8
        data = of(bits, bmp_rows(indices[..., None], bits), palette=PALETTE[:4].tobytes(), colors=4)
        assert np.array_equal(shown(data), np.where(indices[..., None] < 4, COLORS[indices], 0))


def test_numbers_that_nobody_looks_at() -> None:
    rows = bmp_rows(INDICES[..., None])
    for options in ({"planes": 0}, {"colors": 300}, {"offset": 0}, {"colors": 257}):
        data = of(8, rows, palette=PALETTE.tobytes(), **options)
        assert np.array_equal(shown(data), COLORS[INDICES]), options


def runs(rows: Any, bits: int = 8, spare: int = 0, literal: bool = False) -> bytes:
    """Each row with as many pixels more than it has room for."""
    data = b""
    for indices in rows.tolist():
        row = [*indices, *[3] * spare]
        row += [3] * (bits == 4 and len(row) % 2)
        values = (
            row if bits == 8 else [a << 4 | b for a, b in zip(row[::2], row[1::2], strict=True)]
        )
        if literal:
            data += bytes((0, len(row), *values)) + b"\0" * (len(values) % 2)
        else:
            data += b"".join(bytes((8 // bits, value)) for value in values)
        data += b"\0\0"
    return data[:-2] + b"\0\1"


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("spare", [0, 1, 2, 5])
@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("bits", [4, 8])
def test_runs(bits: int, spare: int, literal: bool, top_down: bool) -> None:
    indices = INDICES >> 8 - bits
    data = of(
        bits, runs(indices if top_down else indices[::-1], bits, spare, literal), 2 if bits == 4 else 1,
        palette=PALETTE[: 1 << bits].tobytes(), top_down=top_down,
    )  # fmt: skip
    assert np.array_equal(shown(data), COLORS[indices])
    if not (literal and (spare or bits == 4)):  # which Pillow counts as pixels of the next row
        pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert np.array_equal(shown(data), pillow)


@pytest.mark.parametrize(
    ("codes", "lowest"),
    [
        (b"\x20\5\0\1", [5] * WIDE),  # a run over the edge is not seen on the next row
        (b"\x20\5\3\7\0\1", [5] * WIDE),
        (b"\4\5\0\0\0\1", [5] * 4 + [0] * 7),
        (b"\2\5\0\2\3\0\4\7\0\1", [5] * 2 + [0] * 3 + [7] * 4 + [0] * 2),
    ],
)
def test_what_runs_leave_has_the_first_colour(codes: bytes, lowest: list[int]) -> None:
    """So Pillow of rows that end early, and OpenCV of skips."""
    indices = np.zeros((HIGH, WIDE), np.uint8)
    indices[-1] = lowest
    assert np.array_equal(shown(of(8, codes, 1, palette=PALETTE.tobytes())), COLORS[indices])


def test_runs_of_four_bits_take_turns() -> None:
    codes = b"".join(b"\3\x12\5\x34\3\x56\0\0" for _ in range(HIGH)) + b"\0\1"
    row = [1, 2, 1, 3, 4, 3, 4, 3, 5, 6, 5]
    pixels = shown(of(4, codes, 2, palette=PALETTE[:16].tobytes()))
    assert np.array_equal(pixels, COLORS[[row] * HIGH])


@pytest.mark.parametrize("literal", [False, True])
def test_runs_of_colours(literal: bool) -> None:
    """RLE24, which Chromium alone shows beside us: a count, and blue, green, red."""
    pixels = DICE.integers(0, 256, (HIGH, WIDE, 3)).astype(np.uint8)
    data = b""
    for row in pixels[::-1, :, ::-1]:
        if literal:
            data += bytes((0, WIDE)) + row.tobytes() + b"\0"
        else:
            data += b"".join(b"\1" + color.tobytes() for color in row)
        data += b"\0\0"
    assert np.array_equal(shown(of(24, data + b"\0\1", 4, header=64)), pixels)


def test_runs_that_end_early_are_damage() -> None:
    whole = runs(INDICES)
    assert shown(of(8, whole[:-2] + b"\0\0", 1, palette=PALETTE.tobytes())).shape == (HIGH, WIDE, 3)
    for short in (whole[:-4], whole[: len(whole) // 2]):
        assert refused(of(8, short, 1, palette=PALETTE.tobytes())) == (422, "damaged-original")


def test_a_hostile_run_takes_little() -> None:
    """A megabyte of runs of 255 in one row draws that row."""
    data = of(8, b"\xff\1" * 2**19 + b"\0\1", 1, palette=PALETTE.tobytes())
    assert np.array_equal(shown(data)[-1], COLORS[[1] * WIDE])
