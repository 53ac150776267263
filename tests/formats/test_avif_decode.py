"""What is shown of AVIF stills: whatever else their container holds, and however it wraps them.

Right are Pillow's pixels where it can decode the file, else those of the parts, each a file of its
own that Pillow decodes.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import ask, refused, shown
from files import ALPHA, AvifItem, av1, avif, box, coded, ispe
from originals import probe
from pictures import close, exif, noise, pixels_of, saved, swapped_profile

RGB = noise(64, 48)
#: A block that is longer than the 500 bytes of which OpenCV first makes up its mind.
BLOCK = AvifItem(
    bytes(4) + exif(1).removeprefix(b"Exif\0\0") + bytes(600), (), b"Exif", ((b"cdsc", (1,)),)
)


def item(picture: Any, *more: bytes, **options: Any) -> AvifItem:
    """The coded item of a picture that Pillow, or OpenCV (`depth`), writes."""
    if depth := options.pop("depth", 0):
        settings = [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, 90]
        whole = cv2.imencode(".avif", picture, settings)[1].tobytes()
        height, width = picture.shape[:2]
    else:
        whole = saved(picture, "AVIF", speed=10, max_threads=1, **options)
        width, height = picture.size
    config = whole.index(b"av1C") - 4
    size = struct.unpack_from(">L", whole, config)[0]
    data = whole[whole.index(b"mdat") + 4 :]
    return AvifItem(data, (ispe(width, height), whole[config : config + size], *more))


def by_pillow(data: bytes, mode: str = "RGB") -> Any:
    return pixels_of(data, mode)


def colr(*code_points: int, full: bool) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", *code_points, full << 7))


def of(kind: bytes, part: AvifItem, *targets: int) -> AvifItem:
    return replace(part, references=((kind, targets),))


PLAIN = item(RGB)
RIGHT = by_pillow(avif([PLAIN]))


def test_metadata_behind_the_picture() -> None:
    """OpenCV 5.0 and 4.14 refuse it: an EXIF item that begins behind the first 500 bytes."""
    data = avif([PLAIN, BLOCK])
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) is None
    assert np.array_equal(by_pillow(data), RIGHT)
    assert np.array_equal(shown(data), RIGHT)


def test_any_byte_of_metadata_may_be_wrong() -> None:
    """But those that say how long a box is, by which the next one is found."""
    data = avif([PLAIN, BLOCK])
    entry, reference = data.index(b"infe", data.index(b"infe") + 1), data.index(b"cdsc")
    place = data.index(b"iloc") + 12 + 8 + 8
    assert struct.unpack_from(">H", data, place) == (2,)
    assert struct.unpack_from(">L", data, place + 12) == (len(BLOCK.data),)
    body = data.index(BLOCK.data)
    for start, size in ((entry, 13), (reference, 10), (place, 16), (body, 12)):
        for at in range(start, start + size):
            changed = data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]
            assert np.array_equal(shown(changed), RIGHT), at


@pytest.mark.parametrize(
    "other",
    [
        of(b"thmb", coded(32, 32, claims=(40, 30)), 1),
        of(b"thmb", AvifItem(b"", (ispe(9, 9),)), 1),
        of(b"auxl", coded(1024, 1024, box(b"auxC", bytes(4), b"urn:of:a:gain:map\0")), 1),
        replace(coded(1200, 800), kind=b"hvc1"),
        of(b"dimg", AvifItem(b"what", (), b"tmap"), 1, 2),
    ],
)
def test_what_is_not_decoded_refuses_nothing(other: AvifItem) -> None:
    assert np.array_equal(shown(avif([PLAIN, other])), RIGHT)


def test_what_is_not_decoded_reaches_no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thumbnail's AV1 data says of its size is not read either."""
    given: list[bytes] = []
    decode = cv2.imdecode
    monkeypatch.setattr(
        cv2, "imdecode", lambda data, flags: (given.append(data.tobytes()), decode(data, flags))[1]
    )
    thumbnail = of(b"thmb", AvifItem(b"a picture of its own", (ispe(9, 9),)), 1)
    ask(avif([PLAIN, thumbnail, BLOCK]))
    (file,) = given
    assert PLAIN.data in file
    assert thumbnail.data not in file
    assert BLOCK.data not in file


