"""GIF blocks against Pillow, and every kind of damage."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from imgmiddleware.formats.probe import read_profile, vet
from originals import Stored, probe, refusal, survive
from pictures import noise, saved

STILL = saved(noise(), "GIF")
ANIMATION = saved(
    noise(), "GIF", save_all=True, append_images=[noise().rotate(90 * n) for n in (1, 2)]
)
SCREEN = b"GIF89a" + struct.pack("<HHBBB", 3, 2, 0x80, 0, 0) + bytes(6)
CLEAR = b"\x21\xf9\x04\x01\0\0\1\0"
OPAQUE = b"\x21\xf9\x04\x00\0\0\1\0"


def image(left: int = 0, top: int = 0, width: int = 3, height: int = 2, size: int = 2) -> bytes:
    return b"," + struct.pack("<HHHHBB", left, top, width, height, 0, size) + b"\x02D\x01\0"


@pytest.mark.parametrize("data", [STILL, ANIMATION, saved(noise(), "GIF", interlace=1)])
def test_agrees_with_pillow(data: bytes) -> None:
    facts = probe(data)
    with Image.open(io.BytesIO(data)) as picture:
        assert (facts.width, facts.height, facts.frames) == (*picture.size, picture.n_frames)
    assert (facts.color, facts.alpha, facts.orientation) == ("rgb", False, 1)
    assert vet(data, facts) is data
    assert read_profile(data, facts) is None


@pytest.mark.parametrize(
    ("blocks", "alpha"),
    [
        (CLEAR + image(), True),
        (OPAQUE + image(), False),
        (CLEAR + OPAQUE + image(), False),
        (image() + CLEAR + image(), False),
    ],
)
def test_transparency_of_the_first_image(blocks: bytes, alpha: bool) -> None:
    assert probe(SCREEN + blocks + b";").alpha is alpha


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", SCREEN + image() + b";"),
        ("", SCREEN + image(1, 1, 2, 1) + b";"),
        ("", SCREEN + image() + b"," + bytes(3)),  # cut inside its second image
        ("damaged-original", SCREEN + b";"),
        ("damaged-original", SCREEN),
        ("damaged-original", SCREEN[:8]),
        ("damaged-original", SCREEN + b"x"),
        ("damaged-original", SCREEN + image(1, 0) + b";"),
        ("damaged-original", SCREEN + image(0, 0, 3, 3) + b";"),
        ("damaged-original", SCREEN + image(0, 0, 0, 2) + b";"),
        ("damaged-original", SCREEN + image(size=12) + b";"),
        ("damaged-original", SCREEN + image(size=0) + b";"),
        ("damaged-original", b"GIF89a" + bytes(7) + image(0, 0, 0, 0)),
        # a canvas that its file could not fill, around an image that is honest
        (
            "damaged-original",
            b"GIF89a" + struct.pack("<HHBBB", 400, 400, 0, 0, 0) + image() + b";",
        ),
    ],
)
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_the_walk_is_bounded() -> None:
    long = Stored(SCREEN + image() + image() * 100_000)
    from imgmiddleware.formats.probe import read_facts
    from imgmiddleware.formats.registry import FORMATS

    assert 10_000 < read_facts(long, FORMATS).frames < 20_000
    assert long.total < 2_000_000


def test_a_flat_picture_is_plausible() -> None:
    assert refusal(saved(Image.new("P", (4000, 4000)), "GIF")) == ""


def test_survives_damage() -> None:
    assert survive(ANIMATION) >= 10
