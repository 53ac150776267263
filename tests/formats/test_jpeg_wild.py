"""JPEGs that are whole and strangely wrapped, which Pillow, OpenCV and browsers show."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import native
from asking import ask, refused, shown
from files import half_jpeg_with_end
from imgmiddleware.formats.decode import decode
from jpegs import ARITHMETIC, flat_blocks, joined, parted, segment
from originals import probe
from pictures import SRGB, close, noise, photo_like, quadrants, read_by_opencv, saved

PHOTO = Image.fromarray(photo_like(203, 135))
WHOLE = saved(PHOTO, "JPEG", quality=90)
HEAD, REST = parted(WHOLE)
RESTARTS = saved(PHOTO, "JPEG", quality=90, restart_marker_blocks=4)


def between(stray: bytes, before: int = 1) -> bytes:
    """Bytes that are of no segment, before one of them."""
    head = b"".join(segment(*each) for each in HEAD[:before])
    return b"\xff\xd8" + head + stray + b"".join(segment(*each) for each in HEAD[before:]) + REST


def with_parts(*parts: tuple[int, int], size: int = 200) -> bytes:
    """Parts of a profile: the number of each, and of how many it says that it is."""
    found = [
        (0xE2, b"ICC_PROFILE\0" + bytes(part) + SRGB[at * size : (at + 1) * size])
        for at, part in enumerate(parts)
    ]
    return joined([HEAD[0], *found, *HEAD[1:]], REST)


def scan_of(*numbers: int) -> bytes:
    """First and last coefficient, and bits: what only scans of a progressive JPEG choose."""
    marker, body = HEAD[-1]
    return joined([*HEAD[:-1], (marker, body[:-3] + bytes(numbers))], REST)


def before(marker: bytes, surplus: bytes, data: bytes = WHOLE) -> bytes:
    at = data.rindex(marker)
    return data[:at] + surplus + data[at:]


JFIF, *TABLES = HEAD
ADOBE = b"Adobe\0\x64\0\0\0\0"

WILD = {
    "an EXIF segment a byte too short": between(
        segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0") + b"\0"
    ),
    "junk": between(b"junk"),
    "junk behind the tables": between(b"\0\x12\0", before=len(HEAD) - 2),
    "stuffed": between(b"\xff\0"),
    "a thousand fill bytes": between(b"\xff" * 1000),
    "a kilobyte of zeros": between(bytes(10_000)),
    "APP5 of length 0": between(b"\xff\xe5\0\0"),
    "APP5 of length 1": between(b"\xff\xe5\0\1"),
    "a comment of length 0": between(b"\xff\xfe\0\0"),
    "a comment of length 1": between(b"\xff\xfe\0\1"),
    "profile, numbered from 0": with_parts((0, 3), (1, 3), (2, 3)),
    "profile, a number twice": with_parts((1, 3), (1, 3), (3, 3)),
    "profile, one missing": with_parts((1, 3), (3, 3)),
    "profile, another total": with_parts((1, 3), (2, 2), (3, 3)),
    "profile, empty": with_parts((1, 1), size=0),
    "Adobe's transform 2": joined([(0xEE, ADOBE + b"\2"), *TABLES], REST),
    "scan to 0": scan_of(0, 0, 0),
    "scan to 64": scan_of(0, 64, 0),
    "scan with bits": scan_of(0, 63, 0x11),
    "JFIF 2.0": joined([(0xE0, JFIF[1][:5] + b"\2\0" + JFIF[1][7:]), *TABLES], REST),
    "a byte before the end": before(b"\xff\xd9", b"\x12"),
    "zeros before the end": before(b"\xff\xd9", bytes(300)),
    "stuffed before the end": before(b"\xff\xd9", b"\xff\0" * 40),
    "zeros before a restart": before(b"\xff\xd3", bytes(12), RESTARTS),
    "two bytes before a restart": before(b"\xff\xd3", b"\x12\x34", RESTARTS),
    "no end": WHOLE[:-2],
    "half of an end": WHOLE[:-1],
    "all at once": before(b"\xff\xd9", bytes(5), between(b"junk"))[:-2],
}


@pytest.fixture(params=["simplejpeg", "OpenCV and Pillow"])
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    native.choose(monkeypatch, "simplejpeg", request.param == "simplejpeg")
    return str(request.param)


@pytest.mark.parametrize("name", WILD)
def test_what_is_whole_is_shown(name: str, part: str) -> None:
    if part != "simplejpeg" and not WILD[name].endswith(b"\xff\xd9"):
        return  # the others do not tell a missing end from a missing half
    answer = ask(WILD[name], "fm=png")
    assert answer.status == 200, answer.read()
    assert answer.header("Image-Notes") == ("profile-ignored" if "profile" in name else None)
    if name != "all at once":  # which OpenCV, too, does not show
        assert np.array_equal(read_by_opencv(WILD[name], cv2.IMREAD_COLOR), read_by_opencv(WHOLE))
    assert np.array_equal(shown(WILD[name]), np.asarray(Image.open(io.BytesIO(WHOLE))))


@pytest.mark.parametrize("options", [{"progressive": True}, {"mode": "L"}, {"mode": "CMYK"}])
def test_so_in_other_kinds(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """By simplejpeg: the others do not tell a missing end from a missing half."""
    native.choose(monkeypatch, "simplejpeg", True)
    whole = saved(PHOTO, "JPEG", **options)
    reference = shown(whole)
    head, rest = parted(whole)
    for wild in (
        whole[:-2],
        joined(head[:1], b"stray" + joined(head[1:], rest)[2:]),
        joined([*head[:1], (0xE2, b"ICC_PROFILE\0\0\1x"), *head[1:]], rest),
    ):
        assert np.array_equal(shown(wild), reference)


@pytest.mark.parametrize("progressive", [False, True])
def test_what_lacks_more_than_its_end_is_damaged(progressive: bool) -> None:
    data = saved(PHOTO, "JPEG", progressive=progressive)
    ends = {len(data) - lack for lack in (3, 4, 8, 20)}
    if progressive:  # where a scan ends nobody misses a bit
        ends |= {at for at in range(600, len(data) - 2) if data[at : at + 2] == b"\xff\xda"}
        ends |= {at for at in range(600, len(data) - 2) if data[at : at + 2] == b"\xff\xc4"}
    for end in ends:
        assert refused(data[:end], "w=40") == (422, "damaged-original"), end


def test_damage_beside_a_strange_wrapping_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By simplejpeg: the others show a half with an end."""
    native.choose(monkeypatch, "simplejpeg", True)
    half = half_jpeg_with_end()
    for wild in (
        half[:20] + b"junk" + half[20:],
        before(
            b"\xff\xd9", bytes(range(9)), WHOLE
        ),  # what a decoder leaves that has lost its place
        before(b"\xff\xd3", bytes(range(9)), RESTARTS),
        RESTARTS.replace(b"\xff\xd3", b"\xff\xd4", 1),
    ):
        assert refused(wild) == (422, "damaged-original")


