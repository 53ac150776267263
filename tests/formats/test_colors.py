"""What files state of their colours: read from boxes and chunks that are written here."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ImageCms

from asking import ask, shown
from colors import chrm, cicp, clli, colored_png, flat, gama, mdcv
from files import AvifItem, avif, box, chunk, coded, ispe
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_profile
from imgmiddleware.pixels.codepoints import CodePoints
from originals import probe
from pictures import SRGB, moving, noise, saved

P3 = CodePoints(12, 13)
GRAY = flat(120, np.uint8)
COLOR = flat((200, 50, 50), np.uint8)


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 128))


PROFILE = box(b"colr", b"prof", SRGB)
LIGHT, DARK = box(b"clli", struct.pack(">HH", 600, 0)), box(b"clli", bytes(4))
MASTERING = box(b"mdcv", bytes(16), struct.pack(">LL", 40_000_000, 50))


@pytest.mark.parametrize(
    ("boxes", "points"),
    [
        ((), None),
        ((nclx(12, 13),), P3),
        ((nclx(12, 1),), P3),  # of a camera's curve and sRGB's screens make no difference
        ((nclx(1, 13),), None),
        ((nclx(2, 2),), None),  # unspecified
        ((nclx(99, 77),), None),
        ((nclx(7, 6),), CodePoints(6, 13)),
        ((nclx(9, 16),), CodePoints(9, 16)),
        ((nclx(9, 16), LIGHT), CodePoints(9, 16, 600)),
        ((nclx(9, 16), LIGHT, MASTERING), CodePoints(9, 16, 600)),
        ((nclx(9, 18), DARK, MASTERING), CodePoints(9, 18, 4000)),
        ((nclx(9, 16), MASTERING), CodePoints(9, 16, 4000)),
        ((nclx(9, 13), LIGHT), CodePoints(9, 13)),
        ((nclx(12, 13), PROFILE), None),  # a profile precedes them, wherever it stands
        ((PROFILE, nclx(12, 13)), None),
        ((box(b"colr", b"nclx"),), None),
        ((box(b"colr"),), None),
        ((nclx(9, 16), box(b"clli"), MASTERING), CodePoints(9, 16, 4000)),
    ],
)
def test_avif(boxes: tuple[bytes, ...], points: CodePoints | None) -> None:
    assert probe(avif([coded(64, 64, *boxes)])).points == points


def test_a_grid_that_is_silent_has_the_colours_of_its_first_tile() -> None:
    data = struct.pack(">BBBBHH", 0, 0, 0, 1, 96, 64)

    def grid(*more: bytes) -> AvifItem:
        return AvifItem(data, (ispe(96, 64), *more), b"grid", ((b"dimg", (2, 3)),), in_idat=True)

    tiles = coded(64, 64, nclx(12, 13)), coded(64, 64)
    assert probe(avif([grid(), *tiles])).points == P3
    assert probe(avif([grid(nclx(9, 16)), *tiles])).points == CodePoints(9, 16)
    whole = avif([grid(), coded(64, 64, PROFILE), coded(64, 64)])
    assert read_profile(whole, probe(whole)) == SRGB


def test_a_sequence() -> None:
    data = bytearray(moving([noise(), noise()], "AVIF", duration=50))
    track = data.index(b"nclx", data.index(b"moov"))
    struct.pack_into(">HH", data, track + 4, 12, 13)
    assert probe(bytes(data)).points == P3


@pytest.mark.parametrize(
    ("chunks", "points"),
    [
        ((cicp(12, 13),), P3),
        ((cicp(12, 14),), P3),
        ((cicp(1, 13),), None),
        ((cicp(9, 16), clli(4000), mdcv(1000)), CodePoints(9, 16, 4000)),
        ((cicp(9, 16), clli(0), mdcv(1000)), CodePoints(9, 16, 1000)),
        ((clli(0.5), cicp(9, 18)), CodePoints(9, 18, 0.5)),
        ((cicp(12, 13, 9),), None),  # a matrix is for YCbCr, which PNG is not
        ((cicp(12, 13, 0, 0),), None),  # and the narrow range browsers do not read
        ((chunk(b"cICP", b"\x0c\x0d\0"),), None),
        ((cicp(9, 16), chunk(b"cLLI", b"")), CodePoints(9, 16)),
        ((cicp(2, 16),), None),
    ],
)
def test_png(chunks: tuple[bytes, ...], points: CodePoints | None) -> None:
    assert probe(colored_png(COLOR, *chunks)).points == points


def test_behind_its_pixels_a_png_says_nothing() -> None:
    data = colored_png(COLOR)
    assert probe(data[:-12] + cicp(12, 13) + data[-12:]).points is None


def described(data: bytes) -> tuple[float, ...] | None:
    """x and y of the red of its profile, and its gamma at 0.5, by LittleCMS."""
    profile = read_profile(data, probe(data))
    if not profile:
        return None if profile is None else ()
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    return read.red_primary[1][:2]


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


SRGB_CHUNK = chunk(b"sRGB", b"\0")


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ((gama(45455),), False),
        ((gama(45455), chrm(1)), False),  # as ImageMagick writes of all that is sRGB
        ((gama(47619),), False),  # libpng's twentieth
        ((gama(50000),), True),
        ((gama(100000),), True),
        ((gama(45455), chrm(12)), True),
        ((chrm(12),), False),
        ((gama(100000), SRGB_CHUNK), False),
        ((SRGB_CHUNK, gama(100000)), False),
        ((gama(100000), iccp(SRGB)), True),
    ],
)
def test_gamma(chunks: tuple[bytes, ...], said: bool) -> None:
    assert (described(colored_png(COLOR, *chunks)) is not None) == said


def test_chromaticities_are_those_of_the_profile() -> None:
    """Of the red, adapted to D50: Display P3's own profile has 0.51512, 0.2412, -0.00105."""
    x, y = 0.51512 / 0.75527, 0.2412 / 0.75527
    found = described(colored_png(COLOR, gama(45455), chrm(12)))
    assert found == pytest.approx((x, y), abs=0.0005)


