"""PngSuite (Willem van Schaik; free to use and copy): valid files exact, corrupt ones refused.

Debian's golang-src carries 36 of the files, each with its pixels stated as text by the `sng`
tool. A folder with all of them may be named by IMGMIDDLEWARE_PNGSUITE; libvips is then the reference.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import ask, shown
from files import png_chunks
from parts import need

STATED: Path = need("PngSuite")
FILES = sorted(STATED.glob("*.png"))
WHOLE = sorted(Path(os.environ.get("IMGMIDDLEWARE_PNGSUITE", "/nonexistent")).glob("*.png"))


# --- What the text says ---------------------------------------------------------------------------


def numbers(text: str, section: str) -> list[int]:
    """All numbers of a section, without its comments."""
    found = re.search(rf"^{section} {{(.*?)}}", text, re.DOTALL | re.MULTILINE)
    return [int(n) for n in re.findall(r"\d+", re.sub(r"#.*", "", found[1]))] if found else []


def samples(text: str, bits: int, width: int, height: int) -> Any:
    """The hexadecimal digits of IMAGE, as (height, width, channels)."""
    body = text.partition("pixels hex")[2].partition("}")[0]
    rows = [bytes.fromhex(line) for line in body.strip().splitlines()]
    if bits < 8:
        return np.array(
            [
                [
                    (byte >> shift) & ((1 << bits) - 1)
                    for byte in row
                    for shift in range(8 - bits, -1, -bits)
                ]
                for row in rows
            ]
        )[:, :width, None]
    whole = np.frombuffer(b"".join(rows), ">u2" if bits == 16 else "u1")
    return whole.reshape(height, width, -1).astype(int)


def stated(path: Path, *, exact: bool = False) -> Any:
    """RGBA, 8 bits, as the text of the file states them; 16 bits rounded to the nearest of 256,
    unless they are to be `exact`.
    """
    text = path.with_suffix(".sng").read_text()
    width, height, bits = numbers(text, "IHDR")[:3]
    clear = numbers(text, "tRNS")
    pixels = samples(text, bits, width, height)
    if "palette" in text:
        palette = np.array(numbers(text, "PLTE")).reshape(-1, 3)
        alpha = np.array([*clear, *[255] * (len(palette) - len(clear))])
        index = pixels[..., 0]
        return np.dstack((palette[index], alpha[index]))
    alpha = np.full((height, width, 1), (1 << bits) - 1)
    if pixels.shape[2] in (2, 4):
        pixels, alpha = pixels[..., :-1], pixels[..., -1:]
    elif clear:
        alpha = np.where((pixels == clear).all(axis=2, keepdims=True), 0, alpha)
    colors = np.broadcast_to(pixels, (height, width, 3))
    found = np.dstack((colors, alpha)) / ((1 << bits) - 1) * 255
    return found if exact else np.rint(found).astype(int)


def test_there_are_as_many() -> None:
    assert len(FILES) >= 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_valid_files_are_exact_to_their_stated_pixels(path: Path) -> None:
    """Without their gAMA, which says of most that they are linear."""
    expected = stated(path)
    result = shown(built(chunks(path.read_bytes()), without=b"gAMA"), mode="RGBA")
    seen = expected[..., 3] > 0  # the colour under nothing is nobody's
    assert np.array_equal(result[..., 3], expected[..., 3])
    assert np.array_equal(result[seen], expected[seen])


LINEAR = [path for path in FILES if b"gAMA\0\1\x86\xa0" in path.read_bytes()]


@pytest.mark.parametrize("path", LINEAR, ids=lambda path: path.stem)
def test_their_gamma_is_applied(path: Path) -> None:
    """By arithmetic: light is the sample to the power of 1 / gAMA, and has sRGB's curve then."""
    light = stated(path, exact=True) / 255
    linear = light[..., :3]
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    result = shown(path.read_bytes(), mode="RGBA")
    seen = light[..., 3] > 0
    assert np.abs(result[..., :3] - 255 * curved)[seen].max() <= 1.6


