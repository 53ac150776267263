"""HEIC containers around parameter sets written bit by bit, as ITU-T H.265 section 7.3 has them.

Nothing here decodes: what decoders make of such files is tested where their extra is installed.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from files import AvifItem, avif, box, ispe
from imgmiddleware.formats.probe import read_exif, read_profile, vet
from originals import probe, refusal, survive
from pictures import SRGB


@pytest.fixture(autouse=True)
def decodable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its decoder comes with an extra, which reading headers does without."""
    monkeypatch.setattr("imgmiddleware.formats.probe.find_spec", lambda name: name)


ALPHA = box(b"auxC", bytes(4), b"urn:mpeg:hevc:2015:auxid:1\0")
#: VPS and PPS, which only decoders read.
VIDEO, PICTURE = b"\x40\x01" + bytes(8), b"\x44\x01" + bytes(4)


def golomb(value: int) -> str:
    """ue(v): as many zeros as there are bits behind the first one."""
    text = f"{value + 1:b}"
    return "0" * (len(text) - 1) + text


def unit(bits: str, kind: int = 33) -> bytes:
    """A unit with its header, padded, and with emulation prevention."""
    bits += "1" + "0" * (-len(bits) - 1 & 7)
    raw = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    safe = bytearray()
    for byte in raw:
        if safe[-2:] == b"\0\0" and byte < 4:
            safe.append(3)
        safe.append(byte)
    return bytes([kind << 1, 1]) + bytes(safe)


def sequence(
    width: int, height: int, chroma: int = 1, bits: int = 8, *, layers: int = 0,
    window: tuple[int, int, int, int] | None = None, chroma_bits: int = 0,
) -> bytes:  # fmt: skip
    """A sequence parameter set; `window` is cut off left, right, above and below."""
    text = "0000" + f"{layers:03b}" + "1" + "01" * 44 + "01011101"
    text += "10" * layers + "00" * (8 - layers if layers else 0) + "01" * 44 * layers
    text += golomb(0) + golomb(chroma) + ("0" if chroma == 3 else "")
    text += golomb(width) + golomb(height)
    text += "1" + "".join(map(golomb, window)) if window else "0"
    return unit(text + golomb(bits - 8) + golomb((chroma_bits or bits) - 8) + "0101")


def config(*units: bytes, wide: int = 4, kinds: tuple[int, ...] = ()) -> bytes:
    """'hvcC' (ISO/IEC 14496-15, section 8.3.3.1)."""
    lists = b""
    for number, part in enumerate(units):
        kind = kinds[number] if kinds else part[0] >> 1
        lists += struct.pack(">BHH", kind, 1, len(part)) + part
    return box(b"hvcC", b"\1" + bytes(20) + bytes([0xFC | (wide - 1), len(units)]) + lists)


def sliced(size: int = 40, first: bool = True, kind: int = 19) -> bytes:
    """A slice of a picture with its length before it; nothing in it can be decoded."""
    body = bytes([kind << 1, 1, 0x80 if first else 0]) + bytes(size)
    return struct.pack(">L", len(body)) + body


def coded(
    width: int, height: int, *more: bytes, claims: tuple[int, int] | None = None, **options: int
) -> AvifItem:
    sets = config(VIDEO, sequence(width, height, **options), PICTURE)
    return AvifItem(sliced(), (ispe(*(claims or (width, height))), sets, *more), b"hvc1")


def heic(*items: AvifItem) -> bytes:
    return avif(list(items), brand=b"heic")


def grid(rows: int, columns: int, width: int, height: int, *tiles: int) -> AvifItem:
    data = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    return AvifItem(data, (ispe(width, height),), b"grid", ((b"dimg", tiles),), in_idat=True)


def clap(width: int, height: int, by: int = 1) -> bytes:
    return box(b"clap", struct.pack(">8L", width, by, height, 1, 0, 1, 0, 1))


SMALL = coded(64, 48)


@pytest.mark.parametrize("layers", [0, 1, 6])
@pytest.mark.parametrize(
    ("chroma", "color", "samples"), [(0, "gray", 1), (1, "rgb", 1.5), (2, "rgb", 2), (3, "rgb", 3)]
)
def test_facts(chroma: int, color: str, samples: float, layers: int) -> None:
    facts = probe(heic(coded(640, 480, chroma=chroma, layers=layers)))
    assert (facts.format, facts.width, facts.height, facts.color) == ("heic", 640, 480, color)
    assert (facts.bits, facts.depth, facts.alpha, facts.frames) == (8, 8, False, 1)
    output = 1 if chroma == 0 else 3
    assert facts.decode_bytes == 640 * 480 * (output + 3 * samples) + len(sliced()) + 4 * 2**20


@pytest.mark.parametrize(("bits", "depth"), [(8, 8), (10, 16), (12, 16)])
def test_depth(bits: int, depth: int) -> None:
    facts = probe(heic(coded(64, 48, bits=bits)))
    assert (facts.bits, facts.depth) == (bits, depth)


def test_what_is_cut_off_the_coded_picture() -> None:
    """In steps of two samples where chroma has half of them: 4032 x 3024 is coded as 4032 x 3040."""
    cut = config(sequence(64, 64, window=(0, 9, 0, 16)))
    facts = probe(heic(AvifItem(sliced(), (ispe(46, 32), cut), b"hvc1")))
    assert (facts.width, facts.height) == (46, 32)
    assert facts.decode_bytes > 64 * 64 * 4.5  # its planes are of all that is coded


