"""Arrays as originals: the sample of a value in every dtype, shape and kind, by arithmetic."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgmiddleware import ArrayOriginal, ImageError
from pictures import noise, quadrants, saved

FULL = {"?": 1, "u1": 255, "u2": 65535, "f2": 1.0, "f4": 1.0, "f8": 1.0, "g": 1.0}


def read(array: Any, *arguments: Any, **options: Any) -> Any:
    return ArrayOriginal(array, *arguments, **options).samples()


def pixels(array: Any, *arguments: Any, **options: Any) -> Any:
    return read(array, *arguments, **options).pixels


def counted(array: Any) -> tuple[Callable[[], Any], list[int]]:
    """A function that makes this array, and how often it was called."""
    calls: list[int] = []

    def make() -> Any:
        calls.append(1)
        return array

    return make, calls


def never() -> Any:
    pytest.fail("the array was made")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", FULL)
def test_what_has_a_range_of_its_own_reaches_from_black_to_white(dtype: str, order: str) -> None:
    array = np.array([[0, FULL[dtype]], [FULL[dtype], 0]]).astype(
        np.dtype(dtype).newbyteorder(order)
    )
    found = pixels(array)
    assert found.dtype.isnative
    assert found.dtype == {"?": np.uint8, "u1": np.uint8, "u2": np.uint16}.get(dtype, np.float32)
    white = {"u1": 255, "u2": 65535, "f4": 1.0}[found.dtype.str[1:]]
    assert found.tolist() == [[0, white], [white, 0]]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u4", "u8"])
def test_other_integers_ask_for_a_range(dtype: str) -> None:
    array = np.array([[0, 50], [100, 25]], np.dtype(dtype).newbyteorder(">"))
    with pytest.raises(TypeError, match=r"takes a range: ArrayOriginal\(array, range="):
        ArrayOriginal(array)
    # 16383.75 and 32767.5: the nearest, which is the even one of two.
    assert pixels(array, range=(0, 100)).tolist() == [[0, 32768], [65535, 16384]]
    assert pixels(array, range="minmax").dtype == np.uint16


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 2), complex), np.array([["a"]]), np.array([[None]]), np.zeros((2, 2), "M8[s]")],
)
def test_what_is_no_number_is_refused(array: Any) -> None:
    with pytest.raises(TypeError, match="an array's dtype is bool, an integer or a float"):
        ArrayOriginal(array, range=(0, 1))


@pytest.mark.parametrize("given", [None, 7, [[1, 2]], "array", object()])
def test_what_is_no_array_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match=r"an array is NumPy's .*; not"):
        ArrayOriginal(given)


def test_the_order_of_channels() -> None:
    array = np.arange(8, dtype=np.uint8).reshape(1, 2, 4)
    assert pixels(array).tolist() == array.tolist()
    assert pixels(array, "rgb").tolist() == [[[2, 1, 0, 3], [6, 5, 4, 7]]]
    assert pixels(array[..., :3], "rgb").tolist() == [[[2, 1, 0], [6, 5, 4]]]
    assert pixels(array.astype(np.float64) / 8, order="rgb")[0, 0].tolist() == [
        0.25,
        0.125,
        0,
        0.375,
    ]
    with pytest.raises(ValueError, match="order"):
        ArrayOriginal(array, "gbr")  # type: ignore[arg-type]


def test_channels_that_come_first() -> None:
    array = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)
    assert np.array_equal(pixels(array), np.transpose(array, (1, 2, 0)))
    assert np.array_equal(pixels(array, "rgb"), np.transpose(array[::-1], (1, 2, 0)))
    assert np.array_equal(pixels(array[:1]), array[0])


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_gray_with_alpha(dtype: str) -> None:
    array = np.array([[[0.2, 0.6]]]) * FULL[dtype]
    gray, alpha = array.astype(dtype)[0, 0]
    assert pixels(array.astype(dtype), "rgb").tolist() == [[[gray, gray, gray, alpha]]]


def test_a_floats_strange_numbers_have_a_place() -> None:
    found = read(np.array([[-1.0, 0.25, 7.0, np.nan, np.inf, -np.inf, 1e300]]))
    assert found.pixels[..., 0].tolist() == [[0, 0.25, 1, 0, 1, 0, 1]]
    assert found.pixels[..., 3].tolist() == [[1, 1, 1, 0, 1, 1, 1]]
    assert found.clipped == 5
    whole = read(np.array([[-1.0, 0.25, 7.0]]))
    assert (whole.pixels.tolist(), whole.clipped) == ([[0, 0.25, 1]], 2)


def test_a_color_is_clear_where_any_channel_is_no_number() -> None:
    array = np.full((1, 4, 3), 0.5, np.float32)
    array[0, 1, 2] = array[0, 2] = np.nan
    assert pixels(array)[0].tolist() == [[0.5, 0.5, 0.5, 1], [0] * 4, [0] * 4, [0.5, 0.5, 0.5, 1]]
    four = np.dstack((array, [[0.25] * 4]))
    assert pixels(four)[0, :2].tolist() == [[0.5, 0.5, 0.5, 0.25], [0] * 4]


@pytest.mark.parametrize("dtype", ["?", "u1", ">u2", "f4"])
def test_what_is_masked_is_clear(dtype: str) -> None:
    array = np.ma.masked_array(np.ones((1, 2), dtype), [[False, True]])
    white = pixels(np.ones((1, 1), dtype))[0, 0]
    opaque = {"u1": 255, "u2": 65535, "f4": 1}[white.dtype.str[1:]]
    assert pixels(array).tolist() == [[[white, white, white, opaque], [0, 0, 0, 0]]]
    colors = np.ma.masked_array(np.ones((1, 2, 3), dtype), [[[False] * 3, [False, True, False]]])
    assert pixels(colors)[..., 3].tolist() == [[opaque, 0]]
    assert pixels(np.ma.masked_array(np.ones((1, 2), dtype))).tolist() == [[white, white]]


def test_a_hole_is_what_is_masked_or_no_number() -> None:
    array = np.ma.masked_array([[0.5, np.nan, 0.5]], [[True, False, False]])
    assert pixels(array)[..., 3].tolist() == [[0, 0, 1]]


def test_what_is_masked_neither_makes_the_range_nor_is_clipped() -> None:
    array = np.ma.masked_array([[0, 50, 100, 10**9]], [[False, False, False, True]])
    found = read(array, range="minmax")
    assert found.pixels[0, :, 0].tolist() == [0, 32768, 65535, 0]
    assert found.clipped == 0
    floats = np.ma.masked_array([[0.5, 7]], [[False, True]])
    assert read(floats).clipped == 0


def test_a_range_against_arithmetic() -> None:
    values = np.random.default_rng(5).normal(280, 10, (123, 457))
    low, high = np.percentile(values, [2, 98])
    found = read(values, range=("2%", "98%"))
    wanted = np.rint(np.clip((values - low) / (high - low), 0, 1) * 65535)
    assert np.abs(found.pixels - wanted).max() <= 1
    assert found.clipped == np.count_nonzero((values < low) | (values > high))
    many = np.tile(values, (4, 1))  # more rows than are converted at a time
    assert read(many, range=(low, high)).clipped == 4 * found.clipped
    colors = np.stack((values, values + 100, values - 100), -1)
    gray = read(colors, range=(180, 380))
    assert np.abs(gray.pixels - np.rint(np.clip((colors - 180) / 200, 0, 1) * 65535)).max() <= 1


def test_times_in_seconds_lose_nothing() -> None:
    """Whole numbers that a float32 cannot tell apart."""
    seconds = 1_700_000_000 + np.arange(101)[None]
    assert np.array_equal(pixels(seconds, range="minmax"), np.rint(np.arange(101)[None] * 655.35))


def test_a_constant_has_a_color() -> None:
    assert pixels(np.full((2, 2), 7), range="minmax").tolist() == [[0, 0], [0, 0]]
    nothing = read(np.full((2, 2), np.nan), range="minmax")
    assert (nothing.pixels.any(), nothing.clipped) == (False, 0)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_color_map_takes_the_nearest_of_its_entries(channels: int) -> None:
    table = np.random.default_rng(2).integers(0, 256, (256, channels), np.uint8)
    values = np.linspace(-1, 1, 4001).reshape(1, -1)
    index = np.rint((values + 1) / 2 * 255).astype(int)
    assert np.array_equal(pixels(values, range=(-1, 1), colormap=table), table[index])
    red_first = table[:, [2, 1, 0, 3][:channels]]
    assert np.array_equal(pixels(values, "rgb", range=(-1, 1), colormap=red_first), table[index])
    gray = np.arange(256, dtype=np.uint8).reshape(8, 32)
    assert np.array_equal(pixels(gray, colormap=table), table[gray])
    assert np.array_equal(pixels(gray * np.uint16(257), colormap=table), table[gray])
    assert np.array_equal(pixels(gray / 255, colormap=table), table[gray])
    assert np.array_equal(pixels(gray[..., None] > 127, colormap=table), table[(gray > 127) * 255])
    holed = pixels(np.array([[0.0, np.nan, 1.0]]), colormap=table)
    assert holed[0, 1].tolist() == [0, 0, 0, 0]
    assert np.array_equal(holed[0, ::2, :channels], table[[0, 255]])


@pytest.mark.parametrize(
    ("shape", "options", "word"),
    [
        ((5, 7, 3), {"colormap": "jet"}, "colormap"),
        ((5, 7, 2), {"colormap": "jet"}, "colormap"),
        ((5, 7, 4), {"range": (0, 1)}, "range"),
        ((2, 5, 7), {"range": (0, 1)}, "range"),
        ((5, 7), {"range": (1, 0)}, "range"),
        ((5, 7), {"colormap": "jett"}, "did you mean jet"),
    ],
)
def test_what_does_not_go_together(shape: Any, options: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        ArrayOriginal(np.zeros(shape), **options)
    with pytest.raises(ValueError, match=word):
        ArrayOriginal(never, version=1, shape=shape, dtype=float, **options)


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(1).random((700, 300)),
        np.asfortranarray(np.random.default_rng(1).random((700, 300, 3))),
        np.random.default_rng(1).integers(0, 255, (1400, 600, 3), np.uint8)[::2, ::-2],
        np.broadcast_to(np.uint8(7), (700, 300)),
    ],
)
@pytest.mark.parametrize("holes", [False, True])
def test_bands_and_strides_do_not_show(array: Any, holes: bool) -> None:
    """More rows than are converted at a time, from any place in memory."""
    mask = np.zeros(array.shape, bool)
    mask[500:, 100:] = holes
    wanted = np.zeros((*array.shape[:2], 4), array.dtype)
    wanted[..., :3] = array if array.ndim == 3 else array[..., None]
    wanted[..., 3] = 255 if array.dtype == np.uint8 else 1
    wanted[500:, 100:] *= not holes
    found = pixels(np.ma.masked_array(array, mask))
    if not holes:
        wanted = wanted[..., :3] if array.ndim == 3 else wanted[..., 0]
    assert found.flags.c_contiguous
    assert np.array_equal(found, wanted.astype(found.dtype))


def test_the_header_says_what_the_samples_are() -> None:
    mask = np.arange(35).reshape(5, 7) == 3
    for array, options in (
        (np.zeros((5, 7), np.uint8), {}),
        (np.zeros((5, 7), np.uint16), {"colormap": "jet"}),
        (np.zeros((5, 7), np.float16), {}),
        (np.where(mask, np.nan, 0), {}),
        (np.where(mask, np.nan, 0), {"range": "minmax", "colormap": "jet"}),
        (np.ma.masked_array(np.zeros((5, 7), int), mask), {"range": (0, 1)}),
        (np.ma.masked_array(np.zeros((5, 7), int), mask & ~mask), {"range": (0, 1)}),
        (np.zeros((3, 5, 7), np.uint8), {}),
        (np.zeros((5, 7, 2), np.uint16), {}),
        (np.zeros((5, 7), np.uint8), {"colormap": np.zeros((256, 4), np.uint8)}),
        (noise(7, 5, "CMYK"), {}),
        (noise(7, 5, "L"), {"colormap": "jet"}),
    ):
        original = ArrayOriginal(array, **options)
        header, samples = original.header(), original.samples()
        assert (header.height, header.width) == samples.pixels.shape[:2] == (5, 7)
        assert header.color == samples.color
        assert header.depth == samples.pixels.itemsize * 8
        if header.color != "cmyk":
            channels = 4 if header.alpha else 1 if header.color == "gray" else 3
            assert channels == (samples.pixels.shape[2] if samples.pixels.ndim == 3 else 1)
            assert header.alpha == (samples.pixels.shape[2:] == (4,))


def test_the_version_of_an_array_is_all_that_its_picture_depends_on() -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    gray = array[..., 0]
    versions = [
        ArrayOriginal(array).version,
        ArrayOriginal(array + 1).version,
        ArrayOriginal(array.reshape(4, 2, 3)).version,
        ArrayOriginal(array.astype(np.uint16)).version,
        ArrayOriginal(array, "rgb").version,
        ArrayOriginal(array, range=(0, 9)).version,
        ArrayOriginal(array, range=(0, "9%")).version,
        ArrayOriginal(np.ma.masked_array(array, array == 3)).version,
        ArrayOriginal(np.ma.masked_array(array, array == 4)).version,
        ArrayOriginal(gray).version,
        ArrayOriginal(gray, colormap="jet").version,
        ArrayOriginal(gray, colormap="hot").version,
        ArrayOriginal(Image.fromarray(gray)).version,
        ArrayOriginal(turned(gray, 6)).version,
        ArrayOriginal(profiled(gray, b"one")).version,
        ArrayOriginal(profiled(gray, b"two")).version,
    ]
    assert len(set(versions)) == len(versions)
    assert ArrayOriginal(array.copy()).version == versions[0]
    assert ArrayOriginal(np.asfortranarray(array)).version == versions[0]
    assert ArrayOriginal(np.repeat(array, 2, 1)[:, ::2]).version == versions[0]


def turned(array: Any, number: int) -> Image.Image:
    image = Image.fromarray(array)
    image.getexif()[0x0112] = number
    return image


def profiled(array: Any, profile: bytes) -> Image.Image:
    image = Image.fromarray(array)
    image.info["icc_profile"] = profile
    return image


def test_a_version_that_is_given_goes_with_how_it_is_read() -> None:
    array = np.zeros((4, 6, 3), np.uint8)
    gray = array[..., 0]
    same = [(array, {}), (array + 1, {})]
    other = [
        (array, {"order": "rgb"}), (array, {"range": (0, 1)}), (array, {"range": "minmax"}),
        (gray, {}), (gray, {"colormap": "jet"}), (gray.T, {}), (gray.astype(float), {}),
        (never, {}), (never, {"shape": (4, 6), "dtype": "i4", "range": (0, 1)}),
    ]  # fmt: skip
    versions = [ArrayOriginal(made, version=1, **options).version for made, options in same + other]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 1 + len(other)
    assert ArrayOriginal(array, version="1").version == versions[0]
    assert ArrayOriginal(array, version=2).version not in versions
    # The words behind a version are no part of it, whatever the version is.
    odd = ArrayOriginal(gray, version="1 bgr - jet 4x6 |u1").version
    assert odd not in (ArrayOriginal(gray, version="1", colormap="jet").version, *versions)


def test_with_a_version_nothing_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgmiddleware.sources.array.digest", lambda parts: pytest.fail("hashed"))
    assert ArrayOriginal(np.zeros((4, 6)), version=3.5).version.startswith("3.5 ")
    assert ArrayOriginal(noise(), version=np.int64(3)).version.startswith("3 ")


def test_a_function_needs_a_version() -> None:
    with pytest.raises(TypeError, match="version: a function needs one"):
        ArrayOriginal(never)

    async def later() -> Any: ...

    with pytest.raises(TypeError, match="async"):
        ArrayOriginal(later, version=1)
    with pytest.raises(TypeError, match="shape, dtype: both or neither"):
        ArrayOriginal(never, version=1, shape=(2, 2))
    with pytest.raises(TypeError, match="shape, dtype"):
        ArrayOriginal(np.zeros((2, 2)), shape=(2, 2), dtype=float)
    for wrong in (dict, b"1", True):
        with pytest.raises(TypeError, match="version"):
            ArrayOriginal(np.zeros((2, 2)), version=wrong)  # type: ignore[arg-type]


def test_a_function_is_called_once_while_the_original_is_open() -> None:
    make, calls = counted(np.eye(5))
    with ArrayOriginal(make, version=1) as original:
        assert original.version
        assert original.size == 0
        assert not calls
        assert original.header().width == 5
        assert original.samples().pixels.shape == (5, 5)
        assert len(calls) == 1
    with original:
        original.samples()
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((-4, 6), "u1", "an array's shape is .*at least 1"),
        ((4, -6, 3), "u1", "an array's shape"),
        ((4.5, 6), "u1", "shape: whole numbers"),
        ("46", "u1", "shape: whole numbers"),
        (46, "u1", "shape: whole numbers"),
        ((4, 6), "nope", "dtype: .*nope"),
    ],
)
def test_what_is_declared_can_be(shape: Any, dtype: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        ArrayOriginal(never, version=1, shape=shape, dtype=dtype)


def test_what_a_function_makes_counts_as_memory() -> None:
    array = np.zeros((50, 70), np.uint16)
    given = ArrayOriginal(array)
    made = ArrayOriginal(lambda: array, version=1)
    declared = ArrayOriginal(never, version=1, shape=(50, 70), dtype=np.uint16)
    assert (given.size, made.size, declared.size) == (7000, 0, 0)
    assert made.header().nbytes == declared.header().nbytes == given.header().nbytes + 7000


def test_what_is_declared_takes_no_function() -> None:
    options = {"shape": (30, 40), "version": 1}
    for dtype, color, alpha, depth, mapped in (
        (np.uint8, "gray", False, 8, {}),
        ("f4", "gray", True, 32, {}),
        (int, "gray", True, 16, {"range": "minmax"}),
        (int, "rgb", True, 8, {"range": "minmax", "colormap": "jet"}),
    ):
        header = ArrayOriginal(never, dtype=dtype, **options, **mapped).header()
        assert (header.width, header.height) == (40, 30)
        assert (header.color, header.alpha, header.depth) == (color, alpha, depth)


@pytest.mark.parametrize("made", [None, 3, [[1]], np.zeros((2, 2), complex), np.zeros(3), b"BM"])
def test_what_a_function_makes_is_looked_at(made: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="an array"):
        ArrayOriginal(lambda: made, version=1).header()
    with pytest.raises((TypeError, ValueError), match="an array"):
        ArrayOriginal(lambda: made, version=1, shape=(2, 2), dtype="u1").samples()


def test_an_image_of_pillows() -> None:
    rgb = quadrants()
    assert np.array_equal(pixels(Image.fromarray(rgb)), rgb[..., ::-1])  # whatever `order` says
    assert np.array_equal(pixels(Image.fromarray(rgb), "rgb"), rgb[..., ::-1])
    inks = read(Image.fromarray(rgb).convert("CMYK"))
    assert inks.color == "cmyk"
    assert np.array_equal(inks.pixels, np.asarray(Image.fromarray(rgb).convert("CMYK")))
    wide = Image.fromarray(np.array([[0, 500]], np.int32))
    with pytest.raises(TypeError, match="range"):
        ArrayOriginal(wide)
    assert pixels(wide, range=(0, 1000)).tolist() == [[0, 32768]]


def test_an_image_that_cannot_be_loaded_is_a_damaged_original() -> None:
    whole = saved(noise(300, 300), "PNG")
    image = Image.open(io.BytesIO(whole[: len(whole) // 2]))
    with pytest.raises(ImageError, match="damaged-original"):
        ArrayOriginal(image, version=1).samples()
    with pytest.raises(ImageError, match="damaged-original"):
        ArrayOriginal(image)


def test_nothing_writes_into_what_was_given() -> None:
    for array in (np.ones((5, 7, 4), np.uint8), np.ma.masked_invalid([[0.5, np.nan, 7.0]])):
        before, mask = np.ma.getdata(array).copy(), np.ma.getmaskarray(array).copy()
        for options in ({}, {"range": "minmax"}, {"range": ("5%", 3), "colormap": "jet"}):
            if array.ndim == 2 or not options:
                original = ArrayOriginal(array, "rgb", **options)
                original.samples().pixels.flags.writeable = False
        assert np.array_equal(np.ma.getdata(array), before, equal_nan=array.dtype.kind == "f")
        assert np.array_equal(np.ma.getmaskarray(array), mask)
        assert array.flags.writeable
