"""JPEG headers against Pillow, and every kind of damage."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from files import resized_jpeg
from imgmiddleware.formats.jpeg import facts as jpeg
from imgmiddleware.formats.probe import read_profile, vet
from originals import Stored, probe, refusal, survive
from pictures import SRGB, exif, noise, saved

PHOTO = saved(noise(), "JPEG")
SOF = PHOTO.index(b"\xff\xc0")


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body


def behind_soi(*segments: bytes) -> bytes:
    return PHOTO[:2] + b"".join(segments) + PHOTO[2:]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 10}]
)
def test_agrees_with_pillow(mode: str, options: dict[str, object]) -> None:
    data = saved(noise(67, 45, mode), "JPEG", **options)
    facts = probe(data)
    with Image.open(io.BytesIO(data)) as image:
        assert (facts.width, facts.height) == image.size
        assert facts.color == {"L": "gray", "RGB": "rgb", "CMYK": "cmyk"}[image.mode]
    assert (facts.format, facts.orientation, facts.alpha, facts.depth) == ("jpeg", 1, False, 8)
    assert vet(data, facts) is data


@pytest.mark.parametrize(("stored", "read"), [(n, n) for n in range(1, 9)] + [(0, 1), (9, 1)])
def test_orientation(stored: int, read: int) -> None:
    facts = probe(saved(noise(), "JPEG", exif=exif(stored)))
    assert facts.orientation == read
    assert facts.upright == ((48, 64) if read > 4 else (64, 48))


def test_only_the_first_exif_segment_counts() -> None:
    first, second = segment(0xE1, exif(6)), segment(0xE1, exif(3))
    assert probe(behind_soi(first, second)).orientation == 6
    assert (
        probe(behind_soi(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), second)).orientation
        == 3
    )


def test_profile_in_several_segments_beside_others() -> None:
    data = saved(noise(), "JPEG", icc_profile=SRGB + bytes(70_000))
    facts = probe(data)
    mixed = data[:2] + segment(0xE2, b"MPF\0" + bytes(40)) + data[2:]
    with Image.open(io.BytesIO(data)) as image:
        assert read_profile(data, facts) == read_profile(mixed, facts) == image.info["icc_profile"]
    assert read_profile(PHOTO, probe(PHOTO)) is None


@pytest.mark.parametrize(
    "parts",
    [[(1, 2)], [(2, 2)], [(1, 2), (2, 3)], [(0, 0)], [(1, 1, b"")]],
    ids=["one missing", "first missing", "totals differ", "none", "empty"],
)
def test_a_broken_profile_is_empty(parts: list[tuple[int, ...]]) -> None:
    bodies = [
        b"ICC_PROFILE\0" + bytes(part[:2]) + (b"x" if len(part) == 2 else b"") for part in parts
    ]
    data = behind_soi(*(segment(0xE2, body) for body in bodies))
    assert read_profile(data, probe(data)) == b""


def test_profile_in_segments_out_of_order() -> None:
    parts = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + text) for n, text in ((2, b"b"), (1, b"a"))
    ]
    data = behind_soi(*parts)
    assert read_profile(data, probe(data)) == b"ab"


def test_an_oversized_profile_is_empty() -> None:
    data = saved(noise(), "JPEG", icc_profile=bytes(5 * 1024 * 1024))
    assert read_profile(data, probe(data)) == b""


def patched(offset: int, value: bytes) -> bytes:
    return PHOTO[: SOF + offset] + value + PHOTO[SOF + offset + len(value) :]


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", behind_soi(b"\xff\xff\xff\xff")),  # fill bytes
        ("", behind_soi(b"\xff\x01", b"\xff\xd0")),  # stand-alone markers
        ("", PHOTO[:-2]),  # no EOI: decodes in full
        ("", PHOTO + bytes(1000)),
        ("", behind_soi(b"\xff" * 100)),
        ("", behind_soi(b"\xff\xfe\x00\x01")),  # a length below 2, of what is stepped over
        ("damaged-original", behind_soi(b"\xff\xdb\x00\x01")),  # and of a table
        ("damaged-original", behind_soi(b"\xff\xfe\xff\xff")[:3000]),  # beyond the end
        ("", behind_soi(segment(0xFE, b""), b"\x00")),  # bytes of no segment
        ("damaged-original", PHOTO[:20] + bytes(3000)),
        ("damaged-original", behind_soi(b"\xff\xd8")),
        ("damaged-original", behind_soi(b"\xff\xd9")),
        ("damaged-original", behind_soi(*[segment(0xFE, b"")] * 1024)),
        ("damaged-original", PHOTO[: SOF + 5]),
        ("damaged-original", PHOTO[:SOF] + PHOTO[SOF : SOF + 19] + PHOTO[SOF:]),  # two frames
        ("damaged-original", PHOTO[:SOF] + PHOTO[SOF + 19 :]),  # none
        ("damaged-original", patched(2, b"\x00\x08")),
        ("damaged-original", patched(7, b"\0\0")),  # no width
        ("damaged-original", patched(11, b"\x50")),  # a sampling factor of 5
        ("unsupported-feature", patched(5, b"\0\0")),  # DNL
        ("unsupported-feature", patched(4, b"\x0c")),  # 12 bits
        ("unsupported-feature", patched(1, b"\xc3")),  # lossless
        ("", patched(1, b"\xc9")),  # arithmetic
        ("unsupported-feature", PHOTO[:SOF] + segment(0xC0, b"\x08\0\x30\0\x40\2" + bytes(6)) + PHOTO[SOF + 19 :]),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_flattest_picture_is_plausible(mode: str, progressive: bool) -> None:
    """One bit a code is the least there is: an honest flat picture comes near it and passes."""
    flat = saved(
        Image.new(mode, (300, 200)), "JPEG", optimize=True, quality=1, progressive=progressive
    )
    assert refusal(flat) == ""
    assert refusal(resized_jpeg(flat, 900, 900)) == "damaged-original"


def test_entropy_behind_the_end_does_not_count() -> None:
    wide = resized_jpeg(saved(Image.new("RGB", (64, 48), "red"), "JPEG"), 400, 300)
    assert refusal(wide + bytes(10_000)) == refusal(wide) == "damaged-original"


def test_scans_of_other_pictures_do_not_count() -> None:
    several = saved(noise(), "JPEG", progressive=True)
    assert refusal(several + several * 20) == ""


def test_a_frame_that_was_not_probed() -> None:
    facts = probe(PHOTO)
    with pytest.raises(Exception, match="not the one"):
        vet(resized_jpeg(PHOTO, 32, 32), facts)


def test_reads_little() -> None:
    original = Stored(saved(noise(1000, 1000), "JPEG"))
    jpeg.read(jpeg.Window(original))
    assert original.total <= 16 * 1024


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True, "icc_profile": SRGB, "exif": exif(6)}]
)
def test_survives_damage(options: dict[str, object]) -> None:
    assert survive(saved(noise(), "JPEG", **options)) > 30