def clap(*numbers: int) -> bytes:
    """Width, height, and by how much the middle is off, each with its divisor."""
    return box(b"clap", struct.pack(">LLLLlLlL", *numbers))


@pytest.mark.parametrize(
    ("numbers", "cut"),
    [
        ((40, 1, 30, 1, 2, 1, -1, 1), np.s_[8:38, 14:54]),
        ((20, 1, 20, 1, -22, 1, 14, 1), np.s_[28:48, 0:20]),
        ((122, 2, 96, 2, -3, 2, 0, 9), np.s_[0:48, 0:61]),
    ],
)
def test_a_clean_aperture_is_a_slice(numbers: tuple[int, ...], cut: Any) -> None:
    """14496-12, section 12.1.4: the middle of what is left is off from that of the picture."""
    assert np.array_equal(shown(avif([item(RGB, clap(*numbers))])), RIGHT[cut])
    turned = avif([item(RGB, clap(*numbers), box(b"irot", b"\1"), box(b"imir", b"\0"))])
    assert np.array_equal(shown(turned), np.flip(np.rot90(RIGHT[cut]), 0))
    width, height = probe(turned).upright
    assert (height, width) == shown(turned).shape[:2]


def test_an_aperture_behind_a_turn_is_of_the_turned_picture() -> None:
    data = avif([item(RGB, box(b"irot", b"\1"), clap(30, 1, 40, 1, -1, 1, 2, 1))])
    assert np.array_equal(shown(data), np.rot90(RIGHT)[14:54, 8:38])


@pytest.mark.parametrize("numbers", [(65, 1, 30, 1), (0, 1, 30, 1), (40, 0, 30, 1)])
def test_a_clean_aperture_that_is_none(numbers: tuple[int, ...]) -> None:
    assert refused(avif([item(RGB, clap(*numbers, 0, 1, 0, 1))])) == (422, "damaged-original")


GRAY = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[:, None], (1, 48)))
FLAT = GRAY.transpose(Image.Transpose.ROTATE_180)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("range", ["full", "limited"])
@pytest.mark.parametrize("container", [False, True])
def test_the_range_of_gray(range: str, full: bool, container: bool) -> None:
    """Stretched as Pillow and browsers do; where the container says it, that is what counts."""
    said = (colr(1, 13, 6, full=full),) if container else ()
    data = avif([item(GRAY, *said, subsampling="4:0:0", range=range, quality=95)])
    assert probe(data).color == "gray"
    result = shown(data, mode="L")
    assert close(result, by_pillow(data, "L"), 1)
    if not (full if container else range == "full"):
        assert (result[0, 0], result[-1, 0]) == (0, 255)


@pytest.mark.parametrize("depth", [10, 12])
def test_the_range_of_deep_gray(depth: int) -> None:
    """H.273, equation 20: 219 steps of 255 from 16 on, of which deeper samples have 4 or 16."""
    ramp = np.linspace(0, (1 << depth) - 1, 256).astype(np.uint16)[:, None].repeat(48, 1)
    part = item(ramp, colr(1, 13, 6, full=False), depth=depth)
    part = AvifItem(part.data, (ispe(48, 256), *part.properties[1:]))
    raw = cv2.imdecode(np.frombuffer(avif([part]), np.uint8), cv2.IMREAD_UNCHANGED)
    scale = 1 << (depth - 8)
    expected = np.rint(np.clip((raw / scale - 16) / 219, 0, 1) * 65535)
    result = pixels_of(ask(avif([part]), "fm=png&depth=16").body, "I;16")
    assert np.array_equal(result, expected)
    assert result.max() == 65535


