"""What damage is found in which format: the tables in docs/damage.md and originals.md, held to the code."""

from __future__ import annotations

import io
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import ask, get, serving
from files import chunk
from imgmiddleware.settings import ORIGINAL_FORMATS, UNSAFE_FORMATS
from measuring import resident
from native import choose
from originals import cut, flipped
from pictures import by_opencv, moving, photo_like, saved, swapped_profile
from rasters import bmp, tif
from tiffs import coded_tiff

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "".join((DOCS / name).read_text() for name in ("originals.md", "damage.md"))
PHOTO = Image.fromarray(photo_like(320, 240))

#: A share of refusals for each word of the table.
WORDS = {
    "always": (1, 1),
    "mostly": (0.8, 1),
    "sometimes": (0.2, 0.8),
    "rarely": (0, 0.2),
    "never": (0, 0),
}

KINDS = {
    "jpeg": ("JPEG", {"quality": 85}),
    "jpeg, progressive": ("JPEG", {"quality": 85, "progressive": True}),
    "png": ("PNG", {}),
    "webp, lossy": ("WEBP", {"quality": 80}),
    "webp, lossless": ("WEBP", {"lossless": True}),
    "avif": ("AVIF", {"quality": 70}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
    "tiff, plain": ("TIFF", {}),
    "tiff, lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff, deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff, deflate with predictor": (
        "TIFF",
        {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}},
    ),
    "tiff, packbits": ("TIFF", {"compression": "packbits"}),
    "tiff, jpeg": ("TIFF", {"compression": "jpeg"}),
}


def rows(name: str) -> Iterator[list[str]]:
    table = TEXT.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        yield [cell.strip() for cell in row.strip("|").split("|")]


def sample(kind: str) -> bytes:
    format, options = KINDS[kind]
    image = PHOTO.quantize(64) if format == "GIF" else PHOTO
    return saved(image, format, **options)


def share(damaged: list[bytes]) -> float:
    statuses = [ask(data, "w=80").status for data in damaged]
    assert set(statuses) <= {200, 415, 422}
    return sum(status != 200 for status in statuses) / len(statuses)


def shortened(data: bytes) -> list[bytes]:
    """At ten places, and lacking the last few bytes, which is where a hurried copy ends."""
    return [*cut(data), data[:-2], data[:-8], data[:-40]]


