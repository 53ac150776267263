"""AVIF containers against Pillow, and every lie between a container and its AV1 data."""

from __future__ import annotations

import io
import struct
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from files import ALPHA, PIXI, AvifItem, av1, avif, box, coded, ispe
from imgmiddleware.formats.avif.av1 import read_sequence
from imgmiddleware.formats.probe import read_profile, vet
from originals import probe, refusal, survive
from pictures import SRGB, exif, noise, read_by_opencv, saved

PHOTO = saved(noise(), "AVIF", speed=10)
SMALL = coded(64, 64)


def grid(rows: int, columns: int, width: int, height: int, *tiles: int) -> AvifItem:
    data = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    return AvifItem(data, (ispe(width, height), PIXI), b"grid", ((b"dimg", tiles),), in_idat=True)


@pytest.mark.parametrize(
    ("mode", "subsampling"),
    [(mode, kind) for mode in ("L", "RGB", "RGBA") for kind in ("4:2:0", "4:2:2", "4:4:4")]
    + [("L", "4:0:0"), ("RGB", "4:0:0")],
)
def test_agrees_with_pillow_and_the_decoder(mode: str, subsampling: str) -> None:
    data = saved(noise(53, 31, mode), "AVIF", speed=10, subsampling=subsampling)
    facts = probe(data)
    with Image.open(io.BytesIO(data)) as image:
        assert (facts.width, facts.height) == image.size
        assert facts.alpha == (image.mode == "RGBA")
    pixels = read_by_opencv(data)
    assert facts.color == ("gray" if pixels.ndim == 2 else "rgb")
    assert facts.alpha == (pixels.ndim == 3 and pixels.shape[2] == 4)
    assert facts.decode_bytes >= 2 * pixels.nbytes
    assert vet(data, facts) is data


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_depth(bits: int) -> None:
    """More than eight bits come as uint16, in the original's own range and not stretched."""
    pixels = np.full((31, 53, 3), (1 << bits) - 1, np.uint16 if bits > 8 else np.uint8)
    data = cv2.imencode(".avif", pixels, [cv2.IMWRITE_AVIF_DEPTH, bits])[1].tobytes()
    facts = probe(data)
    found = read_by_opencv(data)
    assert (facts.bits, facts.depth) == (bits, found.dtype.itemsize * 8)
    assert (1 << bits) - 4 < found.max() < 1 << bits  # the encoder is lossy


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_that_pillow_writes(orientation: int) -> None:
    data = saved(noise(), "AVIF", speed=10, exif=exif(orientation))
    assert Image.open(io.BytesIO(data)).getexif().get(274, 1) == orientation
    assert probe(data).orientation == orientation


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("mirror_first", [False, True])
def test_transforms_in_their_order(turns: int, axis: int | None, mirror_first: bool) -> None:
    """Applied one after the other to pixels, they give what the EXIF value gives through Pillow."""
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    steps = [("irot", turns)] if axis is None else [("irot", turns), ("imir", axis)]
    if mirror_first:
        steps.reverse()
    expected = pixels
    for kind, value in steps:
        expected = np.rot90(expected, value) if kind == "irot" else np.flip(expected, value)
    boxes = [box(kind.encode(), bytes([value])) for kind, value in steps]
    block = Image.Exif()
    block[274] = probe(avif([coded(64, 64, *boxes)])).orientation
    file = saved(Image.fromarray(pixels), "PNG", exif=block)
    from PIL import ImageOps

    assert np.array_equal(
        np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file)))), expected
    )


def test_profile() -> None:
    data = saved(noise(), "AVIF", speed=10, icc_profile=SRGB)
    assert read_profile(data, probe(data)) == Image.open(io.BytesIO(data)).info["icc_profile"]
    assert read_profile(PHOTO, probe(PHOTO)) is None
    empty = avif([coded(64, 64, box(b"colr", b"prof"))])
    assert read_profile(empty, probe(empty)) == b""