@pytest.mark.parametrize(
    ("colors", "alpha", "exact"),
    [({}, {}, True), ({"range": "limited"}, {"range": "limited"}, False)],
)
def test_gray_with_alpha(colors: dict[str, Any], alpha: dict[str, Any], exact: bool) -> None:
    """OpenCV refuses it, so both are decoded one by one: as Pillow does it at once."""
    gray = item(GRAY, subsampling="4:0:0", quality=95, **colors)
    plane = item(FLAT, ALPHA, subsampling="4:0:0", quality=95, **alpha)
    data = avif([gray, of(b"auxl", plane, 1)])
    facts = probe(data)
    assert (facts.color, facts.alpha) == ("gray", True)
    result, expected = shown(data, mode="RGBA"), by_pillow(data, "RGBA")
    seen = expected[..., 3] > 0
    assert close(result[..., 3], expected[..., 3], 0 if exact else 1)
    assert close(result[seen], expected[seen], 0 if exact else 1)
    assert np.array_equal(result[0, 0, 3], 255)


def test_gray_that_is_multiplied_by_its_alpha() -> None:
    half = Image.new("L", (64, 48), 128)
    gray = item(Image.new("L", (64, 48), 60), subsampling="4:0:0", quality=95)
    plane = of(b"auxl", item(half, ALPHA, subsampling="4:0:0", quality=95), 1)
    data = avif([of(b"prem", gray, 2), plane])
    assert close(shown(data, mode="RGBA")[5, 5], [120, 120, 120, 128], 1)  # 60 * 255 / 128 = 119.5
    assert close(by_pillow(data, "RGBA")[5, 5], [120, 120, 120, 128], 1)


@pytest.mark.parametrize(("depth", "bits"), [(8, 10), (10, 8)])
def test_alpha_of_another_depth(depth: int, bits: int) -> None:
    """libavif refuses it, and so does Pillow; each is right alone."""
    colors = np.full((48, 64, 3), (40, 80, 120), np.uint16 if depth > 8 else np.uint8)
    plane = np.linspace(0, (1 << bits) - 1, 48).astype(np.uint16 if bits > 8 else np.uint8)
    plane = plane[:, None].repeat(64, 1)
    part = item(colors * (257 >> (16 - depth) if depth > 8 else 1), depth=depth)
    data = avif([part, of(b"auxl", item(plane, ALPHA, depth=bits), 1)])
    result = shown(data, mode="RGBA")
    assert close(result[..., 3], np.linspace(0, 255, 48)[:, None].repeat(64, 1), 2)
    assert close(result[20:, :, :3], np.full((28, 64, 3), (120, 80, 40)), 3)


