"""The same bytes, and the same refusals, whether a render borrows none, one, two or four slots."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tifffile

from asking import get
from counting import returned
from imgmiddleware import ImageService
from imgmiddleware.pixels import lanczos
from imgmiddleware.service.admission.loans import Borrower
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
#: Made when they are needed: the bytes of an original, and its query.
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
