"""Arrays behind a service: the time when they are made, the caches, and the headers of answers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from asking import get, request, serving
from imgmiddleware import ArrayOriginal, ImageService
from pictures import BLUE, RED, close, corners, opened, pixels_of, quadrants, saved, swapped_profile

#: A version is taken as fresh for no moment: each request opens its original.
STRICT = {"recheck": 0}


class Made:
    """A source's function whose array is counted, and may be forbidden."""

    def __init__(self, array: Any, **options: Any) -> None:
        self.array, self.options, self.calls, self.allowed = array, options, 0, True

    def __call__(self, id: str) -> ArrayOriginal:
        return ArrayOriginal(self.make, **{"version": 1, **self.options})

    def make(self) -> Any:
        assert self.allowed, "the array was made"
        self.calls += 1
        return self.array


HEAT = np.linspace(0, 1, 48 * 64).reshape(48, 64)


@pytest.mark.parametrize("declared", [{}, {"shape": (48, 64), "dtype": float}])
def test_a_304_and_a_hit_make_no_array(declared: Any) -> None:
    source = Made(HEAT, range="minmax", colormap="viridis", **declared)
    service = ImageService(source, **STRICT)
    first = get(service, "w=20")
    source.allowed = False
    assert get(service, "w=20").body == first.body
    assert get(service, "w=20", if_none_match=first.header("etag")).status == 304
    assert get(service, "w=21", if_none_match="*").status == 304
    assert service.url("a", w=20).startswith("/image/a?w=20&v=")
    assert source.calls == 1


def test_what_is_declared_answers_a_304_of_what_was_never_seen() -> None:
    tag = get(ImageService(Made(HEAT, shape=(48, 64), dtype=float)), "w=20").header("etag")
    source = Made(HEAT, shape=(48, 64), dtype=float)
    assert get(ImageService(source), "w=20", if_none_match=tag).status == 304
    assert source.calls == 0


def test_an_array_is_made_once_for_a_render_and_kept_for_other_sizes() -> None:
    source = Made(HEAT, range="minmax")
    service = ImageService(source, **STRICT)
    assert get(service, "w=20").status == 200  # planned and rendered
    assert source.calls == 1
    assert get(service, "w=30").status == 200
    assert source.calls == 1
    unkept = ImageService(source, decoded_bytes=0, **STRICT)
    source.calls = 0
    assert [get(unkept, f"w={w}").status for w in (20, 30, 40)] == [200] * 3
    assert source.calls == 3


def test_what_was_kept_is_not_what_was_given() -> None:
    array = (HEAT * 255).astype(np.uint8)
    source = Made(array)
    get(ImageService(source), "w=20")
    array[:] = 0  # was not made read-only
    given = ImageService(lambda id: ArrayOriginal(array, version=1))
    get(given, "w=20")
    assert given.holding()["decoded"].bytes == 0  # whoever gave it holds it


def test_an_original_may_be_given_again_and_again() -> None:
    shown = {"a": ArrayOriginal(HEAT), "b": ArrayOriginal(lambda: HEAT, version=1)}
    service = ImageService(shown.get, **STRICT)
    for id in ("a", "b", "a", "b"):
        assert get(service, "w=20&fm=png", id).status == 200
    assert get(service, "w=20&fm=png", "a").body == get(service, "w=20&fm=png", "b").body
    assert get(service, "w=20", "c").status == 404


def test_another_version_or_reading_is_another_picture() -> None:
    tags = {
        get(serving(ArrayOriginal(HEAT, version=1, **options)), "fm=png").header("etag")
        for options in ({}, {"range": "minmax"}, {"range": (0, 2)}, {"colormap": "hot"})
    }
    tags.add(get(serving(ArrayOriginal(HEAT, version=2)), "fm=png").header("etag"))
    assert len(tags) == 5


def test_what_was_clipped_is_told() -> None:
    array = np.arange(100.0).reshape(10, 10)
    service = serving(ArrayOriginal(array, range=(10, 89)), **STRICT)
    for _ in range(2):  # rendered, and from memory
        assert get(service, "fm=png").header("image-notes") == "clipped=20"
    assert get(service, "w=5&fm=png").header("image-notes") == "clipped=20"
    assert get(serving(ArrayOriginal(array, range="minmax"))).header("image-notes") is None
    assert get(serving(np.full((4, 4), 1.5))).header("image-notes") == "clipped=16"


def test_what_is_clear_stays_clear() -> None:
    array = HEAT.copy()
    array[:, 32:] = np.nan
    original = ArrayOriginal(array, range="minmax", colormap="viridis")
    answer = get(serving(original), "w=32")
    assert answer.header("content-type") == "image/png"
    alpha = pixels_of(answer.body, "RGBA")[..., 3]
    assert alpha[:, :13].min() == 255
    assert alpha[:, 19:].max() == 0
    assert get(serving(ArrayOriginal(HEAT, colormap="hot"))).header("content-type") == "image/jpeg"
    white = get(serving(original), "w=32&fm=jpg")
    assert pixels_of(white.body)[:, 20:].min() > 250


def test_sixteen_bits_of_a_range() -> None:
    values = 270 + np.arange(6).reshape(2, 3) * 0.01
    answer = get(serving(ArrayOriginal(values, range="minmax")), "depth=16&fm=png")
    found = np.asarray(Image.open(io.BytesIO(answer.body)))
    assert np.abs(found - np.arange(6).reshape(2, 3) * 13107.0).max() <= 1


def test_what_a_function_raises_is_raised() -> None:
    def fail() -> Any:
        raise ZeroDivisionError

    for options in ({}, {"shape": (4, 4), "dtype": "f4"}):
        with pytest.raises(ZeroDivisionError):
            get(serving(ArrayOriginal(fail, version=1, **options)))