def overwritten(data: bytes) -> list[bytes]:
    """64 bytes of noise at 40 places behind the header."""
    source = random.Random(3)
    results = []
    for _ in range(40):
        at = source.randrange(len(data) // 5, len(data) * 9 // 10)
        results.append(data[:at] + source.randbytes(64) + data[at + 64 :])
    return results


@pytest.mark.parametrize(("kind", "cutting", "writing"), list(rows("damage-table")))
def test_the_damage_table(
    kind: str, cutting: str, writing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "jpeg" in kind:
        choose(monkeypatch, "simplejpeg", True)
    data = sample(kind)
    assert ask(data, "w=80").status == 200
    # Of a JPEG the last two bytes say that it ends, and nothing else.
    short = [each for each in shortened(data) if not kind.startswith("jpeg") or each != data[:-2]]
    for damaged, word in ((short, cutting), (overwritten(data), writing)):
        least, most = WORDS[word]
        assert least <= share(damaged) <= most, word


def test_the_tables_know_every_format() -> None:
    assert {row[0] for row in rows("damage-table")} == set(KINDS)
    assert {row[0].strip("`") for row in rows("formats-table")} == ORIGINAL_FORMATS
    assert {row[0].strip("`") for row in rows("unsafe-table")} == UNSAFE_FORMATS


# --- Every kind there is: a picture or a refusal, and never anything else -------------------------

SMALL = PHOTO.resize((96, 72))
ARRAY = np.asarray(SMALL)
MOVING = [Image.fromarray(np.roll(ARRAY, 9 * i, 1)) for i in range(3)]


DEEP = ARRAY.astype(np.uint16) * 257
FLOATS = (ARRAY / 255).astype(np.float32)
STILL, MOVES, PAGE = ("w=40",), ("anim=1&fm=webp&w=40", "frame=2&w=40"), ("page=2&w=40", "w=40")

PLAIN_PNG = by_opencv(".png", DEEP)
HDR = PLAIN_PNG[:33] + chunk(b"cICP", bytes((9, 16, 0, 1))) + PLAIN_PNG[33:]
LEVELS = [ARRAY, np.asarray(SMALL.resize((48, 36)))]


def deep_sequence() -> bytes:
    animation = cv2.Animation()
    animation.frames, animation.durations = [DEEP >> 6, DEEP[:, ::-1] >> 6, DEEP >> 6], [90] * 3
    done, data = cv2.imencodeanimation(".avif", animation, (cv2.IMWRITE_AVIF_DEPTH, 10))
    assert done
    return bytes(data.tobytes())


def masked() -> bytes:
    file = io.BytesIO()
    how = {"tile": (48, 64), "compression": "deflate"}
    with tifffile.TiffWriter(file) as writer:
        writer.write(ARRAY, photometric="rgb", **how)
        writer.write(ARRAY[..., 0] > 99, photometric="mask", subfiletype=4, **how)
    return file.getvalue()


#: A file of each kind that the table above has not, and what is asked of it.
OTHERS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "jpeg, gray": (saved(SMALL, "JPEG", "L"), STILL),
    "jpeg, cmyk": (saved(SMALL, "JPEG", "CMYK"), STILL),
    "jpeg, with a profile and EXIF": (
        saved(
            SMALL,
            "JPEG",
            "RGB",
            icc_profile=swapped_profile(),
            exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
        ),
        ("w=40", "w=40&keep=icc,exif"),
    ),
    "jpeg, restart markers": (saved(SMALL, "JPEG", "RGB", restart_marker_blocks=1), STILL),
    "png, 16 bits": (by_opencv(".png", DEEP), ("w=40", "depth=16&w=40")),
    "png, palette": (saved(SMALL, "PNG", "P"), STILL),
    "png, one bit": (saved(SMALL, "PNG", "1"), STILL),
    "png, alpha": (saved(SMALL, "PNG", "LA"), STILL),
    "png, with a profile": (saved(SMALL, "PNG", "RGB", icc_profile=swapped_profile()), STILL),
    "png, animated": (moving(MOVING, "PNG", "RGB"), MOVES),
    "webp, alpha": (saved(SMALL, "WEBP", "RGBA"), STILL),
    "webp, animated": (moving(MOVING, "WEBP", "RGB"), MOVES),
    "webp, animated, lossless": (moving(MOVING, "WEBP", "RGBA", lossless=True), MOVES),
    "avif, alpha": (saved(SMALL, "AVIF", "RGBA"), STILL),
    "avif, 10 bits": (by_opencv(".avif", DEEP >> 6, cv2.IMWRITE_AVIF_DEPTH, 10), STILL),
    "avif, sequence": (moving(MOVING, "AVIF", "RGB"), MOVES),
    "gif, animated": (moving(MOVING, "GIF", "RGB"), MOVES),
    "gif, transparent": (saved(SMALL, "GIF", "P", transparency=3), STILL),
    "bmp, palette": (saved(SMALL, "BMP", "P"), STILL),
    "bmp, one bit": (saved(SMALL, "BMP", "1"), STILL),
    "bmp, alpha": (saved(SMALL, "BMP", "RGBA"), STILL),
    "tiff, 16 bits": (by_opencv(".tiff", DEEP), ("w=40", "depth=16&w=40")),
    "tiff, float": (by_opencv(".tiff", FLOATS), STILL),
    "tiff, cmyk": (saved(SMALL, "TIFF", "CMYK"), STILL),
    "tiff, lab": (saved(SMALL, "TIFF", "LAB"), STILL),
    "tiff, fax": (saved(SMALL, "TIFF", "1", compression="group4"), STILL),
    "tiff, pages": (moving(MOVING, "TIFF", "RGB", compression="tiff_lzw"), PAGE),
    "tiff, big": (saved(SMALL, "TIFF", "RGB", big_tiff=True), STILL),
    "tiff, zstandard": (saved(SMALL, "TIFF", "RGB", compression="zstd"), STILL),
    "tiff, lzma": (saved(SMALL, "TIFF", "RGB", compression="lzma"), STILL),
    "tiff, webp": (coded_tiff([ARRAY], lambda part: saved(part, "WEBP"), 50001, 2), STILL),
    "tiff, 12 bits": (tif(ARRAY.astype(np.uint16) << 4, 2, 12), STILL),
    "tiff, 32 bits": (tif(DEEP.astype(np.uint32) << 15, 2, compression=8), STILL),
    "tiff, with a sign": (tif(DEEP, 2, t339=[2, 2, 2]), STILL),
    "tiff, floats in tiles": (tif(FLOATS, 2, high=48, wide=64, compression=8), STILL),
    "tiff, 16 bits in planes": (tif(DEEP, 2, high=20, planar=True), STILL),
    "tiff, mask": (masked(), ("w=40&fm=png", "w=40")),
    "tiff, big pyramid of jpegs": (
        coded_tiff(LEVELS, lambda part: saved(part, "JPEG"), 7, 6, bigtiff=True),
        ("w=90", "w=20"),
    ),
    "avif, 12 bits": (by_opencv(".avif", DEEP >> 4, cv2.IMWRITE_AVIF_DEPTH, 12), STILL),
    "avif, sequence with alpha": (moving(MOVING, "AVIF", "RGBA"), MOVES),
    "avif, sequence of 10 bits": (deep_sequence(), MOVES),
    "bmp, runs": (
        bmp(
            8,
            b"".join(bytes([96, n]) + b"\0\0" for n in range(72)),
            1,
            size=(96, 72),
            palette=bytes(range(256)) * 4,
        ),
        STILL,
    ),
    "png, hdr": (HDR, STILL),
    "jp2": (saved(SMALL, "JPEG2000", "RGB"), STILL),
    "jp2, 16 bits": (by_opencv(".jp2", DEEP), STILL),
}


def answers(data: bytes, queries: tuple[str, ...]) -> set[int]:
    """The statuses; an exception is a 500, and would end the test."""
    service = serving(data, unsafe_original_formats=UNSAFE_FORMATS - {"jxl"})
    return {get(service, query).status for query in queries}


EVERYTHING = {kind: (sample(kind), STILL) for kind in KINDS} | OTHERS


@pytest.mark.parametrize("kind", EVERYTHING)
def test_every_kind_is_a_picture_or_a_refusal(kind: str) -> None:
    """Cut at ten places, and with a bit flipped at twenty. 400: a page that is no longer there."""
    data, queries = EVERYTHING[kind]
    assert answers(data, queries) == {200}
    for damaged in (*shortened(data), *flipped(data)):
        assert answers(damaged, queries) <= {200, 400, 413, 415, 422}


def test_every_format_is_among_them() -> None:
    names = {kind.partition(",")[0] for kind in EVERYTHING}
    # Those of the extras are damaged in tests/extras.
    assert names == (ORIGINAL_FORMATS | UNSAFE_FORMATS) - {"heic", "jxl"}


def growing(rounds: int) -> int:
    """Bytes by which a process grows over rounds of all damage, after the first two."""
    damaged = [
        (broken, queries)
        for data, queries in EVERYTHING.values()
        for broken in (*shortened(data)[::3], *overwritten(data)[:3], *flipped(data, 3))
    ]
    logging.disable()
    after: list[int] = []
    for _ in range(rounds):
        for data, queries in damaged:
            answers(data, queries)
        after.append(resident())
    return after[-1] - after[1]
