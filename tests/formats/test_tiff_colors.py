"""TIFFs in other colours than those of screens: inks with alpha and of 16 bits, Lab, YCbCr in units."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import made, refused, shown
from files import tiff
from imgmiddleware.pixels.ycc import Ycc
from originals import probe
from pictures import photo_like

Array = np.ndarray[Any, Any]
PHOTO = photo_like(90, 60)
INKS = np.asarray(Image.fromarray(PHOTO).convert("CMYK"))


def written(pixels: Array, photometric: str = "separated", **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric=photometric, **options)
    return file.getvalue()


WAYS: list[dict[str, Any]] = [
    {}, {"compression": "zlib", "predictor": 2, "rowsperstrip": 9}, {"tile": (32, 32), "compression": "zlib"},
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_inks_of_16_bits_are_those_of_8(way: dict[str, Any]) -> None:
    data = written(INKS.astype(np.uint16) * 257, **way)
    assert (probe(data).color, probe(data).depth) == ("cmyk", 8)
    for query in ("fm=png", "fm=png&w=40", "fm=png&rect=11,7,40,30"):
        assert np.array_equal(shown(data, query), shown(written(INKS), query))


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("way", WAYS)
def test_inks_with_alpha(way: dict[str, Any], dtype: str, planar: bool) -> None:
    alpha = np.linspace(10, 255, 90).astype(np.uint8)[None].repeat(60, axis=0)[..., None]
    samples = np.concatenate((INKS, alpha), axis=2).astype(dtype) * (257 if dtype == "u2" else 1)
    layers = np.ascontiguousarray(samples.transpose(2, 0, 1)) if planar else samples
    data = written(
        layers, extrasamples=["unassalpha"], planarconfig="separate" if planar else "contig", **way
    )
    seen = shown(data, "fm=png", "RGBA")
    assert np.array_equal(seen[..., 3], alpha[..., 0])
    assert np.array_equal(seen[..., :3], shown(written(INKS)))


def test_what_stands_beside_inks_and_is_no_alpha_is_left_out() -> None:
    samples = np.concatenate((INKS, INKS[..., :1]), axis=2)
    data = written(samples, extrasamples=["unspecified"])
    assert np.array_equal(shown(data), shown(written(INKS)))


def lab(light: float, a: float, b: float) -> list[int]:
    """As 16 bits of TIFF."""
    signed = struct.unpack("<2H", struct.pack("<2h", round(a * 256), round(b * 256)))
    return [round(light * 65535 / 100), *signed]


def test_lab_of_16_bits() -> None:
    """Colours whose Lab of D50 is known: sRGB's own, as the ICC's profile of it has them; and grays,
    of which L* is the root that CIE 15 says.
    """
    known = {
        (255, 0, 0): (54.29, 80.81, 69.89), (0, 255, 0): (87.82, -79.27, 80.99), (0, 0, 255): (29.57, 68.30, -112.03),
        (255, 255, 255): (100, 0, 0), (0, 0, 0): (0, 0, 0),
    }  # fmt: skip
    for gray in (20, 60, 119, 200):
        share = gray / 255
        light = ((share + 0.055) / 1.055) ** 2.4 if share > 0.04045 else share / 12.92
        known[gray, gray, gray] = (116 * light ** (1 / 3) - 16 if light > 0.008856 else 903.3 * light, 0, 0)  # fmt: skip
    pixels = np.array([[lab(*one) for one in known.values()]] * 4, np.uint16)
    for way in WAYS:
        seen = shown(written(pixels, "cielab", **way))
        assert np.abs(seen[0].astype(int) - list(known)).max() <= 1


# --- YCbCr --------------------------------------------------------------------------------------


def in_units(
    ycc: Array, wide: int, high: int, *, rows: int = 0, tile: int = 0, deflate: bool = False, **tags: Any
) -> bytes:  # fmt: skip
    """YCbCr in strips of so many rows or in tiles: luma of each unit, and the chroma of its first."""
    height, width = ycc.shape[:2]
    rows = tile or rows or -(-height // high) * high
    parts = []
    for top in range(0, height, rows):
        for left in range(0, width, tile or width):
            part = ycc[top : top + rows, left : left + (tile or width)]
            full = (
                (tile, tile) if tile else (-(-len(part) // high) * high, -(-width // wide) * wide)
            )
            part = np.pad(
                part, [(0, full[0] - len(part)), (0, full[1] - part.shape[1]), (0, 0)], "edge"
            )
            down, across = full[0] // high, full[1] // wide
            luma = part[..., 0].reshape(down, high, across, wide).transpose(0, 2, 1, 3)
            units = np.concatenate(
                (luma.reshape(down, across, -1), part[::high, ::wide, 1:]), axis=2
            )
            parts.append(zlib.compress(units.tobytes()) if deflate else units.tobytes())
    starts = [8 + sum(map(len, parts[:number])) for number in range(len(parts))]
    sizes = [len(part) for part in parts]
    entries: dict[int, tuple[str, list[int]]] = {
        256: ("L", [width]), 257: ("L", [height]), 258: ("H", [8] * 3), 259: ("H", [8 if deflate else 1]),
        262: ("H", [6]), 277: ("H", [3]), 530: ("H", [wide, high]),
    }  # fmt: skip
    if tile:
        entries |= {322: ("L", [tile]), 323: ("L", [tile]), 324: ("L", starts), 325: ("L", sizes)}
    else:
        entries |= {273: ("L", starts), 278: ("L", [rows]), 279: ("L", sizes)}
    return tiff(entries | {int(name[1:]): value for name, value in tags.items()}, b"".join(parts))


YCC = np.asarray(Image.fromarray(PHOTO).convert("YCbCr"))


@pytest.mark.parametrize("way", [{}, {"rows": 8}, {"tile": 32}, {"deflate": True, "rows": 12}])
@pytest.mark.parametrize(("wide", "high"), [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)])
def test_ycbcr_in_units(wide: int, high: int, way: dict[str, Any]) -> None:
    """As libtiff makes it of strips, which OpenCV asks."""
    strips = in_units(YCC, wide, high, **({} if "tile" in way else way))
    expected = cv2.imdecode(np.frombuffer(strips, np.uint8), cv2.IMREAD_UNCHANGED)
    seen = shown(in_units(YCC, wide, high, **way))
    assert np.abs(seen.astype(int) - expected[..., ::-1]).max() <= 1


@pytest.mark.parametrize(("wide", "high"), [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)])
def test_a_unit_is_hidden_whole(wide: int, high: int) -> None:
    """Its pixels share a chroma, which would tell of those that `redact` hides."""
    one, another = YCC.copy(), YCC.copy()
    left, top = 13 // wide * wide, 9 // high * high
    one[top:20, left:24, 1:], another[top:20, left:24, 1:] = 30, 220
    hidden = "fm=png&redact=13,9,11,11"
    seen = [made(in_units(ycc, wide, high), hidden) for ycc in (one, another)]
    assert seen[0] == seen[1]


def test_ycbcr_that_is_turned() -> None:
    data = in_units(YCC, 2, 2, t274=("H", [6]))
    assert np.array_equal(shown(data), np.rot90(shown(in_units(YCC, 2, 2)), -1))


def test_subsampling_is_by_two_unless_it_is_said() -> None:
    data = in_units(YCC, 2, 2)
    unsaid = data.replace(struct.pack("<HHL", 530, 3, 2), struct.pack("<HHL", 65000, 3, 2))
    assert np.array_equal(shown(unsaid), shown(data))


def test_the_ranges_of_video() -> None:
    """ReferenceBlackWhite 16 to 235, and 128 to 240: TIFF 6.0, section 20."""
    levels = np.array([[[16, 128, 128], [235, 128, 128], [126, 128, 128]]] * 2, np.uint8)
    (whole,) = {tuple(map(tuple, row)) for row in shown(with_reference(levels)).tolist()}
    assert whole == ((0, 0, 0), (255, 255, 255), (128, 128, 128))
    full = shown(in_units(levels, 1, 1))[0, :, 0].tolist()
    assert full == [16, 235, 126]


def with_reference(ycc: Array) -> bytes:
    """Six rationals behind the file; the tag's type is written into a tag of longs."""
    numbers = [number for value in (16, 235, 128, 240, 128, 240) for number in (value, 1)]
    data = in_units(ycc, 1, 1, t532=("L", numbers))
    return data.replace(struct.pack("<HHL", 532, 4, 12), struct.pack("<HHL", 532, 5, 6))