def test_grid() -> None:
    data = avif([grid(1, 2, 96, 64, 2, 3), SMALL, SMALL])
    facts = probe(data)
    assert (facts.width, facts.height) == (96, 64)
    assert read_by_opencv(data).shape == (64, 96)


def test_data_in_several_pieces_and_in_idat() -> None:
    pieces, inside = avif([replace(SMALL, pieces=5)]), avif([replace(SMALL, in_idat=True)])
    for data in (pieces, inside):
        assert probe(data).width == 64
        assert read_by_opencv(data).shape == (64, 64)


def test_alpha() -> None:
    alpha = replace(coded(64, 64, ALPHA), references=((b"auxl", (1,)),))
    assert probe(avif([COLORED, alpha])).alpha
    assert not probe(avif([COLORED, replace(alpha, references=((b"thmb", (1,)),))])).alpha
    data, config = av1(64, 64)
    other = box(b"auxC", bytes(4), b"urn:mpeg:hevc:2015:auxid:2\0")
    depth = AvifItem(data, (ispe(64, 64), config, other), references=((b"auxl", (1,)),))
    assert not probe(avif([SMALL, depth])).alpha


def unsized(data: bytes) -> bytes:
    """The delimiter of an OBU stream with its length field taken away, so that it takes all."""
    return b"\x10" + data[2:]


DATA, CONFIG = av1(64, 64)
COLORED = AvifItem(av1(64, 64, "RGB")[0], (ispe(64, 64), av1(64, 64, "RGB")[1]))
WHOLE = avif([SMALL])


def item(data: bytes, *properties: bytes) -> bytes:
    return avif([AvifItem(data, properties)])


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", WHOLE),
        ("", avif([SMALL], brand=b"mif1").replace(b"mif1mif1", b"mif1avif")),
        ("damaged-original", WHOLE[:200]),
        ("damaged-original", WHOLE[:-1]),
        ("damaged-original", WHOLE[:24]),
        ("", WHOLE + b"\0\0\0"),
        ("damaged-original", avif([coded(64, 64, claims=(64, 63))])),
        ("damaged-original", avif([coded(64, 64, claims=(128, 64))])),
        ("damaged-original", avif([coded(64, 64, claims=(0, 64))])),
        ("damaged-original", item(DATA, CONFIG)),  # no ispe
        ("damaged-original", item(DATA, ispe(64, 64))),  # no av1C
        ("damaged-original", item(b"", ispe(64, 64), CONFIG)),
        ("damaged-original", item(DATA[:2], ispe(64, 64), CONFIG)),
        ("damaged-original", item(unsized(DATA), ispe(64, 64), CONFIG)),
        ("damaged-original", item(DATA[:-1], ispe(64, 64), CONFIG)),
        ("damaged-original", item(DATA[13:] + DATA, ispe(64, 64), CONFIG)),  # a frame comes first
        ("damaged-original", item(DATA + DATA[2:] * 8, ispe(64, 64), CONFIG)),  # nine frames
        ("damaged-original", item(DATA + b"\x12\0" * 64, ispe(64, 64), CONFIG)),
        ("damaged-original", item(DATA + b"\x12" + b"\xff" * 9, ispe(64, 64), CONFIG)),
        ("damaged-original", item(b"\x92\0" + DATA, ispe(64, 64), CONFIG)),  # the forbidden bit
        ("damaged-original", item(DATA, ispe(64, 64), box(b"av1C", CONFIG[8:] + av1(80, 64)[0][2:13]))),
        ("", avif([SMALL, coded(528, 512)])),
        ("damaged-original", avif([grid(1, 2, 96, 64, 2), SMALL, SMALL])),
        ("damaged-original", avif([grid(1, 2, 96, 65, 2, 3), SMALL, SMALL])),
        ("damaged-original", avif([grid(1, 2, 64, 64, 2, 3), SMALL, SMALL])),
        ("damaged-original", avif([grid(1, 2, 129, 64, 2, 3), SMALL, SMALL])),
        ("damaged-original", avif([grid(1, 2, 96, 64, 2, 3), SMALL, coded(80, 64)])),
        ("damaged-original", avif([replace(grid(1, 2, 96, 64, 2, 3), properties=(ispe(90, 64),)), SMALL, SMALL])),
        ("damaged-original", avif([COLORED, replace(coded(80, 64, ALPHA), references=((b"auxl", (1,)),))])),
        ("unsupported-feature", avif([grid(1, 2, 96, 64, 2, 9), SMALL, SMALL])),
        ("damaged-original", avif([SMALL], brand=b"avis")),
        ("unsupported-feature", avif([replace(SMALL, kind=b"hvc1")])),
        ("damaged-original", avif([coded(64, 64, box(b"clap", bytes(32)))])),
        *[("damaged-original", WHOLE.replace(kind, b"free")) for kind in (b"pitm", b"iloc", b"iinf", b"iprp", b"ipco", b"meta")],
        ("damaged-original", WHOLE.replace(b"pitm\0\0\0\0\0\1", b"pitm\0\0\0\0\0\7")),
        ("damaged-original", WHOLE.replace(b"iloc\1", b"iloc\3")),
        ("damaged-original", WHOLE.replace(b"\0\0\0\x44\0\0\1", b"\0\0\0\x54\0\0\1")),
        ("damaged-original", WHOLE.replace(b"\0\0\0\x44\0\0\1", b"\0\0\0\x44\0\xff\xff")),
        ("unsupported-feature", WHOLE.replace(b"\x44\0\0\1\0\1\0\0", b"\x44\0\0\1\0\1\0\2")),
        ("damaged-original", WHOLE.replace(b"\x44\0\0\1\0\1\0\0", b"\x44\0\0\1\0\1\0\1")),  # no idat
        ("damaged-original", WHOLE.replace(b"infe\2", b"infe\0")),
        ("damaged-original", WHOLE.replace(b"\3\1\2\x83", b"\3\1\2\x89")),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_many_items_over_the_same_bytes_take_no_time() -> None:
    """A thousand tiles that share one frame: each is walked, and the walk is short."""
    started = time.process_time()
    tiles = grid(32, 31, 31 * 64, 32 * 64, *range(2, 994))
    assert refusal(avif([tiles, *[SMALL] * 992])) == ""
    assert refusal(avif([SMALL] * 1025)) == "damaged-original"  # too many
    assert time.process_time() - started < 2


