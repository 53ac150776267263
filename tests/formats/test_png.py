"""PNG chunks against Pillow, and every kind of damage."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from files import PNG, chunk, ihdr
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.probe import read_profile, vet
from originals import Stored, probe, refusal, survive
from pictures import SRGB, exif, noise, read_by_opencv, saved

PHOTO = saved(noise(), "PNG")
END = chunk(b"IEND", b"")
ROWS = zlib.compress(b"".join(b"\0" + bytes(range(12)) for _ in range(3)))
DATA = chunk(b"IDAT", ROWS)


@pytest.mark.parametrize(
    ("mode", "options", "color", "alpha", "depth", "bits"),
    [
        ("1", {}, "gray", False, 8, 1),
        ("L", {}, "gray", False, 8, 8),
        ("LA", {}, "gray", True, 8, 8),
        ("P", {}, "rgb", False, 8, 8),
        ("P", {"bits": 4}, "rgb", False, 8, 4),
        ("P", {"transparency": 3}, "rgb", True, 8, 8),
        ("RGB", {}, "rgb", False, 8, 8),
        ("RGB", {"transparency": (1, 2, 3)}, "rgb", True, 8, 8),
        ("RGBA", {}, "rgb", True, 8, 8),
        ("I;16", {}, "gray", False, 16, 16),
    ],
)
def test_agrees_with_pillow(
    mode: str, options: dict[str, object], color: str, alpha: bool, depth: int, bits: int
) -> None:
    picture = (
        noise(53, 31).convert("L").convert("I;16")
        if mode == "I;16"
        else noise(53, 31, "RGBA" if "A" in mode else "RGB").convert(mode)
    )
    data = saved(picture, "PNG", **options)
    facts = probe(data)
    assert (facts.width, facts.height) == Image.open(io.BytesIO(data)).size
    assert (facts.color, facts.alpha, facts.depth, facts.bits) == (color, alpha, depth, bits)
    assert (facts.orientation, facts.frames) == (1, 1)
    pixels = read_by_opencv(vet(data, facts))
    assert pixels is not None
    assert pixels.dtype.itemsize * 8 == depth
    assert facts.decode_bytes >= 2 * pixels.nbytes


@pytest.mark.parametrize(
    ("mode", "value", "samples"), [("L", 7, (7,)), ("RGB", (1, 2, 3), (1, 2, 3))]
)
def test_transparent_sample(mode: str, value: object, samples: tuple[int, ...]) -> None:
    facts = probe(saved(noise(mode=mode), "PNG", transparency=value))
    assert (facts.own.transparent, facts.alpha) == (samples, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_before_and_behind_the_pixels(orientation: int) -> None:
    data = saved(noise(), "PNG", exif=exif(orientation))
    assert Image.open(io.BytesIO(data)).getexif()[274] == orientation
    behind = PHOTO[:-12] + chunk(b"eXIf", exif(orientation)) + END
    assert probe(data).orientation == probe(behind).orientation == orientation


def test_animation() -> None:
    data = saved(noise(), "PNG", save_all=True, append_images=[noise().rotate(180)] * 2)
    facts = probe(data)
    assert facts.frames == Image.open(io.BytesIO(data)).n_frames == 3
    assert np.array_equal(read_by_opencv(vet(data, facts)), read_by_opencv(PHOTO))


def test_vet_hands_on_the_picture_and_nothing_else() -> None:
    assert vet(PHOTO, probe(PHOTO)) is PHOTO
    noisy = (
        PHOTO[:33]
        + chunk(b"tEXt", b"a\0b")
        + PHOTO[33:-12]
        + chunk(b"eXIf", exif(6)[6:])
        + END
        + b"rest"
    )
    assert bytes(vet(noisy, probe(noisy))) == PHOTO
    assert bytes(vet(memoryview(noisy), probe(noisy))) == PHOTO


def test_colours_behind_the_pixels_do_not_count() -> None:
    late = chunk(b"tRNS", bytes(6)) + chunk(b"PLTE", bytes(6))
    data = PHOTO[:-12] + late + END
    assert not probe(data).alpha
    assert bytes(vet(data, probe(data))) == PHOTO


def test_profile() -> None:
    data = saved(noise(), "PNG", icc_profile=SRGB)
    assert read_profile(data, probe(data)) == Image.open(io.BytesIO(data)).info["icc_profile"]
    assert read_profile(PHOTO, probe(PHOTO)) is None
    for body in (
        b"x\0\1" + zlib.compress(SRGB),
        b"x",
        b"x\0\0junk",
        b"x\0\0" + zlib.compress(SRGB)[:-9],
    ):
        broken = PHOTO[:33] + chunk(b"iCCP", body) + PHOTO[33:]
        assert read_profile(broken, probe(broken)) == b""


SMALL = ihdr(4, 3)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", PNG + SMALL + DATA + END),
        ("", PNG + SMALL + DATA + chunk(b"IDAT", b"") + END),
        (
            "",
            PNG
            + ihdr(4, 3, 8, 3)
            + chunk(b"PLTE", bytes(6))
            + chunk(b"tRNS", bytes(9))
            + DATA
            + END,
        ),
        ("damaged-original", PNG + SMALL + DATA),
        ("damaged-original", PNG + SMALL + DATA + END[:-1]),
        ("damaged-original", PNG + SMALL + END),
        ("damaged-original", PNG + SMALL + SMALL + DATA + END),
        ("damaged-original", PNG + SMALL + DATA + chunk(b"tEXt", b"") + DATA + END),
        ("damaged-original", PNG + DATA + END),
        ("damaged-original", PNG + SMALL[:-1] + b"x" + DATA + END),
        ("damaged-original", PNG + chunk(b"IHDR", bytes(12)) + DATA + END),
        ("damaged-original", PNG + ihdr(0, 3) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 4, 2) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 8, 5) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 8, 2, 2) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 8, 3) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 8, 3) + chunk(b"PLTE", bytes(7)) + DATA + END),
        ("damaged-original", PNG + ihdr(4, 3, 8, 0) + chunk(b"PLTE", bytes(6)) + DATA + END),
        ("damaged-original", PNG + SMALL + chunk(b"PLTE", bytes(6)) * 2 + DATA + END),
        ("damaged-original", PNG + SMALL + chunk(b"t\0xt", b"") + DATA + END),
        ("damaged-original", PNG + SMALL + chunk(b"tEXt", b"") * 65536 + DATA + END),
        ("unsupported-feature", PNG + SMALL + chunk(b"ABCD", b"") + DATA + END),
        ("unsupported-feature", PNG + chunk(b"CgBI", bytes(4)) + SMALL + DATA + END),
    ],
)
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


@pytest.mark.parametrize("interlace", [0, 1])
def test_plausibility_is_exact(interlace: int) -> None:
    """A flat picture reaches deflate's best; one row more than it can hold is refused."""
    side = 600
    rows = bytes(side * (1 + side)) if not interlace else bytes(side * side * 2)
    packed = chunk(b"IDAT", zlib.compress(rows, 9))
    assert refusal(PNG + ihdr(side, side, 8, 0, interlace) + packed + END) == ""
    assert refusal(PNG + ihdr(side, 3 * side, 8, 0, interlace) + packed + END) == "damaged-original"


def test_pixels_that_were_not_probed() -> None:
    with pytest.raises(ImageError, match="not the one"):
        vet(PNG + SMALL + DATA + END, probe(PHOTO))


def test_does_not_read_the_pixels() -> None:
    original = Stored(PNG + ihdr(1000, 1000) + chunk(b"IDAT", bytes(3_000_000)) + END)
    from imgmiddleware.formats.probe import read_facts
    from imgmiddleware.formats.registry import FORMATS

    read_facts(original, FORMATS)
    assert original.total < 20_000


@pytest.mark.parametrize("options", [{}, {"icc_profile": SRGB, "exif": exif(6)}])
def test_survives_damage(options: dict[str, object]) -> None:
    assert survive(saved(noise(), "PNG", **options)) > 50
