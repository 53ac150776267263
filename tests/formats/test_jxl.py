"""JPEG XL headers written bit by bit, as ISO/IEC 18181-1 sections D.2 and D.3 have them."""

from __future__ import annotations

import struct

import pytest

from files import box
from imgmiddleware.formats.probe import read_exif, read_profile, vet
from originals import probe, refusal, survive


@pytest.fixture(autouse=True)
def decodable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its decoder comes with an extra, which reading headers does without."""
    monkeypatch.setattr("imgmiddleware.formats.probe.find_spec", lambda name: name)


def u(value: int, bits: int) -> str:
    """The lowest bit first."""
    return f"{value:0{bits}b}"[::-1] if bits else ""


def side(value: int, picked: int = 2) -> str:
    bits = (9, 13, 18, 30)[picked]
    return u(picked, 2) + u(value - 1, bits)


def channel(kind: int = 0, name: int = 0, associated: int = 0) -> str:
    """One that is not as usual: a kind as an Enum, 8 bits, no shift."""
    text = "0" + (u(kind, 2) if kind < 2 else u(2, 2) + u(kind - 2, 4)) + "0" + u(0, 2) + u(0, 2)
    text += u(1, 2) + u(name, 4) + u(0x41, 8) * name if name else u(0, 2)
    return text + (
        str(associated) if kind == 0 else "0" * 64 if kind == 2 else u(0, 2) if kind == 5 else ""
    )


def jxl(
    size: str = "0" + side(31) + u(0, 3) + side(45), *, orientation: int = 0, extra: str = "",
    depth: str = "0" + u(0, 2), channels: tuple[str, ...] = (), space: int | None = None, usual: bool = False,
) -> bytes:  # fmt: skip
    """SizeHeader and ImageMetadata; `extra` are the flags and headers behind the orientation."""
    text = size
    if usual:
        text += "1"
    else:
        text += "0"
        text += "1" + u(orientation - 1, 3) + (extra or "000") if orientation else "0"
        text += depth + "1"
        count = len(channels)
        text += u(count, 2) if count < 2 else u(2, 2) + u(count - 2, 4)
        text += "".join(channels) + "1"
        text += "1" if space is None else "00" + u(space, 2)
    text += "0" * (-len(text) % 8)
    body = bytes(int(text[at : at + 8][::-1], 2) for at in range(0, len(text), 8))
    return b"\xff\x0a" + body + bytes(40)


def boxed(*boxes: bytes) -> bytes:
    return b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(boxes)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("0" + side(31) + u(0, 3) + side(45), (45, 31)),
        ("0" + side(200, 0) + u(0, 3) + side(70000, 3), (70000, 200)),
        ("1" + u(5, 5) + u(0, 3) + u(7, 5), (64, 48)),
        ("0" + side(480) + u(1, 3), (480, 480)),
        ("0" + side(480) + u(2, 3), (576, 480)),
        ("0" + side(481) + u(3, 3), (641, 481)),
        ("0" + side(480) + u(4, 3), (720, 480)),
        ("0" + side(1080) + u(5, 3), (1920, 1080)),
        ("0" + side(480) + u(6, 3), (600, 480)),
        ("0" + side(480) + u(7, 3), (960, 480)),
    ],
)  # fmt: skip
def test_size(size: str, expected: tuple[int, int]) -> None:
    for data in (jxl(size), jxl(size, usual=True)):
        facts = probe(data)
        assert (facts.format, facts.width, facts.height) == ("jxl", *expected)
        assert (facts.orientation, facts.alpha, facts.depth, facts.color) == (1, False, 8, "rgb")


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation(value: int) -> None:
    facts = probe(jxl(orientation=value))
    assert facts.orientation == value
    assert facts.upright == ((31, 45) if value >= 5 else (45, 31))


PREVIEW = "0" + "1" + "0" + u(0, 2) + u(9, 6) + u(0, 3) + u(0, 2) + u(9, 6) + "0"
PREVIEW_IN_EIGHTHS = "0" + "1" + "1" + u(0, 2) + u(1, 3) + "0"
ANIMATION = "001" + u(0, 2) + u(0, 2) + u(0, 2) + "0"
INTRINSIC = "1" + "0" + side(31) + u(0, 3) + side(45) + "00"


@pytest.mark.parametrize("extra", [PREVIEW, PREVIEW_IN_EIGHTHS, INTRINSIC])
def test_what_may_stand_between(extra: str) -> None:
    facts = probe(jxl(orientation=6, extra=extra, channels=("1",), space=1))
    assert (facts.orientation, facts.alpha, facts.color, facts.frames) == (6, True, "gray", 1)


@pytest.mark.parametrize(
    ("channels", "alpha"),
    [((), False), (("1",), True), ((channel(1),), False), ((channel(2, 3), channel(5), channel(0)), True)],
)  # fmt: skip
def test_channels(channels: tuple[str, ...], alpha: bool) -> None:
    facts = probe(jxl(channels=channels, space=0))
    assert (facts.alpha, facts.color) == (alpha, "rgb")


@pytest.mark.parametrize(
    ("depth", "bits"),
    [("0" + u(0, 2), 8), ("0" + u(1, 2), 16), ("0" + u(3, 2) + u(15, 6), 16), ("1" + u(1, 2) + u(4, 4), 16)],
)  # fmt: skip
def test_depth(depth: str, bits: int) -> None:
    """Only gray without alpha comes in 16 bits."""
    assert probe(jxl(depth=depth, space=1)).depth == bits
    assert probe(jxl(depth=depth, space=0)).depth == 8


def test_only_the_codestream_reaches_the_decoder() -> None:
    """No JPEG that is to be made anew, and no metadata that inflates."""
    plain = jxl(orientation=6)
    tag = struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, 315, 2, 4, 0x434241) + bytes(4)
    parts = (box(b"jxlp", bytes(4), plain[:5]), box(b"jbrd", bytes(99)), box(b"Exif", bytes(4), tag),
             box(b"brob", b"xml ", bytes(50)), box(b"jxlp", b"\x80\0\0\1", plain[5:]))  # fmt: skip
    for data in (boxed(*parts), boxed(box(b"jxlc", plain), *parts[1:4])):
        facts = probe(data)
        assert facts.orientation == 6
        assert bytes(vet(data, facts)) == plain
        assert read_exif(data, facts).picture[315].raw == b"ABC\0"
        assert read_profile(data, facts) is None
    assert vet(plain, probe(plain)) is plain
    assert not read_exif(plain, probe(plain))


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("damaged-original", jxl()[:6]),
        ("unsupported-feature", jxl(channels=(channel(4),))),
        ("unsupported-feature", jxl(channels=(channel(0, associated=1),))),
        ("unsupported-feature", jxl(channels=("1",) * 17)),
        ("unsupported-feature", jxl(orientation=1, extra=ANIMATION)),
        ("damaged-original", boxed()),
        ("damaged-original", boxed(box(b"jxlp", b"\0"))),
        ("damaged-original", boxed(box(b"jxlc", b"junk"))),
    ],
)
def test_refusals(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_broken_copies() -> None:
    assert survive(boxed(box(b"jxlc", jxl(orientation=6, channels=("1",))))) > 50