def bits(*fields: tuple[int, int]) -> bytes:
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


FULL = [(0, 3), (0, 1), (0, 1)]  # profile 0, no still picture, not reduced
SIZE = [(15, 4), (15, 4), (99, 16), (49, 16)]
TOOLS = [(0, 3), (0, 4), (1, 1), (0, 2), (1, 1), (1, 1), (3, 3), (0, 3)]
COLOR = [(1, 1), (0, 1), (0, 1), (0, 1), (0, 2)]
POINT = [(0, 5), (0, 12), (8, 5), (0, 1)]


@pytest.mark.parametrize(
    "fields",
    [
        [*FULL, (0, 1), (0, 1), *POINT, *SIZE, (0, 1), *TOOLS, *COLOR],
        [*FULL, (0, 1), (1, 1), *POINT, (1, 1), (5, 4), *SIZE, (1, 1), (3, 4), (2, 3), *TOOLS, *COLOR],
        [*FULL, (1, 1), (1, 32), (1, 32), (1, 1), (1, 3), (0, 2), (1, 1), (9, 5), (7, 32), (4, 5), (6, 5),
         (0, 1), *POINT, (1, 1), (0, 21), *SIZE, (0, 1), *TOOLS, *COLOR],
    ],
    ids=["plain", "display delay and frame ids", "timing and decoder model"],
)  # fmt: skip
def test_long_sequence_headers(fields: list[tuple[int, int]]) -> None:
    """What libaom writes for moving pictures; the fields of section 5.5 in their order."""
    sequence = read_sequence(bits(*fields))
    assert (sequence.width, sequence.height, sequence.bits, sequence.gray) == (100, 50, 10, False)
    assert not sequence.reduced


