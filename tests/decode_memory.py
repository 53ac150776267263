"""How many bytes a process grows by, over a decode, a render, a resampling: for `measuring.Forked`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from asking import get
from imgmiddleware import ArrayOriginal, ImageRequest, ImageService
from imgmiddleware.formats import native
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.pixels.resample import resample
from imgmiddleware.service.admission.flight import Admission
from imgmiddleware.sources import BytesOriginal
from measuring import growth
from pictures import pixels_of


def decoding(path: str, without: str = "") -> tuple[int, int]:
    """The growth, and the bound that its header gave; without a native part."""
    if without:
        setattr(native, without, lambda: None)
    original = BytesOriginal(Path(path).read_bytes())
    facts = read_facts(original, FORMATS)
    plan = make_plan(facts, build({}))
    if needs := FORMATS[facts.format].needs:
        import_module(needs)
    # The caller owns the bytes that are read of the file, and counts them; in bands it never reads
    # all of them.
    read = 0 if plan.in_bands else original.size

    def decode() -> None:
        assert decode_original(original, facts, plan).pixels.nbytes

    # Once before: code that is paged in is no part of a decode, and differs by installation.
    decode()
    return growth(decode) - read, facts.decode_bytes


#: Arrays of 3 megapixels whose reading takes copies: how they are made, and how they are read.
ARRAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "float32": ("values.astype(np.float32)", {}),
    "float64, holes": ("np.where(values < 3, np.nan, values)", {}),
    "float16, percentiles": ("values.astype(np.float16)", {"range": ("2%", "98%")}),
    "float32, percentiles, holes": (
        "np.where(values < 3, np.float32(np.nan), values.astype('f4'))", {"range": ("2%", "98%")},
    ),
    "int64, all": ("values.astype(int)", {"range": "minmax"}),
    "uint8, a colour map": ("values.astype(np.uint8)", {"colormap": "turbo"}),
    "colours, swapped": ("np.dstack([values.astype('>u2')] * 3)", {"order": "rgb"}),
    "masked colours": (
        "np.ma.masked_less(np.dstack([values.astype(np.uint8)] * 3), 3)", {"order": "rgb"},
    ),
    "channels first": ("np.stack([values.astype('f4')] * 3)", {"range": ("0%", "99%")}),
    "made": ("values.astype(np.float32)", {"range": "minmax", "version": 1}),
    "an image": ("Image.fromarray(values.astype(np.uint8)).convert('P')", {}),
}  # fmt: skip


def array(kind: str) -> tuple[int, int]:
    """The growth while an array is read, and the bound that its header gives."""
    text, options = ARRAYS[kind]

    def given(side: int) -> Any:
        values = np.random.default_rng(1).random((side, side)) * 200
        array = eval(text, {"np": np, "values": values, "Image": Image})
        return array.copy if "version" in options else array

    ArrayOriginal(given(9), **options).samples()
    with ArrayOriginal(given(1700), **options) as original:
        nbytes = original.header().nbytes
    return growth(original.samples), nbytes


def rendering(folder: str, query: str) -> int:
    """The growth over one request for the folder's `original`."""

    def answer() -> None:
        request = ImageRequest("GET", "/image/original", query)
        assert ImageService(folder).handle(request).status == 200

    answer()  # once before, as above: after a fork the code is paged in anew
    return growth(answer)


def resampling() -> int:
    """The growth over a result with alpha, of 65 MB, laid on a colour."""

    def work(pixels: Any, size: tuple[int, int]) -> None:
        result = resample(pixels, size, alpha=True)
        Backdrop((10, 20, 30, 255)).ground.behind(result, keep_alpha=False)

    def clear(width: int, height: int) -> Any:
        pixels = np.full((height, width, 4), 100, np.uint8)
        pixels[::7, ::5, 3] = 200
        return pixels

    work(clear(50, 40), (45, 36))
    large = clear(5000, 4000)
    return growth(lambda: work(large, (4500, 3600)))


def answering(folder: str, query: str) -> tuple[int, int, int]:
    """For the file a.tif there: the status, the green of a pixel, and the growth in bytes."""
    service = ImageService(folder)
    answers: list[Any] = []
    grown = growth(lambda: answers.append(get(service, query, "a.tif")))
    (answer,) = answers
    green = int(pixels_of(answer.read())[50, 50, 1]) if answer.status == 200 else -1
    return answer.status, green, grown


def keeping(folder: str, id: str) -> tuple[int, int, int]:
    """The growth over a part for which a pyramid is made, the prediction for it, and the bytes of
    the pyramid.
    """
    kept = {"cache_dir": f"{folder}/.cache", "cache_bytes": 0, "decoded_bytes": 0}
    service = ImageService(folder, **kept)
    predicted: list[int] = []
    real = Admission.admitted
    Admission.admitted = lambda *all: (predicted.append(all[1]), real(*all))[1]  # type: ignore[method-assign]
    # The first part of another original loads code and tables that every part takes.
    for name, top in (("other.png", 0), ("other.png", 9), (id, 0)):
        get(service, f"rect=0,{top},99,99&fm=png", name).close()
    grown = growth(lambda: get(service, "rect=9,1200,99,99&fm=png", id).close())
    return grown, predicted[-1], service.holding()["pyramids"].bytes


def predicting(folder: str, query: str) -> tuple[int, int]:
    """The growth over a request of the folder's `original`, and the prediction for it; one of its
    small `other` came before, as above.
    """
    predicted: list[int] = []
    real = Admission.admitted
    Admission.admitted = lambda *all: (predicted.append(all[1]), real(*all))[1]  # type: ignore[method-assign]
    service = ImageService(folder, decoded_bytes=0, cache_bytes=0, lend_slots=False)
    assert get(service, query, "other").status == 200
    grown = growth(lambda: get(service, query, "original"))
    return grown, max(predicted)