@pytest.mark.parametrize("declared", [{}, {"shape": (48, 64), "dtype": float}])
def test_a_function_that_gets_no_memory_is_a_refusal_of_load(declared: Any) -> None:
    source = Made(HEAT, **declared)

    def fail() -> Any:
        raise MemoryError

    good, source.make = source.make, fail
    service = ImageService(source, **STRICT)
    answer = get(service, "w=20")
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    source.make = good
    assert get(service, "w=20").status == 200  # it was not remembered


def test_an_image_that_gets_no_memory_is_a_refusal_of_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Image.Image) -> Any:
        raise MemoryError

    image = Image.open(io.BytesIO(saved(quadrants(), "BMP")))
    with monkeypatch.context() as short:
        short.setattr(type(image), "load", fail)
        assert get(serving(image)).status == 503
        assert get(serving(ArrayOriginal(image, version=1))).status == 503
    assert get(serving(image)).status == 200


@pytest.mark.parametrize(
    ("options", "other"),
    [
        ({}, HEAT[:, :9]),
        ({}, HEAT.astype(np.uint8)),
        ({}, np.where(HEAT < 0.5, np.nan, HEAT)),
        ({"shape": (48, 65), "dtype": float}, HEAT),
        ({"shape": (48, 64), "dtype": np.uint8}, HEAT),
        ({"shape": (48, 64), "dtype": np.uint8}, np.ma.masked_equal(HEAT.astype(np.uint8), 1)),
    ],
)
def test_another_array_than_was_planned_for_is_told(options: Any, other: Any) -> None:
    source = Made(HEAT if not options else other, **options)
    service = ImageService(source, decoded_bytes=0, **STRICT)
    if not options:
        assert get(service, "w=20").status == 200
        source.array = other  # under the same version
    with pytest.raises(ValueError, match=r"made \d+x48 .*, is \d+x48 .* of \d+ bits"):
        get(service, "w=21")


def test_limits_hold_for_what_is_made() -> None:
    for declared in ({}, {"shape": (48, 64), "dtype": float}):
        source = Made(HEAT, **declared)
        answer = get(ImageService(source, max_source_pixels=3000))
        assert (answer.status, b"source-pixels" in answer.body) == (413, True)
        answer = get(ImageService(source, max_source_memory=25_000))  # it alone takes 24,576
        assert (answer.status, b"source-memory" in answer.body) == (413, True)


def test_an_image_of_pillows_is_as_its_file() -> None:
    """In each mode, turned and with its profile, whatever the order of arrays."""
    wide = ImageCms.createProfile("sRGB")
    icc = ImageCms.ImageCmsProfile(wide).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    for format, mode in (
        ("PNG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("TIFF", "L"),
    ):
        options = {} if mode == "CMYK" else {"icc_profile": icc if mode in ("RGB", "P") else None}
        data = saved(quadrants(), format, mode, exif=exif.tobytes(), **options)
        wanted = get(serving(data), "w=24&fm=png")
        image = Image.open(io.BytesIO(data))
        found = get(serving(image, array_order="bgr"), "w=24&fm=png")
        assert found.status == wanted.status == 200
        assert opened(found.body).size == opened(wanted.body).size == (24, 32)
        assert close(pixels_of(found.body, "RGBA"), pixels_of(wanted.body, "RGBA"), 8), (
            format,
            mode,
        )


def test_a_profile_is_applied_and_a_broken_one_is_told() -> None:
    image = Image.fromarray(quadrants())
    image.info["icc_profile"] = swapped_profile()
    data = saved(quadrants(), "PNG", icc_profile=swapped_profile())
    assert get(serving(image), "fm=png").body == get(serving(data), "fm=png").body
    assert (
        get(serving(image), "fm=png").body
        != get(serving(quadrants(), array_order="rgb"), "fm=png").body
    )
    image.info["icc_profile"] = b"nonsense"
    answer = get(serving(image), "fm=png")
    assert answer.header("image-notes") == "profile-ignored"
    assert close(corners(pixels_of(answer.body))[:3:2], [RED, BLUE], 1)


def test_an_image_with_a_version_is_loaded_when_it_is_rendered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = saved(quadrants(), "BMP")
    service = ImageService(
        lambda id: ArrayOriginal(Image.open(io.BytesIO(data)), version=1), **STRICT
    )
    first = get(service, "w=20")
    monkeypatch.setattr(
        "PIL.BmpImagePlugin.BmpImageFile.load", lambda self: pytest.fail("it was loaded")
    )
    assert get(service, "w=20").body == first.body
    assert get(service, "w=33", if_none_match="*").status == 304
    assert service.answer(request("w=20", if_none_match=first.header("etag"))).status == 304


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(
    "query", ["band=1", "range=auto", "range=minmax", "band=1&range=auto&colormap=turbo"]
)
def test_a_mask_of_bools_as_alpha_is_that_of_bytes(channels: int, query: str) -> None:
    """Bits have a range and a colour map as bytes have: there it was a 500."""
    bits = np.random.default_rng(2).random((8, 9, channels)) > 0.4
    data = bits.astype(np.uint8) * np.uint8(255)
    one, other = (
        pixels_of(get(ImageService(arrays.__getitem__), f"{query}&fm=png").body, "RGBA")
        for arrays in ({"a": bits}, {"a": data})
    )
    assert np.array_equal(one, other)
    assert np.array_equal(one[..., 3] == 255, bits[..., -1])


def test_a_profile_of_an_image_that_is_none() -> None:
    image = Image.new("RGB", (4, 4), RED)
    image.info["icc_profile"] = "sRGB"
    answer = get(serving(image), "fm=png")
    assert answer.status == 200
    assert opened(answer.read()).getpixel((1, 1)) == RED