def obu(kind: int, payload: bytes) -> bytes:
    return bytes([kind << 3 | 2, len(payload)]) + payload


HEADER = bits(*FULL, (0, 1), (0, 1), *POINT, *SIZE, (0, 1), *TOOLS, *COLOR)
SHOWN, HIDDEN = [(0, 1), (0, 2), (1, 1)], [(0, 1), (0, 2), (0, 1), (1, 1), (0, 1)]
INTER = [(0, 1), (1, 2), (1, 1), (0, 1)]
#: Which CDFs, screen content tools, that its size is its own, and its order of four bits.
OWN = [(0, 1), (1, 1), (0, 1), (1, 1), (9, 4)]
#: A frame to predict from, slots to keep it in, seven frames that it refers to.
REFERS = [(0, 3), (255, 8), (0, 1), (0, 21)]


def own_size(width: int, height: int) -> list[tuple[int, int]]:
    return [(width - 1, 16), (height - 1, 16), (0, 32)]


@pytest.mark.parametrize(
    ("frame", "claims", "code"),
    [
        ([*SHOWN, (0, 1), (1, 1), (0, 1), (0, 1), (0, 32)], (100, 50), ""),
        ([*SHOWN, *OWN, *own_size(100, 50)], (100, 50), ""),
        ([*SHOWN, *OWN, *own_size(50, 25)], (50, 25), ""),  # of a layer
        ([*SHOWN, *OWN, *own_size(50, 25)], (100, 50), "damaged-original"),
        ([*SHOWN, *OWN, *own_size(101, 50)], (100, 50), "damaged-original"),
        ([*SHOWN, *OWN, *own_size(65536, 65536)], (100, 50), "damaged-original"),
        ([*HIDDEN, *OWN, (255, 8), *own_size(60, 40)], (60, 40), ""),
        ([*HIDDEN, *OWN, (255, 8), *own_size(101, 40)], (100, 50), "damaged-original"),
        ([*INTER, *OWN, *REFERS, (0, 7), *own_size(80, 40)], (80, 40), ""),
        ([*INTER, *OWN, *REFERS, (0, 7), *own_size(100, 51)], (100, 50), "damaged-original"),
        ([*SHOWN, *OWN], (100, 50), "damaged-original"),  # cut short
    ],
)
def test_frames_with_a_size_of_their_own(
    frame: list[tuple[int, int]], claims: tuple[int, int], code: str
) -> None:
    """The sequence says 100 x 50, and a frame may say anything (section 5.9.2)."""
    data = obu(2, b"") + obu(1, HEADER) + obu(6, bits(*frame))
    assert refusal(item(data, ispe(*claims), box(b"av1C", b"\x81\0\0\0"))) == code


def test_layers_that_differ_in_size() -> None:
    """The last one is as large as its sequence, the one that it refers to is smaller."""
    small, last = bits(*SHOWN, *OWN, *own_size(50, 25)), bits(*INTER, (0, 1), (1, 1), (0, 1), (0, 1), (0, 32))  # fmt: skip
    again = bits(*INTER, *OWN, *REFERS, (1, 1), (0, 32))  # as large as the first that it refers to
    data = obu(2, b"") + obu(1, HEADER) + obu(6, small) + obu(6, last) + obu(6, again)
    config = box(b"av1C", b"\x81\0\0\0")
    for size in ((100, 50), (50, 25)):
        facts = probe(item(data, ispe(*size), config))
        assert (facts.width, facts.height) == size
        # Three of them, each of 4:2:0 in ten bits.
        assert facts.decode_bytes > 100 * 50 * (14 + 3 * 3)


@pytest.mark.parametrize(
    "data",
    [
        PHOTO,
        saved(noise(mode="RGBA"), "AVIF", speed=10, exif=exif(6)),
        avif([grid(1, 2, 96, 64, 2, 3), SMALL, SMALL]),
    ],
)
def test_survives_damage(data: bytes) -> None:
    assert survive(data, 150) > 50
