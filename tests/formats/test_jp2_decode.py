"""JPEG 2000, which is off unless turned on: its pixels are those that were written."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest

from asking import ask, shown
from originals import cut, flipped
from pictures import close, noise, saved, swapped_profile

JP2: dict[str, Any] = {"unsafe_original_formats": ["jp2"]}
RGB = np.random.default_rng(3).integers(0, 2**8, (31, 45, 3), np.uint8)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"tile_size": (16, 16)}])
def test_jpeg_2000(mode: str, options: dict[str, Any]) -> None:
    """Without loss, as Pillow writes it unless it is told otherwise."""
    image = noise(45, 31, "RGBA").convert(mode)
    data = saved(np.asarray(image), "JPEG2000", **options)
    assert np.array_equal(shown(data, mode="RGBA", **JP2), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_jpeg_2000(channels: int) -> None:
    """By OpenCV's writer, told to lose nothing."""
    samples = np.random.default_rng(8).integers(0, 2**16, (64, 64, channels), np.uint16)
    order = [2, 1, 0, 3][:channels]
    best = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    data = cv2.imencode(".jp2", samples[..., order] if channels > 1 else samples, best)[1].tobytes()
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    expected = np.rint(samples / 257)
    assert close(shown(data, mode=mode, **JP2), expected[..., 0] if channels == 1 else expected, 0)
    assert ask(data, "fm=png&depth=16", **JP2).body[24] == 16


def test_the_profile_of_a_jpeg_2000_is_honoured() -> None:
    """In the place of the enumerated colours, red and green exchanged: as of a PNG with it."""
    flat = np.full((31, 45, 3), (220, 30, 60), np.uint8)
    data = saved(flat, "JPEG2000")
    place = data.index(b"colr") - 4
    method = b"colr\2\0\0" + swapped_profile()
    box = struct.pack(">L", len(method) + 4) + method
    header = data.index(b"jp2h") - 4
    grown = int.from_bytes(data[header : header + 4], "big") + len(box) - 15
    data = (
        data[:header]
        + struct.pack(">L", grown)
        + data[header + 4 : place]
        + box
        + data[place + 15 :]
    )
    expected = shown(saved(flat, "PNG", icc_profile=swapped_profile()))
    assert close(shown(data, **JP2), expected, 0)
    assert expected[0, 0, 1] > 200


def test_what_is_not_turned_on_is_refused_by_name() -> None:
    data = saved(RGB, "JPEG2000")
    answer = ask(data, unsafe_original_formats=["jxl"])
    assert answer.status == 415
    assert b"JPEG 2000" in answer.body
    assert ask(data, **JP2).status == 200


def test_damage_is_a_picture_or_a_refusal() -> None:
    data = saved(RGB, "JPEG2000")
    for short in cut(data):
        assert ask(short, **JP2).status in (415, 422)
    for changed in flipped(data):
        assert ask(changed, **JP2).status in (200, 413, 415, 422)


def boxed(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">L", 8 + len(body)) + kind + body


def with_header(data: bytes, *more: bytes, brand: bytes = b"jp2 ") -> bytes:
    """A JPEG 2000 of Pillow's, with these boxes behind those of its header."""
    at = data.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">L", data, at)
    rules = boxed(b"rreq", bytes(11)) if brand == b"jpx " else b""
    head = data[:at].replace(b"ftypjp2 ", b"ftyp" + brand)
    return head + rules + boxed(b"jp2h", data[at + 8 : at + size], *more) + data[at + size :]


@pytest.mark.parametrize(
    "more",
    [
        boxed(b"colr", b"\4\0\0"),  # a vendor's own
        boxed(b"colr", b"\1\0\0", struct.pack(">L", 14)),  # a second one, in Lab
        boxed(b"res ", boxed(b"resc", b"\0")),
        boxed(b"cdef", struct.pack(">10H", 3, 0, 0, 1, 1, 0, 2, 2, 0, 3)),
    ],
)
def test_headers_that_the_picture_does_not_need(more: bytes) -> None:
    """As in Photoshop's .jpf: Pillow refuses most of these, and OpenCV opens them."""
    data = with_header(saved(RGB, "JPEG2000"), more, brand=b"jpx ")
    assert np.array_equal(shown(data, **JP2), RGB)
    opened = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(opened[..., ::-1], RGB)


def test_channels_in_another_order() -> None:
    """The first is blue (15444-1, section I.5.3.6): OpenJPEG puts them in order."""
    swapped = struct.pack(">10H", 3, 0, 0, 3, 1, 0, 2, 2, 0, 1)
    data = with_header(saved(RGB, "JPEG2000"), boxed(b"cdef", swapped))
    assert np.array_equal(shown(data, **JP2), RGB[..., ::-1])