@pytest.mark.parametrize(
    "chunks",
    [(gama(0),), (gama(1),), (gama(2**31),), (gama(100000), chunk(b"cHRM", bytes(32)))],
    ids=["0", "1", "2**31", "no colours"],
)
def test_what_cannot_be_is_left_out_with_a_note(chunks: tuple[bytes, ...]) -> None:
    answer = ask(colored_png(COLOR, *chunks), "fm=png")
    assert (answer.status, answer.header("Image-Notes")) == (200, "profile-ignored")


def test_code_points_in_a_png_precede_its_profile() -> None:
    def shown(*chunks: bytes) -> bytes:
        answer = ask(colored_png(COLOR, *chunks), "fm=png")
        assert answer.header("Image-Notes") is None
        return answer.read()

    assert shown(cicp(12, 13), iccp(SRGB)) == shown(cicp(12, 13)) != shown(iccp(SRGB))
    assert shown(cicp(1, 13), gama(100000)) == shown() != shown(gama(100000))
    assert shown(cicp(1, 2), gama(100000)) == shown(gama(100000))  # 2 is "unspecified"


def with_cicp(profile: bytes, primaries: int, transfer: int) -> bytes:
    """A profile with one more tag, as libjxl writes it of HDR (ICC.1:2022, section 9.2.17)."""
    tag = b"cicp" + bytes((0, 0, 0, 0, primaries, transfer, 0, 1))
    count = int.from_bytes(profile[128:132], "big")
    table, body = bytearray(profile[132 : 132 + 12 * count]), profile[132 + 12 * count :]
    for at in range(4, len(table), 12):
        offset = int.from_bytes(table[at : at + 4], "big") + 12
        table[at : at + 4] = offset.to_bytes(4, "big")
    table += b"cicp" + struct.pack(">LL", len(profile) + 12, len(tag))
    size = struct.pack(">L", len(profile) + 12 + len(tag))
    return size + profile[4:128] + struct.pack(">L", count + 1) + table + body + tag


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_profile_that_says_hdr_by_code_points(transfer: int) -> None:
    profile = with_cicp(CodePoints(9, 13).profile(), 9, transfer)
    ImageCms.ImageCmsProfile(io.BytesIO(profile))  # LittleCMS reads it
    codes = np.random.default_rng(8).integers(0, 65536, (4, 4, 3)).astype(np.uint16)
    said, stated = (colored_png(codes, more) for more in (iccp(profile), cicp(9, transfer)))
    assert np.array_equal(shown(said), shown(stated))
    jpeg = saved(noise(), "JPEG", icc_profile=profile)
    assert ask(jpeg, "fm=png").header("Image-Notes") is None
    plain = iccp(with_cicp(CodePoints(9, 13).profile(), 9, 13))
    assert np.array_equal(shown(colored_png(codes, plain)), shown(colored_png(codes, cicp(9, 13))))


def test_no_byte_of_what_states_colours_refuses_a_picture() -> None:
    """Each in turn is another; checksums fit."""
    chunks = [(b"cICP", bytes((9, 16, 0, 1))), (b"cLLI", bytes(8)), (b"mDCV", bytes(24))]
    chunks += [(b"gAMA", struct.pack(">L", 45455)), (b"cHRM", chrm(12)[8:-4])]
    for number, (kind, body) in enumerate(chunks):
        for at in range(len(body)):
            changed = body[:at] + bytes([body[at] ^ 0xA5]) + body[at + 1 :]
            rest = [chunk(*pair) for pair in chunks[: min(number, 3)]]
            assert ask(colored_png(GRAY, *rest, chunk(kind, changed))).status == 200
    data = avif([coded(64, 64, nclx(9, 16), LIGHT, MASTERING)])
    for kind in (b"nclx", b"clli", b"mdcv"):
        start = data.index(kind) + 4
        for at in range(start, start + (24 if kind == b"mdcv" else 4)):
            changed = data[:at] + bytes([data[at] ^ 0xA5]) + data[at + 1 :]
            assert ask(changed).status == 200


def test_facts_of_all_others_state_none() -> None:
    for format in ("JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        facts: Facts = probe(saved(noise(), format))
        assert facts.points is None
