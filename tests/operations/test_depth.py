"""16 bits to the end, in the original's colours; and operations at that depth."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import ask, made
from imgmiddleware import OwnOperation
from pictures import float_lanczos, opened, psnr, read_by_opencv, swapped_profile

RAMP = np.linspace(0, 65535, 96 * 64 * 3).astype(np.uint16).reshape(64, 96, 3)


def png(pixels: Any) -> bytes:
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()


def with_profile(data: bytes, profile: bytes) -> bytes:
    import struct
    import zlib

    body = b"iCCPx\0\0" + zlib.compress(profile)
    chunk = struct.pack(">L", len(body) - 4) + body + struct.pack(">L", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def rendered(data: Any, query: str, **options: Any) -> Any:
    body = made(data, query, **options)
    return read_by_opencv(body)


@pytest.mark.parametrize("format", ["png", "tif"])
def test_sixteen_bits_stay_as_they_are(format: str) -> None:
    for pixels in (RAMP, RAMP[..., 0], np.dstack((RAMP, RAMP[..., 1]))):
        assert np.array_equal(rendered(png(pixels), f"depth=16&fm={format}"), pixels)
    assert rendered(png(RAMP), f"fm={format}").dtype == np.uint8


def test_without_a_format_it_is_png() -> None:
    answer = ask(png(RAMP), "depth=16")
    assert answer.header("Content-Type") == "image/png"
    assert answer.header("Vary") is None


def test_a_format_of_eight_bits_gets_eight() -> None:
    assert opened(made(png(RAMP), "depth=16&fm=jpg")).mode == "RGB"
    assert rendered(png((RAMP >> 8).astype(np.uint8)), "depth=16&fm=png").dtype == np.uint8


def test_floats_become_sixteen_bits() -> None:
    floats = np.array([[0, 0.5, 1, 2, 1 / 65535]], np.float32)
    assert rendered(floats, "depth=16&fm=png").tolist() == [[0, 32768, 65535, 65535, 1]]
    unknown = np.array([[0.5, np.nan]], np.float32)
    assert rendered(unknown, "depth=16&fm=png")[0, :, 3].tolist() == [65535, 0]  # it is clear


def test_resampled_at_its_depth() -> None:
    result = rendered(png(RAMP), "w=48&depth=16")
    expected = float_lanczos(RAMP, (48, 32))
    assert np.abs(result[4:-4, 4:-4] - expected[4:-4, 4:-4]).max() < 257


@pytest.mark.parametrize(
    "query",
    ["rot=90", "flip=h", "blur=20", "sharp=30", "pad=3&bg=804020", "rot=30&bg=ff8000", "bg=336699"],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_operations_do_at_sixteen_bits_what_they_do_at_eight(query: str, channels: int) -> None:
    eight = np.random.default_rng(5).integers(0, 256, (40, 50, 4), dtype=np.uint8)
    eight = cv2.GaussianBlur(eight, (0, 0), 2)[..., :channels].squeeze()
    deep = rendered(png(eight.astype(np.uint16) * 257), f"{query}&depth=16")
    assert deep.dtype == np.uint16
    shallow = rendered(png(eight), f"{query}&fm=png")
    seen = np.abs(deep / 257.0 - shallow)
    if channels == 4 and shallow.shape[2] == 4:  # of what can hardly be seen the colour is coarse
        seen = seen[shallow[..., 3] > 100]
    assert seen.max() <= 1.6


def test_the_profile_goes_along_and_the_samples_stay() -> None:
    colors = np.dstack((RAMP[..., 0], RAMP[..., 1], 65535 - RAMP[..., 2]))
    data = with_profile(png(colors), swapped_profile())
    for format in ("png", "tif"):
        body = made(data, f"depth=16&fm={format}")
        with Image.open(io.BytesIO(body)) as image:
            assert image.info["icc_profile"] == swapped_profile()
        assert np.array_equal(read_by_opencv(body), colors)
    assert psnr(rendered(data, "fm=png"), (colors >> 8)) < 20  # in 8 bits it is applied


def test_ones_own_operation_gets_eight_bits() -> None:
    seen: list[Any] = []

    def function(pixels: Any) -> Any:
        seen.append(pixels.dtype)
        return pixels

    operations = {"own": OwnOperation(function, version="1")}
    assert rendered(png(RAMP), "own=1&depth=16", operations=operations).dtype == np.uint8
    assert seen == [np.uint8]
