"""The same bytes, and the same refusals, whether a render borrows none, one, two or four slots."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tifffile

from asking import get
from counting import returned
from imgmiddleware import BytesOriginal, ImageService
from imgmiddleware.formats.bands import decode_bands
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.lending.lender import lent_by
from imgmiddleware.pixels import lanczos
from imgmiddleware.service.loans import Borrower
from lenders import Threads
from pictures import noise, saved

SLOTS = (1, 2, 3, 5)
RGB = np.asarray(noise(1100, 700))
Array = np.ndarray[Any, Any]


def tiff(pixels: Array, **options: Any) -> Callable[[], bytes]:
    def written() -> bytes:
        file = io.BytesIO()
        photometric = "rgb" if pixels.ndim == 3 else "minisblack"
        tifffile.imwrite(file, pixels, photometric=photometric, **options)
        return file.getvalue()

    return written


def drawn() -> Array:
    """Rectangles of a thousand colours: their rows repeat."""
    y, x = np.mgrid[0:900, 0:1000]
    return np.dstack((x // 40 * 6, y // 45 * 6, (x // 40 + y // 45) * 3)).astype(np.uint8)


DEFLATE: dict[str, Any] = {"compression": "adobe_deflate", "predictor": True}
#: Made when they are needed: bytes of an original, and what is asked of it.
KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "lzw": (lambda: saved(noise(1100, 700), "TIFF", compression="tiff_lzw"), "w=300&fm=png"),
    "deflate": (tiff(RGB, **DEFLATE, rowsperstrip=1), "w=300&fm=png"),
    "deflate, 16 bits": (tiff(RGB.astype(">u2") * 251, **DEFLATE, rowsperstrip=7), "fm=png"),
    "tiles": (tiff(RGB, **DEFLATE, tile=(64, 96)), "rect=50,60,900,501&fm=png"),
    "floats": (
        tiff((RGB[..., 0] / 7).astype(np.float32), compression="adobe_deflate", tile=(64, 64)),
        "w=300&fm=png",
    ),
    "planes": (
        tiff(RGB.transpose(2, 0, 1), **DEFLATE, rowsperstrip=9, planarconfig="separate"),
        "w=300&fm=png",
    ),
    "plain rows, upwards": (lambda: saved(noise(1100, 701), "BMP"), "w=200&fm=bmp"),
    "plain rows, 16 bits": (tiff(RGB.astype(">u2") * 251, rowsperstrip=7), "w=200&fm=bmp"),
    "resampled": (lambda: saved(np.tile(RGB, (2, 1, 1)), "BMP"), "w=900&fm=bmp"),
    "png": (lambda: saved(RGB, "BMP"), "fm=png"),
    "png of a drawing": (lambda: saved(drawn(), "BMP"), "fm=png"),
    "png of few colours": (lambda: saved(np.tile(drawn() // 32 * 32, (3, 1, 1)), "BMP"), "fm=png"),
}


def answers(
    data: bytes, query: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, bytes]]:
    for slots in SLOTS:
        service = ImageService(lambda id: data, render_slots=slots)
        with monkeypatch.context() as patch:
            loans = returned(patch, Borrower, "lend")
            answer = get(service, query)
        assert any(loans) == (slots > 1)
        yield answer.status, answer.read()


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_those_of_one_thread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, query = KINDS[kind]
    monkeypatch.setattr(lanczos, "_WORTH", 2**22)
    alone, *others = answers(make(), query, monkeypatch)
    assert alone[0] == 200, alone[1]
    assert all(other == alone for other in others)


def test_the_refusal_is_that_of_the_first_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """In rows one and two thirds down, of which the second is met by another thread."""
    data = bytearray(KINDS["deflate"][0]())
    for third in (1, 2):
        at = len(data) * third // 3
        data[at : at + 4000] = bytes(4000)
    alone, *others = answers(bytes(data), "w=300", monkeypatch)
    assert alone[0] == 422
    assert all(other == alone for other in others)


class ReadBy(BytesOriginal):
    """Notes who reads."""

    def __init__(self, data: bytes, *, parallel: bool) -> None:
        super().__init__(data)
        self.parallel = parallel
        self.threads: set[int] = set()

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        self.threads.add(threading.get_ident())
        time.sleep(0.01)  # so that there is time to help
        return super().read_into(buffer, offset)


@pytest.mark.parametrize("parallel", [True, False])
def test_rows_are_read_by_several_threads_where_the_original_says_that_they_may(
    parallel: bool,
) -> None:
    original = ReadBy(saved(noise(1500, 1400), "BMP"), parallel=parallel)
    facts = read_facts(original, ["bmp"])
    threads = Threads(1)
    with lent_by(threads):
        decode_bands(original, facts, (0, 0, 1500, 1400), 1)
    threads.join()
    assert len(original.threads) == 1 + parallel