def grid(columns: int, width: int, height: int, *tiles: int, properties: Any = ()) -> AvifItem:
    data = struct.pack(">BBBBHH", 0, 0, len(tiles) // columns - 1, columns - 1, width, height)
    parts = (ispe(width, height), *properties)
    return AvifItem(data, parts, b"grid", ((b"dimg", tiles),), in_idat=True)


def test_alpha_on_the_tiles_of_a_grid() -> None:
    """It is laid out as they are; Pillow does so too."""
    tiles = [item(noise(64, 64)), item(noise(64, 64).rotate(90))]
    planes = [item(Image.new("L", (64, 64), level), ALPHA, subsampling="4:0:0") for level in (90, 200)]  # fmt: skip
    parts = [grid(2, 120, 64, 2, 3), *tiles, of(b"auxl", planes[0], 2), of(b"auxl", planes[1], 3)]
    data = avif(parts)
    result, expected = shown(data, mode="RGBA"), by_pillow(data, "RGBA")
    assert close(result, expected, 1)
    assert [*result[0, (0, -1), 3]] == [90, 200]
    assert refused(avif(parts[:-1])) == (415, "unsupported-feature")


def test_a_grid_of_alpha() -> None:
    """What says that it is alpha stands on the grid, and not on its tiles."""
    flat = [item(Image.new("L", (64, 64), level), subsampling="4:0:0") for level in (90, 200)]
    alpha = grid(2, 120, 64, 5, 6, properties=(ALPHA,))
    alpha = replace(alpha, in_idat=False, references=(*alpha.references, (b"auxl", (1,))))
    colors = [item(noise(64, 64)), item(noise(64, 64))]
    data = avif([grid(2, 120, 64, 2, 3), *colors, alpha, *flat])
    result = shown(data, mode="RGBA")
    assert close(result, by_pillow(data, "RGBA"), 1)
    assert [*result[0, (0, -1), 3]] == [90, 200]


def test_a_grid_of_which_one_tile_is_many() -> None:
    """libavif refuses a tile that is named twice, so each place is given one of its own."""
    tile = item(noise(64, 64), subsampling="4:4:4")
    data = avif([grid(2, 128, 64, 2, 2), tile])
    right = by_pillow(avif([tile]))
    assert close(shown(data), np.hstack((right, right)), 1)


def test_a_profile_on_the_tiles_of_a_grid() -> None:
    """The first one's holds for all, unless the grid has one."""
    icc = box(b"colr", b"prof", swapped_profile())
    square = noise(64, 64)
    on_tiles = avif([grid(2, 128, 64, 2, 3), item(square, icc), item(square, icc)])
    on_grid = avif([grid(2, 128, 64, 2, 3, properties=(icc,)), item(square), item(square)])
    without = avif([grid(2, 128, 64, 2, 3), item(square), item(square)])
    assert np.array_equal(shown(on_tiles), shown(on_grid))
    assert not close(shown(on_tiles), shown(without), 30)


def test_the_range_on_the_tiles_of_a_grid() -> None:
    """Read as limited where only the first tile says so, though the coder says it is full."""
    said = colr(1, 13, 6, full=False)
    tile = item(noise(64, 64), said, subsampling="4:4:4")
    data = avif([grid(2, 128, 64, 2, 3), tile, tile])
    right = by_pillow(avif([tile]))
    assert close(shown(data), np.hstack((right, right)), 1)
    full = by_pillow(avif([item(noise(64, 64), subsampling="4:4:4")]))
    assert not close(right, full, 10)


def test_an_item_that_is_another_one() -> None:
    """`iden` (23008-12, section 6.6.2.1): turned once more."""
    same = AvifItem(b"", (ispe(64, 48), box(b"irot", b"\1")), b"iden", ((b"dimg", (2,)),))
    data = avif([same, item(RGB, box(b"imir", b"\1"))])
    assert np.array_equal(shown(data), np.rot90(RIGHT[:, ::-1]))
    around = replace(same, references=((b"dimg", (1,)),))
    assert refused(avif([around, PLAIN])) == (422, "damaged-original")


def test_a_meta_box_up_to_the_end_of_the_file() -> None:
    """14496-12, section 4.2.2: size 0; libavif parses it, and OpenCV does not."""
    data = avif([replace(PLAIN, in_idat=True)])[:-8]
    at = data.index(b"meta") - 4
    assert np.array_equal(shown(data[:at] + bytes(4) + data[at + 4 :]), RIGHT)


@pytest.mark.parametrize(
    ("brands", "name"),
    [
        ((b"mif3", b"\0\0\0\0"), "a minimized HEIF (mif3)"),
        ((b"j2ki", b"mif1"), "HEIF with JPEG 2000"),
        ((b"avci", b"mif1"), "HEIF with H.264"),
        ((b"jpeg", b"mif1"), "HEIF with JPEG"),
        ((b"vvic", b"mif1"), "HEIF with H.266"),
        ((b"mif1", b"avci"), "HEIF with H.264"),
        ((b"mif2", b"miaf"), "HEIF"),
        ((b"isom", b"mp41"), "a video (MP4)"),
    ],
)
def test_other_codecs_are_refused_by_name(brands: tuple[bytes, bytes], name: str) -> None:
    data = box(b"ftyp", brands[0], bytes(4), *brands) + av1(64, 64)[0]
    answer = ask(data)
    assert answer.status == 415
    assert f"it is {name}, which is not opened here" in answer.body.decode()


def test_a_minimized_avif_is_refused_by_name() -> None:
    answer = ask(box(b"ftyp", b"mif3", b"avif", b"mif3", b"avif") + box(b"mini", bytes(60)))
    assert (answer.status, b"minimized HEIF" in answer.body) == (415, True)
