"""TIFFs of measurements: every kind of number, their ranges and bands, and what there is no data of.

They are written by tifffile, or byte by byte; what is expected is arithmetic.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import ask, get, refused, serving, shown
from files import tiff
from imgmiddleware import ImageService
from originals import Stored, probe
from pictures import moving, opened, photo_like, saved
from rasters import DEFLATE, LZW, tif
from tiffs import coded_tiff

Array = np.ndarray[Any, Any]
WIDTH, HEIGHT = 256, 96
#: From 0 to 1, from left to right.
RAMP = np.linspace(0, 1, WIDTH)[None].repeat(HEIGHT, axis=0)
GRAYS = np.arange(WIDTH)[None].repeat(HEIGHT, axis=0)
NO_DATA = 42113


def written(pixels: Array, photometric: str = "minisblack", **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric=photometric, **options)
    return file.getvalue()


def text_tag(number: int, text: str) -> tuple[int, int, int, str, bool]:
    return number, 2, len(text) + 1, text, True


def grays(original: Any, query: str = "", **options: Any) -> Array:
    answer = ask(original, f"fm=png&{query}".rstrip("&"), **options)
    assert answer.status == 200, answer.read()
    return np.asarray(opened(answer.read()).convert("L")).astype(int)


def clear(original: Any, query: str = "") -> Array:
    """Red, green, blue, alpha."""
    return np.asarray(shown(original, f"fm=png&{query}".rstrip("&"), "RGBA")).astype(int)


#: Values whose steps are exact in each, the least of the range and the largest.
NUMBERS = {
    "i1": (-100, 100), "i2": (-30_000, 30_000), "i4": (-(2**30), 2**30), "i8": (-(2**60), 2**60),
    "u2": (100, 50_000), "u4": (5, 2**32 - 1), "u8": (0, 2**63),
    "f2": (-8, 8), "f4": (250, 310), "f8": (-1e300, 1e300),
}  # fmt: skip


@pytest.mark.parametrize("way", ["plain", "plain tiles", "deflate", "difference", "big-endian"])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_of_every_kind(dtype: str, way: str) -> None:
    least, most = NUMBERS[dtype]
    values = (least + RAMP * (float(most) - least)).astype(dtype)
    options: dict[str, Any] = {
        "plain": {}, "plain tiles": {"tile": (32, 48)},
        "deflate": {"compression": "zlib", "rowsperstrip": 20},
        "difference": {"compression": "zlib", "predictor": 2, "rowsperstrip": 20},
        "big-endian": {"byteorder": ">", "tile": (32, 48), "compression": "zlib"},
    }[way]  # fmt: skip
    if way == "difference":
        if np.dtype(dtype).kind == "f" or dtype in ("i8", "u8"):
            return  # which tifffile does not write
    data = written(values, **options)
    wide = values.astype(np.longdouble)
    expected = (wide - wide.min()) / (wide.max() - wide.min()) * 255
    assert np.abs(grays(data, "range=minmax") - expected.astype(float)).max() <= 0.51


@pytest.mark.parametrize("compression", [5, 8])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_whose_bytes_are_sorted(dtype: str, compression: int) -> None:
    """TIFF Technical Note 3: the bytes of a row by their weight, then their differences."""
    values = (RAMP * 7 - 3).astype(dtype)

    def coder(part: Array) -> bytes:
        rows = part.astype(f">{dtype}").view(np.uint8).reshape(len(part), -1, part.itemsize)
        flat = rows.transpose(0, 2, 1).reshape(len(part), -1)
        bytes_of = np.diff(flat, axis=1, prepend=np.zeros_like(flat[:, :1]))
        if compression == 8:
            return zlib.compress(bytes_of.tobytes())
        strip = tif(bytes_of, 1, compression=LZW)
        with tifffile.TiffFile(io.BytesIO(strip)) as file:
            page: Any = file.pages[0]
            place, count = page.dataoffsets[0], page.databytecounts[0]
        return strip[place : place + count]

    data = coded_tiff([values], coder, compression, 1, predictor=3)
    assert np.abs(grays(data, "range=-3,4") - RAMP * 255).max() <= 0.6


def packed(values: Array, bits: int) -> bytes:
    """Rows of samples of so many bits, each row filled up to a byte."""
    planes = (values[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(planes.astype(np.uint8).reshape(len(values), -1), axis=1).tobytes()


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("bits", range(9, 16))
def test_samples_without_a_gap(bits: int, compression: int) -> None:
    """Of a microscope's 12 bits all are used: the largest is white."""
    values = np.rint(RAMP[:, :-1] * (2**bits - 1)).astype(int)  # rows that end within a byte
    body = packed(values, bits)
    body = zlib.compress(body) if compression == 8 else body
    entries = {
        256: ("L", [WIDTH - 1]), 257: ("L", [HEIGHT]), 258: ("H", [bits]), 259: ("H", [compression]),
        262: ("H", [1]), 273: ("L", [8]), 277: ("H", [1]), 278: ("L", [HEIGHT]), 279: ("L", [len(body)]),
    }  # fmt: skip
    data = tiff(entries, body)
    expected = np.rint(values / (2**bits - 1) * 255)
    assert np.abs(grays(data) - expected).max() <= 1
    assert np.array_equal(grays(data, "rect=101,5,90,60"), grays(data)[5:65, 101:191])


