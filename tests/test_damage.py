"""What damage is found in which format: the table in docs/originals.md, held to the code."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.settings import ORIGINAL_FORMATS, UNSAFE_FORMATS
from pictures import photo_like

TEXT = (Path(__file__).parents[1] / "docs" / "originals.md").read_text()
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
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def status(data: bytes) -> int:
    answer = ImageService(lambda id: data).handle(ImageRequest("GET", "/image/x", "w=80"))
    assert answer is not None
    return answer.status


def share(damaged: list[bytes]) -> float:
    statuses = [status(data) for data in damaged]
    assert set(statuses) <= {200, 415, 422}
    return sum(status != 200 for status in statuses) / len(statuses)


def cut(data: bytes) -> list[bytes]:
    """At ten places, and lacking the last few bytes, which is where a hurried copy ends."""
    return [data[: len(data) * i // 10] for i in range(10)] + [data[:-2], data[:-8], data[:-40]]


def overwritten(data: bytes) -> list[bytes]:
    """64 bytes of noise at 40 places behind the header."""
    source = random.Random(3)
    results = []
    for _ in range(40):
        at = source.randrange(len(data) // 5, len(data) * 9 // 10)
        results.append(data[:at] + source.randbytes(64) + data[at + 64 :])
    return results


@pytest.mark.parametrize(("kind", "cutting", "writing"), list(rows("damage-table")))
def test_the_damage_table(kind: str, cutting: str, writing: str) -> None:
    data = sample(kind)
    assert status(data) == 200
    for damaged, word in ((cut(data), cutting), (overwritten(data), writing)):
        least, most = WORDS[word]
        assert least <= share(damaged) <= most, word


def test_the_tables_know_every_format() -> None:
    assert {row[0] for row in rows("damage-table")} == set(KINDS)
    assert {row[0].strip("`") for row in rows("formats-table")} == ORIGINAL_FORMATS
    assert {row[0].strip("`") for row in rows("unsafe-table")} == UNSAFE_FORMATS


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_are_a_picture_or_a_refusal(kind: str) -> None:
    data, source = sample(kind), random.Random(4)
    flipped = []
    for _ in range(20):
        copy = bytearray(data)
        copy[source.randrange(len(data))] ^= 1 << source.randrange(8)
        flipped.append(bytes(copy))
    assert 0 <= share(flipped) <= 1


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def growth(rounds: int) -> int:
    """Bytes by which a process grows over rounds of all damage, after the first two."""
    damaged = [data for kind in KINDS for data in (*cut(sample(kind)), *overwritten(sample(kind)))]
    after: list[int] = []
    for _ in range(rounds):
        for data in damaged:
            status(data)
        after.append(resident())
    return after[-1] - after[1]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to measure memory")
def test_memory_does_not_grow_over_damage() -> None:
    """4 rounds of 689 damaged files: one leaked picture of 230 kB in each would be 160 MB a round."""
    code = "import logging, test_damage; logging.disable(); print(test_damage.growth(4))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 16 * 2**20