def test_stray_bytes_have_an_end() -> None:
    assert refused(between(b"\xff" * 2**21)) == (422, "damaged-original")


# --- Colours ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("part")
def test_inks_without_adobes_segment_are_inverted_as_with_it() -> None:
    data = saved(noise(64, 48, "CMYK"), "JPEG", quality=95)
    head, rest = parted(data)
    plain = joined([each for each in head if each[0] != 0xEE], rest)
    assert b"Adobe" in data
    assert b"Adobe" not in plain
    pixels = shown(plain)
    assert np.array_equal(pixels, shown(data))
    # Pillow and OpenCV make other colours of inks than we do, but not their negative.
    assert close(pixels.mean(), np.asarray(Image.open(io.BytesIO(plain)).convert("RGB")).mean(), 12)
    assert close(pixels.mean(), read_by_opencv(plain, cv2.IMREAD_COLOR).mean(), 12)


SAMPLINGS = {
    "4:1:0": ((4, 2), (1, 1), (1, 1)),
    "1x3": ((1, 3), (1, 1), (1, 1)),
    "2x2, 2x1, 1x2": ((2, 2), (2, 1), (1, 2)),
    "1x1, 2x1, 1x1": ((1, 1), (2, 1), (1, 1)),
    "1x2, 1x1, 1x2": ((1, 2), (1, 1), (1, 2)),
    "inks, 2x2 and 1x1": ((2, 2), (1, 1), (2, 2), (1, 1)),
    "inks, 1x1 and black 2x1": ((1, 1), (1, 1), (1, 1), (2, 1)),
    "4:4:1": ((1, 4), (1, 1), (1, 1)),
    "4:2:2, as 4x1": ((4, 1), (2, 1), (2, 1)),
}


def sampled(name: str) -> bytes:
    return flat_blocks(
        (100, 70), SAMPLINGS[name], lambda c, x, y: 60 + 40 * c + 13 * x % 50 + 7 * y % 50
    )


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize("name", SAMPLINGS)
def test_every_sampling_is_decoded(name: str) -> None:
    data = sampled(name)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (100, 70)
        expected = np.asarray(image)
    if len(SAMPLINGS[name]) == 4:
        pixels, _ = decoded(data)
        assert np.array_equal(pixels, expected)
    else:
        assert np.array_equal(shown(data), expected)
    assert ask(data, "w=12").status == 200


def decoded(data: bytes) -> Any:
    return decode(data, probe(data), (100, 70))


def test_a_sampling_of_fractions_is_a_kind_that_is_not_decoded() -> None:
    data = flat_blocks((48, 48), ((3, 1), (2, 1), (1, 1)), lambda c, x, y: 100)
    assert refused(data) == (415, "unsupported-feature")


def test_odd_sampling_that_is_cut_short_is_found() -> None:
    assert refused(sampled("4:1:0")[:-20]) == (422, "damaged-original")


# --- Arithmetic coding --------------------------------------------------------------------------


@pytest.mark.usefixtures("part")
def test_arithmetic_coding() -> None:
    huffman = saved(quadrants(16, 8), "JPEG", quality=50, subsampling=0)
    assert np.array_equal(shown(ARITHMETIC), shown(huffman))
    assert close(shown(ARITHMETIC), np.asarray(Image.open(io.BytesIO(ARITHMETIC))), 0)


@pytest.mark.usefixtures("part")
def test_arithmetic_coding_that_is_cut_short() -> None:
    """Its decoder goes on with zeros, so that only the end tells."""
    for short in (ARITHMETIC[:-2], ARITHMETIC[:-10]):
        assert refused(short) == (422, "damaged-original")


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xCB, 0xCF, 0xF7])
def test_lossless_and_hierarchical_are_told_by_name(marker: int) -> None:
    head = [(marker if each == 0xC0 else each, body) for each, body in HEAD]
    answer = ask(joined(head, REST))
    assert answer.status == 415
    assert b"lossless or hierarchical" in answer.read()


def test_a_scan_that_claims_to_begin_behind_the_end_has_no_bytes() -> None:
    """Not fewer than none, as it was told."""
    data = joined(HEAD, b"") + b"\xff\xc4\x00\x14"
    answer = ask(data)
    assert answer.status == 422
    assert b"it has 0" in answer.read()
