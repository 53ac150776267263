"""WebP chunks against Pillow, and every kind of damage."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from imgmiddleware.formats.probe import read_profile, vet
from originals import probe, refusal, survive
from pictures import SRGB, exif, noise, read_by_opencv, saved

LOSSY = saved(noise(), "WEBP")
LOSSLESS = saved(noise(mode="RGBA"), "WEBP", lossless=True)
EXTENDED = saved(noise(mode="RGBA"), "WEBP")
ANIMATION = saved(noise(), "WEBP", save_all=True, append_images=[noise().rotate(180)])


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<L", len(data)) + data + bytes(len(data) & 1) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<L", len(body) + 4) + b"WEBP" + body


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at < len(data):
        size = struct.unpack_from("<L", data, at + 4)[0]
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    return found


def vp8x(flags: int, width: int = 64, height: int = 48) -> tuple[bytes, bytes]:
    return b"VP8X", struct.pack("<L", flags) + (width - 1).to_bytes(3, "little") + (
        height - 1
    ).to_bytes(3, "little")


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


PLAIN = chunks(LOSSY)[0]
FRAME = next(body for kind, body in chunks(ANIMATION) if kind == b"ANMF")


@pytest.mark.parametrize("data", [LOSSY, LOSSLESS, EXTENDED, ANIMATION, saved(noise(1, 3), "WEBP")])
def test_agrees_with_pillow_and_the_decoder(data: bytes) -> None:
    facts = probe(data)
    with Image.open(io.BytesIO(data)) as picture:
        assert (facts.width, facts.height, facts.frames) == (*picture.size, picture.n_frames)
    pixels = read_by_opencv(data)
    assert facts.alpha == (pixels.shape[2] == 4)
    assert facts.decode_bytes >= 2 * pixels.nbytes
    assert vet(data, facts) is data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_with_and_without_prefix(orientation: int) -> None:
    data = saved(noise(), "WEBP", exif=exif(orientation))
    assert Image.open(io.BytesIO(data)).getexif()[274] == orientation
    bare = exif(orientation).removeprefix(b"Exif\0\0")
    for block in (bare, b"Exif\0\0" + bare):
        assert probe(riff(vp8x(0x08), PLAIN, (b"EXIF", block))).orientation == orientation


def test_profile() -> None:
    data = saved(noise(), "WEBP", icc_profile=SRGB)
    assert read_profile(data, probe(data)) == Image.open(io.BytesIO(data)).info["icc_profile"]
    assert read_profile(LOSSY, probe(LOSSY)) is None
    large = riff(vp8x(0x20), (b"ICCP", bytes(5_000_000)), PLAIN)
    assert read_profile(large, probe(large)) == b""


@pytest.mark.parametrize(("flags", "alpha"), [(0x10, True), (0, False)], ids=["flag", "no flag"])
def test_alpha_is_the_flag_of_the_container(flags: int, alpha: bool) -> None:
    data = riff(vp8x(flags), *[part for part in chunks(EXTENDED) if part[0] != b"VP8X"])
    pixels = read_by_opencv(data)
    assert probe(data).alpha == alpha == (pixels.shape[2] == 4)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", riff(vp8x(0), PLAIN)),
        ("", LOSSY + b"rest"),
        ("", riff(vp8x(2), (b"ANMF", FRAME), (b"ANMF", FRAME))),
        ("damaged-original", LOSSY[:-1]),
        ("damaged-original", LOSSY[:20]),
        ("damaged-original", riff((b"EXIF", b"")) + bytes(20)),
        ("damaged-original", riff((b"ABCD", bytes(4)), PLAIN)),
        ("damaged-original", riff((b"VP8 ", bytes(9)))),
        ("damaged-original", patched(LOSSY, 20, bytes([LOSSY[20] | 1]))),  # no key frame
        ("damaged-original", patched(LOSSY, 23, b"\0")),  # no start code
        ("damaged-original", patched(LOSSY, 26, bytes(2))),  # no width
        ("damaged-original", patched(LOSSLESS, 20, b"\0")),
        ("damaged-original", patched(LOSSLESS, 24, b"\xff")),
        ("damaged-original", patched(LOSSY, 16, b"\xff\xff\xff")),  # a chunk beyond the end
        ("damaged-original", riff(vp8x(0))),
        ("damaged-original", riff((b"VP8X", bytes(9)), PLAIN)),
        ("damaged-original", riff(vp8x(0, 65, 48), PLAIN)),
        ("damaged-original", riff(vp8x(0, 64, 49), PLAIN)),
        ("damaged-original", riff(vp8x(2), PLAIN)),
        ("damaged-original", riff(vp8x(0), (b"ANMF", FRAME))),
        ("damaged-original", riff(vp8x(2, 63), (b"ANMF", FRAME))),
        ("damaged-original", riff(vp8x(2), (b"ANMF", patched(FRAME, 0, b"\1")))),
        ("damaged-original", riff(vp8x(2), (b"ANMF", patched(FRAME, 6, b"\1")))),
        ("damaged-original", riff(vp8x(2), (b"ANMF", FRAME[:15]))),
        ("", riff(vp8x(2), (b"ANMF", FRAME[:16] + b"ABCD\0\0\0\0" * 7 + FRAME[16:]))),
        (
            "damaged-original",
            riff(vp8x(2), (b"ANMF", FRAME[:16] + b"ABCD\0\0\0\0" * 8 + FRAME[16:])),
        ),
        ("damaged-original", riff(vp8x(2), (b"ANMF", FRAME[:16] + bytes(8 * 20)))),
        ("damaged-original", riff(vp8x(0), *[(b"ABCD", b"")] * 16384, PLAIN)),
    ],
)
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


@pytest.mark.parametrize("data", [LOSSY, LOSSLESS, EXTENDED, ANIMATION])
def test_survives_damage(data: bytes) -> None:
    assert survive(data, 100) > 20