def test_a_clean_aperture_is_what_is_shown() -> None:
    facts = probe(heic(coded(64, 48, clap(45, 31))))
    assert (facts.width, facts.height) == (45, 31)
    facts = probe(heic(coded(64, 48, clap(90, 31, by=2), box(b"irot", b"\1"))))
    assert (facts.width, facts.height, facts.upright) == (45, 31, (31, 45))


@pytest.mark.parametrize(
    ("turns", "axis", "orientation"),
    [(0, None, 1), (1, None, 8), (2, None, 3), (3, None, 6), (0, 0, 4), (0, 1, 2), (1, 0, 5), (1, 1, 7)],
)  # fmt: skip
def test_irot_and_imir(turns: int, axis: int | None, orientation: int) -> None:
    """irot is anti-clockwise: one turn is EXIF's 8; then imir, 0 top to bottom, 1 left to right."""
    boxes = [box(b"irot", bytes([turns]))] + ([] if axis is None else [box(b"imir", bytes([axis]))])
    assert probe(heic(coded(64, 48, *boxes))).orientation == orientation


def test_grid() -> None:
    facts = probe(heic(grid(2, 3, 180, 90, 2, 3, 4, 5, 6, 7), *[SMALL] * 6))
    assert (facts.width, facts.height) == (180, 90)


def test_alpha() -> None:
    alpha = replace(coded(64, 48, ALPHA, chroma=0), references=((b"auxl", (1,)),))
    assert probe(heic(SMALL, alpha)).alpha
    assert not probe(heic(SMALL, replace(alpha, references=((b"thmb", (1,)),)))).alpha


def test_profile_and_exif() -> None:
    tag = struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, 315, 2, 4, 0x434241) + bytes(4)
    block = AvifItem(bytes(4) + tag, (), b"Exif", ((b"cdsc", (1,)),))
    data = heic(coded(64, 48, box(b"colr", b"prof", SRGB)), block)
    facts = probe(data)
    assert read_profile(data, facts) == SRGB
    assert read_exif(data, facts).picture[315].raw == b"ABC\0"
    assert vet(data, facts) is data


WIDE = sequence(112, 48)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("", heic(SMALL)),
        ("", avif([SMALL], brand=b"mif1").replace(b"mif1mif1", b"mif1heic")),
        ("damaged-original", heic(SMALL)[:200]),
        ("damaged-original", heic(SMALL)[:-1]),
        ("damaged-original", heic(coded(112, 48, claims=(64, 48)))),
        ("damaged-original", heic(coded(64, 48, claims=(63, 48)))),
        # A second size, in the configuration under another name, or among the picture's own units.
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(sequence(64, 48), WIDE, kinds=(33, 39))), b"hvc1"))),
        ("damaged-original", heic(replace(SMALL, data=struct.pack(">L", len(WIDE)) + WIDE + sliced()))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48),), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(VIDEO, PICTURE)), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), box(b"hvcC", b"\1" + bytes(9))), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(sequence(64, 48))[:-9]), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(*[VIDEO] * 20, sequence(64, 48))), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(sequence(64, 48)[:12])), b"hvc1"))),
        ("damaged-original", heic(AvifItem(sliced(), (ispe(64, 48), config(unit("0" * 400))), b"hvc1"))),
        ("damaged-original", heic(replace(SMALL, data=b""))),
        ("damaged-original", heic(replace(SMALL, data=sliced() * 2))),  # two pictures
        ("damaged-original", heic(replace(SMALL, data=sliced(first=False)))),
        ("damaged-original", heic(replace(SMALL, data=sliced()[:-1]))),
        ("damaged-original", heic(replace(SMALL, data=sliced() + sliced(1, kind=39) * 1100))),
        ("", heic(replace(SMALL, data=sliced() + sliced(first=False) * 100))),
        ("damaged-original", heic(coded(64, 48, clap(65, 48)))),
        ("", heic(coded(64, 48, clap(45, 31, by=2)))),
        ("damaged-original", heic(coded(64, 48, clap(0, 31)))),
        ("unsupported-feature", heic(coded(64, 48, bits=9))),
        ("unsupported-feature", heic(coded(64, 48, bits=10, chroma_bits=8))),
        ("unsupported-feature", heic(coded(64, 48, chroma=4))),
        ("unsupported-feature", heic(SMALL, replace(coded(64, 48, ALPHA, bits=10), references=((b"auxl", (1,)),)))),
        ("damaged-original", heic(SMALL, replace(coded(32, 48, ALPHA), references=((b"auxl", (1,)),)))),
        ("damaged-original", heic(grid(1, 2, 128, 48, 2), SMALL)),
        ("", heic(SMALL, coded(528, 512))),
        ("", heic(SMALL, replace(coded(32, 48, claims=(9, 9)), references=((b"thmb", (1,)),)))),
        ("unsupported-feature", heic(replace(SMALL, kind=b"hev1"))),
        ("unknown-format", avif([SMALL], brand=b"hevc")),
    ],
)  # fmt: skip
def test_structure(code: str, data: bytes) -> None:
    assert refusal(data) == code


def test_broken_copies() -> None:
    alpha = replace(coded(64, 48, ALPHA), references=((b"auxl", (1,)),))
    assert survive(heic(SMALL, alpha)) > 100