# --- Ranges -------------------------------------------------------------------------------------


def test_what_states_nothing_has_the_range_of_its_own_values() -> None:
    """2 of a hundred are black, and as many white."""
    for dtype in ("i2", "i4", "u4", "f4", "f8"):
        answer = ask(written((RAMP * 2000 + 100).astype(dtype)), "fm=png")
        assert answer.header("Image-Notes") == f"clipped={10 * HEIGHT + 2 * HEIGHT - 2 * HEIGHT}"
        seen = np.asarray(opened(answer.read()).convert("L")).astype(int)
        expected = np.clip((RAMP - 0.02) / 0.96, 0, 1) * 255
        assert np.abs(seen - expected).max() <= 1.5


def test_floats_that_are_a_picture_reach_from_0_to_1() -> None:
    for values in (RAMP, RAMP * 0.3, RAMP * 1.8 - 0.4):
        assert np.abs(grays(written(values.astype("f4"))) - np.clip(values, 0, 1) * 255).max() <= 1


def test_sixteen_bits_reach_from_black_to_white_as_those_of_a_photo_do() -> None:
    answer = ask(written(np.rint(RAMP * 65535).astype("u2")), "fm=png")
    assert np.array_equal(np.asarray(opened(answer.read()).convert("L")), GRAYS)
    assert answer.header("Image-Notes") is None
    few = ask(written(np.rint(RAMP * 4095).astype("u2")), "fm=png")
    assert np.asarray(opened(few.read()).convert("L")).max() == 16
    assert few.header("Image-Notes") == "dark"


@pytest.mark.parametrize(
    ("dtype", "tags", "ends"),
    [
        ("u2", [(281, 3, 1, 4095, True)], (0, 4095)),
        ("u2", [(280, 3, 1, 1000, True), (281, 3, 1, 4095, True)], (1000, 4095)),
        ("i2", [(340, 8, 1, -500, True), (341, 8, 1, 2500, True)], (-500, 2500)),
        ("f4", [(340, 11, 1, -500.0, True), (341, 11, 1, 2500.0, True)], (-500, 2500)),
        ("f8", [(340, 12, 1, 0.0, True), (341, 12, 1, 4000.0, True)], (0, 4000)),
        ("u4", [(341, 4, 1, 5000, True)], (0, 5000)),
        # SMaxSampleValue is of the samples' own kind, and goes before.
        ("u2", [(281, 3, 1, 9, True), (341, 3, 1, 4095, True)], (0, 4095)),
    ],
)
def test_a_range_that_is_stated(dtype: str, tags: list[Any], ends: tuple[int, int]) -> None:
    values = np.rint(RAMP * 4095).astype(dtype)
    expected = np.clip((values.astype(float) - ends[0]) / (ends[1] - ends[0]), 0, 1) * 255
    assert np.abs(grays(written(values, extratags=tags)) - expected).max() <= 0.51
    assert np.abs(grays(written(values, extratags=tags), "range=0,4095") - GRAYS).max() <= 1


