"""GIF blocks against Pillow, and every kind of damage."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

import gifs
from asking import refused, shown
from imgmiddleware.formats.compose import seen_frames
from imgmiddleware.formats.probe import read_animation, read_profile, vet
from originals import Stored, probe, refusal, survive
from pictures import noise, opened, saved

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
        ("", SCREEN + image(1, 0) + b";"),  # larger than the screen
        ("", SCREEN + image(0, 0, 3, 3) + b";"),
        ("", SCREEN + bytes(2) + image() + bytes(3)),  # zeros between blocks, and no trailer
        ("", SCREEN + image() + b"x"),
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
    assert survive(ANIMATION) >= 5


# --- As they are in the wild ----------------------------------------------------------------------

TABLE = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 30)]
INDICES = np.random.default_rng(1).integers(0, 4, (5, 7))
PLAIN = gifs.image(INDICES.tolist())
COLORS = np.array(TABLE, np.uint8)[INDICES]


@pytest.mark.parametrize(
    "data",
    [
        gifs.gif((7, 5), TABLE, PLAIN),
        gifs.gif((4, 3), TABLE, PLAIN),
        gifs.gif((0, 0), TABLE, PLAIN),
        gifs.gif((7, 5), TABLE, bytes(1), PLAIN, bytes(4)),
        gifs.gif((7, 5), TABLE, PLAIN, end=bytes(3)),
        gifs.gif((7, 5), TABLE, PLAIN, end=b""),
        gifs.gif((7, 5), TABLE, PLAIN, b"behind an image", PLAIN),
        gifs.gif((7, 5), TABLE, gifs.image(INDICES.tolist(), surplus=[1, 2, 3] * 20)),
    ],
    ids=[
        "plain",
        "larger",
        "no screen",
        "zeros",
        "zeros at the end",
        "no trailer",
        "no block",
        "surplus",
    ],
)
def test_what_is_strangely_written_is_shown(data: bytes) -> None:
    assert np.array_equal(shown(data), COLORS)
    assert np.array_equal(np.asarray(opened(data).convert("RGB")), COLORS)


def test_a_first_image_that_hangs_over_enlarges_the_canvas() -> None:
    """As in Chromium: what it leaves is clear."""
    pixels = shown(
        gifs.gif((4, 3), TABLE, gifs.image(INDICES.tolist(), left=2, top=1)), mode="RGBA"
    )
    assert pixels.shape == (6, 9, 4)
    assert np.array_equal(pixels[1:, 2:, :3], COLORS)
    assert pixels[0, :, 3].max() == pixels[:, :2, 3].max() == 0


def test_a_later_image_that_hangs_over_is_cut() -> None:
    two = gifs.gif((7, 5), TABLE, PLAIN, gifs.image(INDICES.tolist(), left=4, top=2))
    assert shown(two, "frame=2&fm=png").shape == (5, 7, 3)
    assert np.array_equal(shown(two, "frame=2&fm=png")[2:, 4:], COLORS[:3, :3])


def test_what_begins_no_block_ends_an_animation() -> None:
    """As in Chromium, which plays the frames before it."""
    facts = probe(data := gifs.gif((7, 5), TABLE, PLAIN, gifs.image([[1]]), b"junk", PLAIN))
    assert facts.frames == len([*seen_frames(data, facts).frames]) == 2
    assert refusal(gifs.gif((7, 5), TABLE, b"junk", PLAIN)) == "damaged-original"


def test_an_index_beyond_the_table_is_black() -> None:
    """As in Pillow and Chromium."""
    pixels = shown(gifs.gif((7, 5), TABLE[:2], PLAIN))
    assert np.array_equal(pixels, np.where(INDICES[..., None] < 2, COLORS, 0))


def test_codes_of_one_bit() -> None:
    data = gifs.gif((7, 5), TABLE[:2], gifs.image((INDICES & 1).tolist(), size=1))
    assert np.array_equal(shown(data), np.array(TABLE, np.uint8)[INDICES & 1])


def test_data_that_breaks_off_is_damage() -> None:
    short = gifs.image(INDICES.tolist())[:-8] + b"\0"
    assert refused(gifs.gif((7, 5), TABLE, short)) == (422, "damaged-original")


@pytest.mark.parametrize("disposal", [3, 4])
def test_previous_has_two_numbers(disposal: int) -> None:
    small = gifs.image([[0, 0], [0, 0]], left=3, top=2)
    dot = gifs.image([[3]])
    data = gifs.gif(
        (7, 5), TABLE, PLAIN, gifs.control(disposal=disposal), small, gifs.control(), dot
    )
    expected = COLORS.copy()
    expected[0, 0] = TABLE[3]
    assert np.array_equal(shown(data, "frame=3&fm=png"), expected)


@pytest.mark.parametrize(
    ("parts", "plays"),
    [
        ((PLAIN, PLAIN), 1),
        ((gifs.loops(3), PLAIN, PLAIN), 4),
        ((PLAIN, gifs.loops(3), PLAIN), 4),
        ((PLAIN, PLAIN, gifs.loops(0)), 0),
        ((gifs.loops(0), PLAIN, gifs.loops(4), PLAIN, gifs.loops(2, b"ANIMEXTS1.0")), 3),
        ((gifs.loops(3), bytes(2), PLAIN, PLAIN, bytes(1)), 4),
        ((gifs.loops(3), PLAIN, PLAIN, b"!\xff\x0b"), 4),  # cut short
    ],
)
def test_the_last_loop_extension_counts(parts: tuple[bytes, ...], plays: int) -> None:
    data = gifs.gif((7, 5), TABLE, *parts)
    facts = probe(data)
    assert read_animation(data, facts).plays == plays
    assert len([*seen_frames(data, facts).frames]) == 2