def test_luma_of_high_definition() -> None:
    """ITU-R BT.709: TIFF 6.0, section 21, solved for the three colours of one pixel."""
    ycc = Ycc.stated((0.2126, 0.7152, 0.0722), ())
    red, green, blue = 200.0, 60.0, 90.0
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    codes = [luma, 128 + (blue - luma) / (2 - 2 * 0.0722), 128 + (red - luma) / (2 - 2 * 0.2126)]
    seen = ycc.colored(np.rint([[codes]]).astype(np.uint8))[0, 0]
    assert np.abs(seen.astype(int) - (blue, green, red)).max() <= 2
    assert Ycc.stated((0, 1, 0), (5, 5, 1, 2, 1, 2)) == Ycc()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (in_units(YCC, 2, 2, t530=("H", [3, 2])), 422),
        (in_units(YCC, 2, 2, t530=("H", [0, 0])), 422),
        (in_units(YCC, 1, 1, rows=3, t530=("H", [2, 2])), 422),
        (in_units(YCC, 2, 2, t284=("H", [2]), t273=("L", [8] * 3), t279=("L", [5400] * 3)), 415),
        (in_units(YCC, 2, 2, t317=("H", [2])), 415),
        (in_units(YCC, 2, 2, deflate=True)[:-900], 422),
    ],
)
def test_units_that_are_none(data: bytes, status: int) -> None:
    assert refused(data)[0] == status