# --- What the suite calls corrupt -----------------------------------------------------------------


def chunks(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for kind, body in png_chunks(data):
        found[kind] = found.get(kind, b"") + body
    return found


def built(parts: dict[bytes, bytes], wrong: bytes = b"", without: bytes = b"") -> bytes:
    """A PNG of these chunks; that of the kind `wrong` has a checksum that does not fit."""
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts.items():
        if kind == without:
            continue
        crc = zlib.crc32(kind + body) ^ (kind == wrong)
        data += struct.pack(">L", len(body)) + kind + body + struct.pack(">L", crc)
    return data


def corrupt(name: str) -> bytes:
    """The files whose names begin with x, made of the valid ones as the suite describes them."""
    gray, color = ((STATED / f"{stem}.png").read_bytes() for stem in ("basn0g08", "basn2c08"))
    parts = chunks(gray)
    header = parts[b"IHDR"]
    made = {
        "xs1: signature without its highest bit": b"\x09" + gray[1:],
        "xs2: signature with an n for the N": gray[:2] + b"n" + gray[3:],
        "xs4: signature in lower case": gray[:1] + b"png" + gray[4:],
        "xs7: signature with a space": gray[:1] + b" " + gray[2:],
        "xcr: a CR before each LF": gray.replace(b"\n", b"\r\n"),
        "xlf: CR LF made LF": gray.replace(b"\r\n", b"\n"),
        "xhd: checksum of IHDR": built(parts, wrong=b"IHDR"),
        "xcs: checksum of IDAT": built(parts, wrong=b"IDAT"),
        "xdt: no IDAT": built({k: v for k, v in parts.items() if k != b"IDAT"}),
        "xc1: colour type 1": built({**parts, b"IHDR": header[:9] + b"\1" + header[10:]}),
        "xc9: colour type 9": built({**parts, b"IHDR": header[:9] + b"\x09" + header[10:]}),
    }
    deep = chunks(color)
    head = deep[b"IHDR"]
    for bits in (0, 3, 99):
        made[f"xd: bit depth {bits}"] = built(
            {**deep, b"IHDR": head[:8] + bytes([bits]) + head[9:]}
        )
    return made[name]


CORRUPT = [
    "xs1: signature without its highest bit",
    "xs2: signature with an n for the N",
    "xs4: signature in lower case",
    "xs7: signature with a space",
    "xcr: a CR before each LF",
    "xlf: CR LF made LF",
    "xhd: checksum of IHDR",
    "xcs: checksum of IDAT",
    "xdt: no IDAT",
    "xc1: colour type 1",
    "xc9: colour type 9",
    "xd: bit depth 0",
    "xd: bit depth 3",
    "xd: bit depth 99",
]


@pytest.mark.parametrize("name", CORRUPT)
def test_corrupt_files_are_refused(name: str) -> None:
    assert ask(corrupt(name)).status in (415, 422)


def test_the_valid_chunks_alone_are_a_picture() -> None:
    parts = chunks((STATED / "basn0g08.png").read_bytes())
    assert ask(built(parts)).status == 200


# --- The whole suite, where somebody has it -------------------------------------------------------


@pytest.mark.skipif(not WHOLE, reason="IMGMIDDLEWARE_PNGSUITE names no folder with PngSuite in it")
def test_the_whole_suite() -> None:
    """Exact to libvips, its 16 bits rounded: Pillow cuts them, and misses a tRNS of 4-bit gray."""
    from tests.matrix.test_matrix import by_vips, distance, seen

    assert len(WHOLE) > 150
    for path in WHOLE:
        data = path.read_bytes()
        if path.name.startswith("x"):
            assert ask(data).status in (415, 422), path.name
        else:
            plain = built(chunks(data), without=b"gAMA")  # which libvips does not apply
            assert distance(seen(plain), by_vips(plain)) == 0, path.name
