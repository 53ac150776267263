"""One decode for several sizes, and bytes that are a function of the key alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import get, serving
from counting import counted
from imgmiddleware import ImageService
from pictures import SRGB, saved

SIDE = 1600
WIDTHS = (110, 200, 300, 350, 400)  # of half the original all can be made


def original(format: str, **options: Any) -> bytes:
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    picture = Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return saved(picture, format, **options)


JPEG = original("JPEG", quality=90)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return counted(monkeypatch, "decode_original")


@pytest.mark.parametrize(
    ("format", "options"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"})],
    ids=["jpeg", "png", "webp", "bmp", "lzw"],
)
def test_five_widths_are_one_decode(
    format: str, options: dict[str, str], decodes: list[Any]
) -> None:
    data = original(format, **options)
    service = ImageService(lambda id: data)
    for width in WIDTHS:
        assert get(service, f"w={width}").status == 200
    assert len(decodes) == 1
    # Where half would not do for them, a decoder that cannot scale has all of it there already.
    get(service, "w=900")
    assert len(decodes) == (1 if format == "WEBP" else 2)


def test_five_widths_at_once_are_one_decode(decodes: list[Any]) -> None:
    service = ImageService(lambda id: JPEG, render_slots=5)
    together = threading.Barrier(len(WIDTHS))

    def ask(width: int) -> int:
        together.wait(30)
        return get(service, f"w={width}").status

    with ThreadPoolExecutor(len(WIDTHS)) as clients:
        assert set(clients.map(ask, WIDTHS)) == {200}
    assert len(decodes) == 1


def test_forty_tiles_are_one_decode(decodes: list[Any]) -> None:
    service = ImageService(lambda id: JPEG)
    for number in range(40):
        left, top = number % 8 * 200, number // 8 * 200
        answer = get(service, f"rect={left},{top},200,200&fm=jpg")
        assert Image.open(io.BytesIO(answer.body)).size == (200, 200)
    assert len(decodes) == 1


def test_a_decode_that_is_not_kept_is_made_again(decodes: list[Any]) -> None:
    service = ImageService(lambda id: JPEG, decoded_bytes=0)
    for width in WIDTHS:
        get(service, f"w={width}")
    assert len(decodes) == len(WIDTHS)


QUERIES = (
    "w=300&fm=png",
    "w=470&fm=webp",
    "w=90&fm=png",
    "w=300&h=200&fit=crop&fm=jpg&q=60",
    "rect=0,0,99,99&fm=png",
)


def digests(service: ImageService, order: Callable[[tuple[str, ...]], Any] = tuple) -> list[str]:
    """Of the pictures, in the order of `QUERIES`, asked for in another."""
    found = {q: blake2b(get(service, q).read()).hexdigest() for q in order(QUERIES)}
    return [found[query] for query in QUERIES]


@pytest.mark.parametrize("format", ["JPEG", "BMP", "TIFF"])
def test_the_bytes_are_a_function_of_the_key_alone(format: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(original(format))
    one_by_one = [
        blake2b(get(ImageService(tmp_path), query).read()).hexdigest() for query in QUERIES
    ]
    warm = ImageService(tmp_path)
    get(warm, "w=450&fm=jpg")
    assert digests(warm) == one_by_one
    assert digests(ImageService(tmp_path), reversed) == one_by_one
    # Under pressure: nothing is kept, and every render is admitted alone.
    tight = ImageService(
        tmp_path, decoded_bytes=0, cache_bytes=0, max_source_memory=2**28, max_memory=2**28
    )
    with ThreadPoolExecutor(4) as clients:
        answers = clients.map(lambda query: get(tight, query).read(), QUERIES)
        assert [blake2b(body).hexdigest() for body in answers] == one_by_one
    assert in_another_process(tmp_path) == one_by_one


_CHILD = """
import json, sys
import cv2
from hashlib import blake2b
from imgmiddleware import ImageRequest, ImageService
cv2.setNumThreads(1)
service = ImageService(sys.argv[1])
bodies = [service.handle(ImageRequest("GET", "/image/a", q)).read() for q in sys.argv[2:]]
print(json.dumps([blake2b(body).hexdigest() for body in bodies]))
"""


def in_another_process(folder: Path) -> Any:
    command = [sys.executable, "-c", _CHILD, str(folder), *QUERIES]
    child = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def test_what_goes_along_with_pixels_is_weighed_too() -> None:
    """A profile may be megabytes, and of small originals there may be a million."""
    exif = Image.Exif()
    exif[0x8298] = "c" * 5000  # Copyright
    service = serving(saved(Image.new("RGB", (2, 2)), "PNG", icc_profile=SRGB, exif=exif))
    assert get(service, "fm=png&keep=icc,exif").status == 200
    held = service.holding()["decoded"]
    assert held.entries == 1
    assert held.bytes >= 12 + len(SRGB) + 5000 + 1024