@pytest.mark.parametrize("tags", [
    [(281, 3, 1, 65535, True)], [(281, 3, 1, 0, True)], [(341, 2, 5, "4095", True)], [(341, 11, 1, float("nan"), True)],
    [(280, 3, 1, 5000, True), (281, 3, 1, 4095, True)], [(341, 3, 80, [4095] * 80, True)],
])  # fmt: skip
def test_statements_of_no_use(tags: list[Any]) -> None:
    values = np.rint(RAMP * 65535).astype("u2")
    assert np.array_equal(grays(written(values, extratags=tags)), GRAYS)
    assert np.abs(grays(written((RAMP * 300).astype("f4"), extratags=tags)).mean() - 127.5) < 3


def test_the_query_beats_the_original_which_beats_the_option() -> None:
    stated = written(np.rint(RAMP * 4095).astype("u2"), extratags=[(281, 3, 1, 4095, True)])
    silent = written(np.rint(RAMP * 4095).astype("u2"))
    whole = [(stated, ""), (silent, "range=0,4095")]
    for data, query in whole:
        assert np.abs(grays(data, query, range=(0, 65535)) - GRAYS).max() <= 1
    assert np.abs(grays(silent, range=(0, 4095)) - GRAYS).max() <= 1
    assert grays(stated, "range=0,65535", range="auto").max() == 16
    assert grays(silent, "preset=all", presets={"all": "range=0,65535"}, range="auto").max() == 16
    eight = saved(np.asarray(GRAYS // 2, np.uint8), "TIFF")
    assert grays(eight, range="minmax").max() == 127  # which is for more than 8 bits
    assert grays(eight, "range=minmax").max() == 255


def test_each_range_is_a_picture_of_its_own() -> None:
    service = serving(written((RAMP * 300).astype("f4")))
    queries = [
        "",
        "range=auto",
        "range=0,300",
        "range=0,300&colormap=turbo",
        "range=minmax",
        "trim=auto&range=0,300",
    ]
    tags = [get(service, f"{query}&fm=png".lstrip("&")).header("ETag") for query in queries]
    assert len(set(tags)) == len(queries)
    equal = ["range=0%25,100%25", "range=0%,100%", "range=minmax"]
    assert len({get(service, f"{query}&fm=png").header("ETag") for query in equal}) == 1
    others = [get(serving(written((RAMP * 300).astype("f4")), range=given), "fm=png").header("ETag")
              for given in (None, (0, 300), "minmax")]  # fmt: skip
    assert len(set(others)) == 3


@pytest.mark.parametrize("dtype", ["i1", "u2", "i2", "f2", "f4", "f8"])
def test_ends_far_from_all_values(dtype: str) -> None:
    values = (RAMP * 100).astype(dtype)
    for ends, gray in (
        ("70000,80000", 0),
        ("-2e5,-1e5", 255),
        ("-1e300,1e300", 128),
        ("0,1e-300", None),
    ):
        seen = grays(written(values), f"range={ends}")
        assert gray is None or np.abs(seen - gray).max() <= 1
    answer = ask(written(values), "fm=png&range=70000,80000")
    assert answer.header("Image-Notes") == f"clipped={values.size}"


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_the_ends_themselves_are_not_clipped(dtype: str) -> None:
    for least, most in ((250, 310), (-1 / 3, 7 / 9 + 1000)):
        values = (RAMP * (most - least) + least).astype(dtype)
        assert ask(written(values), "fm=png&range=minmax").header("Image-Notes") is None


@pytest.mark.parametrize("tiled", [False, True])
def test_tiles_are_as_bright_as_one_another(tiled: bool) -> None:
    """A range by percentiles is of the page, whatever part of it is asked for first."""
    values = (RAMP**3 * 5000 - 200).astype("f4")
    options: dict[str, Any] = {"tile": (32, 32)} if tiled else {"rowsperstrip": 7}
    data = written(values, **options)
    whole = grays(data, "range=5%,80%")
    for left in (0, 64, 128, 192):
        part = grays(data, f"range=5%,80%&rect={left},16,64,64")
        assert np.array_equal(part, whole[16:80, left : left + 64])


def test_the_ends_are_looked_for_once_and_in_a_smaller_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imgmiddleware.imaging.ends._ENOUGH", 500)
    page = (RAMP * 5000).astype("f4")
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        options: dict[str, Any] = {"photometric": "minisblack", "tile": (16, 16)}
        writer.write(page, subifds=1, **options)
        writer.write(page[::4, ::4] / 2, subfiletype=1, **options)  # other values, to be told by
    source = Stored(file.getvalue())
    service = serving_stored(source)
    reads = []
    for left in (0, 64, 128):
        before = source.total
        answer = get(service, f"fm=png&range=minmax&rect={left},0,64,64")
        seen = np.asarray(opened(answer.read()).convert("L")).astype(int)
        expected = np.clip(page[:64, left : left + 64] / page[::4, ::4].max() * 2, 0, 1) * 255
        assert np.abs(seen - expected).max() <= 0.51
        reads.append(source.total - before)
    assert reads[0] > reads[1] + page.nbytes // 16 - 1


def serving_stored(source: Stored) -> Any:
    return ImageService(source)


def test_of_a_large_page_parts_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first row to its last."""
    monkeypatch.setattr("imgmiddleware.imaging.ends._READ", 2**13)
    monkeypatch.setattr("imgmiddleware.imaging.ends._RANKED", 2**10)
    monkeypatch.setattr("imgmiddleware.imaging.ends._PARTS", 8)
    values = (np.arange(400)[:, None] + np.zeros(100)).astype("f4")
    seen = grays(written(values, rowsperstrip=3), "range=minmax")
    assert np.abs(seen - np.arange(400)[:, None] / 399 * 255).max() <= 1.5


def test_colors_share_one_range() -> None:
    """So that gray stays gray."""
    values = np.dstack([RAMP * 1000, RAMP * 500, RAMP * 250]).astype("u2")
    seen = shown(written(values, "rgb"), "fm=png&range=0,1000").astype(int)
    assert np.abs(seen - values * 0.255).max() <= 0.51


def test_white_may_be_the_least() -> None:
    for dtype in ("i2", "f4", "u2"):
        data = written((RAMP * 1000).astype(dtype), "miniswhite")
        assert np.abs(grays(data, "range=0,1000") - (255 - RAMP * 255)).max() <= 1
    packed_white = tif(np.rint(RAMP * 65535).astype("u2"), 0)
    assert np.array_equal(grays(packed_white), 255 - GRAYS)


def test_colors_are_given_before_anything_is_averaged() -> None:
    """One hot pixel in a thousand stays one, as it does from afar."""
    values = np.zeros((64, 64), "i2")
    values[::2] = 100
    seen = shown(written(values), "fm=png&range=0,100&colormap=viridis&w=8")
    ends = shown(written(values), "fm=png&range=0,100&colormap=viridis&rect=0,0,1,2")[:, 0]
    assert np.abs(seen.astype(int) - ends.astype(int).mean(axis=0)).max() <= 2


def test_floats_are_clipped_before_they_are_resampled() -> None:
    """Else one value of no meaning makes rings around it."""
    values = np.full((64, 64), 0.5, "f4")
    values[20, 20] = 1e9
    values[40, 40] = np.inf
    seen = grays(written(values), "range=0,1&w=40")
    near = seen[22:, :22]  # far from both
    assert set(near.ravel()) == {128}
    assert seen.min() > 90


# --- Nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "text", "value"),
    [("i2", "-9999", -9999), ("f4", "-9999", -9999), ("f4", "nan", np.nan), ("u1", "0", 0), ("u2", "65535", 65535),
     ("f4", "-3.4028234663852886e+38", -3.4028234663852886e38), ("f8", "1e+20", 1e20)],
)  # fmt: skip
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_what_there_is_no_data_of_is_clear(dtype: str, text: str, value: float, tile: Any) -> None:
    values = (RAMP * 200 + 20).astype(dtype)
    hole = np.zeros(values.shape, bool)
    hole[30:60, 100:180] = True
    values[hole] = value
    data = written(values, extratags=[text_tag(NO_DATA, text)], tile=tile)
    seen = clear(data, "range=20,220")
    assert np.array_equal(seen[..., 3], np.where(hole, 0, 255))
    assert np.abs(seen[..., 0] - RAMP * 255)[~hole].max() <= 1.5
    on_green = np.asarray(shown(data, "fm=jpg&q=95&range=20,220&bg=0f0"))
    assert np.abs(on_green[45, 140].astype(int) - (0, 255, 0)).max() < 8


@pytest.mark.parametrize("width", [128, 64, 50, 32])
def test_nothing_does_not_bleed_into_what_there_is(width: int) -> None:
    """Neither where it is averaged while it is read, nor where it is resampled."""
    values = np.full((96, 256), 100, "f4")
    values[:, 101:] = -9999
    values[33:47] = np.nan
    seen = clear(written(values, extratags=[text_tag(NO_DATA, "-9999")]), f"range=0,200&w={width}")
    there = seen[..., 3] > 8
    assert np.abs(seen[..., 0][there] - 127.5).max() <= 2
    assert np.abs(seen[..., 3].mean() / 255 - 101 / 256 * 82 / 96) < 0.01


def test_floats_without_holes_are_opaque() -> None:
    assert np.all(clear(written((RAMP * 300).astype("f4")))[..., 3] == 255)


def test_of_colors_all_have_to_be_nothing() -> None:
    """A blue sea has no red: it is there for all that."""
    values = np.zeros((20, 40, 3), np.uint8)
    values[:, :10, 2] = 90
    data = written(values, "rgb", extratags=[text_tag(NO_DATA, "0")])
    assert np.array_equal(clear(data)[0, :, 3], np.where(np.arange(40) < 10, 255, 0))


@pytest.mark.parametrize("text", ["", "none", "1e400", "300", "-1", "0.5", "x" * 200])
def test_what_no_sample_can_be(text: str) -> None:
    data = written(np.asarray(GRAYS, np.uint8), extratags=[text_tag(NO_DATA, text)])
    assert np.array_equal(grays(data), GRAYS)
    assert not probe(data).alpha


# --- Bands --------------------------------------------------------------------------------------

SIX = np.stack([np.rint(RAMP * 100 * (band + 1)).astype("u2") for band in range(6)])


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("way", ["plain", "deflate", "tiles"])
def test_bands_of_a_satellite(way: str, planar: bool) -> None:
    options: dict[str, Any] = {
        "plain": {}, "deflate": {"compression": "zlib", "rowsperstrip": 11},
        "tiles": {"compression": "zlib", "predictor": 2, "tile": (32, 48)},
    }[way]  # fmt: skip
    layers = SIX if planar else np.ascontiguousarray(SIX.transpose(1, 2, 0))
    data = written(layers, planarconfig="separate" if planar else "contig", **options)

    def expected(*bands: int) -> Array:
        return np.stack([SIX[band - 1] / 600 * 255 for band in bands], axis=-1)

    seen = shown(data, "fm=png&range=0,600").astype(int)
    assert np.abs(seen - expected(1, 2, 3)).max() <= 0.51
    seen = shown(data, "fm=png&range=0,600&band=6,4,2").astype(int)
    assert np.abs(seen - expected(6, 4, 2)).max() <= 0.51
    assert np.abs(grays(data, "range=0,600&band=5") - expected(5)[..., 0]).max() <= 0.51
    assert refused(data, "band=7") == (400, "out-of-range")
    assert ask(data, "band=1,2,3&colormap=jet").status == 400


def test_of_separate_planes_those_that_are_shown_are_read() -> None:
    source = Stored(written(SIX, planarconfig="separate"))
    assert get(serving_stored(source), "fm=png&band=6&range=0,600").status == 200
    assert source.total < source.size // 2


def test_a_band_of_any_format() -> None:
    photo = photo_like(60, 40)
    for data in (
        saved(photo, "PNG"),
        saved(photo, "WEBP", lossless=True),
        saved(photo, "TIFF"),
        saved(photo, "BMP"),
    ):
        for band in (1, 2, 3):
            assert np.array_equal(grays(data, f"band={band}"), photo[..., band - 1])
        assert np.array_equal(shown(data, "fm=png&band=3,2,1"), photo[..., ::-1])
        assert refused(data, "band=4") == (400, "out-of-range")


def test_alpha_beside_the_bands_stays() -> None:
    photo = photo_like(60, 40, channels=4)
    for data in (saved(photo, "PNG"), saved(photo, "TIFF")):
        seen = clear(data, "band=2&range=0,255")
        assert np.array_equal(seen[..., 3], photo[..., 3])
        assert np.array_equal(seen[..., 0][photo[..., 3] > 0], photo[..., 1][photo[..., 3] > 0])


def test_what_cannot_be_read_so() -> None:
    inks = saved(photo_like(60, 40, channels=4), "TIFF", "CMYK")
    frames = saved_moving()
    for data, query in ((inks, "range=0,100"), (inks, "band=1"), (frames, "anim=1&range=auto")):
        status, code = refused(data, query)
        assert (status, code) == (400, "out-of-range")
    assert refused(saved(photo_like(60, 40), "PNG"), "colormap=jet") == (400, "out-of-range")


def saved_moving() -> bytes:
    return moving([Image.new("RGB", (24, 18), color) for color in ("red", "blue")], "GIF")


# --- Alpha, planes, bits ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("associated", [False, True])
@pytest.mark.parametrize("colors", [1, 3])
def test_alpha_of_every_kind(colors: int, associated: bool, planar: bool, dtype: str) -> None:
    most = {"u1": 255, "u2": 65535, "f4": 1}[dtype]
    alpha = (np.linspace(0.25, 1, HEIGHT)[:, None] * np.ones((HEIGHT, WIDTH)))[..., None]
    straight = np.dstack([RAMP, RAMP[:, ::-1], RAMP**2][:colors])
    stored = straight * alpha if associated else straight
    samples = np.concatenate((stored, alpha), axis=2) * most
    samples = (np.rint(samples) if dtype != "f4" else samples).astype(dtype)
    layers = np.ascontiguousarray(samples.transpose(2, 0, 1)) if planar else samples
    data = written(
        layers, "rgb" if colors == 3 else "minisblack", planarconfig="separate" if planar else "contig",
        extrasamples=["assocalpha" if associated else "unassalpha"],
    )  # fmt: skip
    seen = clear(data)
    assert np.abs(seen[..., 3] - alpha[..., 0] * 255).max() <= 1
    assert np.abs(seen[..., :colors] - straight * 255).max() <= (3 if associated else 1)


def test_sixteen_bits_in_separate_planes() -> None:
    """Which OpenCV takes for a row of colours: it is never asked."""
    photo = photo_like(90, 70).astype(np.uint16) * 257
    for options in ({}, {"compression": "zlib", "predictor": 2}, {"tile": (32, 32)}):
        planes = np.ascontiguousarray(photo.transpose(2, 0, 1))
        data = written(planes, "rgb", planarconfig="separate", **options)
        assert np.array_equal(shown(data), photo // 257)
        deep = opened(ask(data, "fm=png&depth=16").read())
        assert deep.size == (90, 70)


def test_gray_of_two_samples_that_says_nothing_of_the_second() -> None:
    both = np.stack([GRAYS, GRAYS[:, ::-1]], axis=-1).astype(np.uint8)
    assert np.array_equal(grays(tif(both, 1)), GRAYS)
    assert np.array_equal(grays(tif(both, 1, compression=DEFLATE)), GRAYS)
    assert np.array_equal(grays(tif(both, 1, t338=[0])), GRAYS)


def test_big_endian_bigtiff() -> None:
    photo = photo_like(90, 70)
    planes = np.ascontiguousarray(photo.transpose(2, 0, 1))
    ways = ((photo, {"compression": "zlib"}), (planes, {"planarconfig": "separate"}))
    for pixels, options in ways:
        data = written(pixels, "rgb", bigtiff=True, byteorder=">", **options)
        assert np.array_equal(shown(data), photo)


def test_one_strip_of_floats_that_is_decoded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is where a strip is over 16 MB: the range is found there too."""
    monkeypatch.setattr("imgmiddleware.formats.tiff.pieces._MOST_SAMPLES", 2**10)
    data = coded_tiff([(RAMP * 300).astype("f4")], lzw, 5, 1)
    assert not probe(data).band_bytes
    assert np.abs(grays(data) - np.clip((RAMP - 0.02) / 0.96, 0, 1) * 255).max() <= 1.5
    assert np.abs(grays(data, "range=0,300") - GRAYS).max() <= 1


def lzw(part: Array) -> bytes:
    rows = part.view(np.uint8).reshape(len(part), -1)
    strip = tif(rows, 1, compression=LZW)
    with tifffile.TiffFile(io.BytesIO(strip)) as file:
        page: Any = file.pages[0]
        return strip[page.dataoffsets[0] : page.dataoffsets[0] + page.databytecounts[0]]
