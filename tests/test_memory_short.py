"""A library that cannot get memory: 503, ask again; it is no damage, and is not remembered."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import GifImagePlugin, Image, ImageCms, ImageFile

from asking import get
from drivers import Answer, call_asgi, call_wsgi
from imgmiddleware import ImageError, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.formats import native
from imgmiddleware.formats.heic import decode as heic
from imgmiddleware.formats.jxl import decode as jxl
from imgmiddleware.imaging import render
from imgmiddleware.pixels.conversion import conversion
from imgmiddleware.service.admission.deadline import memory_needed
from imgmiddleware.sources import BytesOriginal
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import by_opencv, moving, noise, saved


def by_code() -> Exception:
    error = cv2.error("it failed")
    error.code = -4
    return error


#: The error of each library where it gets no memory.
NUMPY: Callable[[], Exception] = MemoryError
OPENCV = lambda: cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes")  # noqa: E731
PILLOW = lambda: OSError("out of memory error when reading image file")  # noqa: E731
LIBJPEG = lambda: ValueError("Insufficient memory (case 4)")  # noqa: E731
SPNG = lambda: RuntimeError("pyspng: could not decode image: out of memory")  # noqa: E731

IMDECODE, OPEN = (cv2, "imdecode"), (ImageFile.ImageFile, "__init__")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PHOTO = np.asarray(noise(600, 400))
DEEP = PHOTO.astype(np.uint16) * 257
MOVING = [noise(40, 30), noise(40, 30).rotate(180)]

#: Originals, the call that fails for each, and how.
DECODES: dict[str, tuple[bytes, Any, Callable[[], Exception]]] = {
    "png": (saved(noise(40, 30, "P"), "PNG"), IMDECODE, OPENCV),
    "png of 16 bits": (by_opencv(".png", DEEP), IMDECODE, by_code),
    "webp": (saved(PHOTO, "WEBP"), IMDECODE, by_code),
    "avif": (saved(PHOTO, "AVIF"), IMDECODE, OPENCV),
    "bmp": (saved(noise(40, 30), "BMP", "1"), (np, "unpackbits"), NUMPY),
    "gif": (saved(noise(40, 30, "P"), "GIF"), OPEN, PILLOW),
    "tiff": (saved(noise(40, 30), "TIFF", "1"), OPEN, PILLOW),
    "tiff in pieces": (saved(PHOTO, "TIFF", compression="tiff_lzw"), OPEN, PILLOW),
    "tiff of 16 bits": (by_opencv(".tif", DEEP), OPEN, PILLOW),
    "jpeg 2000": (saved(PHOTO, "JPEG2000"), OPEN, PILLOW),
    "jpeg 2000, of 16 bits": (by_opencv(".jp2", DEEP), IMDECODE, OPENCV),
    "profile": (saved(PHOTO, "JPEG", icc_profile=SRGB), (ImageCms, "buildTransform"), NUMPY),
}
if native.simplejpeg():
    STRICT = native.simplejpeg(), "decode_jpeg"
    DECODES["jpeg"] = saved(PHOTO, "JPEG"), STRICT, LIBJPEG
    DECODES["jpeg, by NumPy"] = saved(PHOTO, "JPEG"), STRICT, NUMPY
else:
    DECODES["jpeg"] = saved(PHOTO, "JPEG"), IMDECODE, by_code
    DECODES["jpeg of inks"] = saved(PHOTO, "JPEG", "CMYK"), OPEN, PILLOW
if native.spng():
    DECODES["png in rows"] = (saved(PHOTO, "PNG"), (native.spng(), "load"), SPNG)

ENCODES: dict[str, tuple[Any, Callable[[], Exception]]] = {
    "jpg": ((cv2, "imencode"), OPENCV),
    "webp": ((cv2, "imencode"), by_code),
    "avif": ((cv2, "imencode"), OPENCV),
    "bmp": ((cv2, "imencode"), OPENCV),
    "tif": ((cv2, "imencode"), NUMPY),
    "png": ((np, "ascontiguousarray"), NUMPY),
    "gif": ((Image.Image, "save"), PILLOW),
    "gif, its colours": ((Image.Image, "quantize"), lambda: ValueError("quantization error")),
}


class Failing:
    """A call that fails until it is mended."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, call: Any, error: Callable[[], Exception]
    ) -> None:
        self.times, self.mended, real = 0, False, getattr(*call)

        def failing(*arguments: Any, **options: Any) -> Any:
            if self.mended:
                return real(*arguments, **options)
            self.times += 1
            raise error()

        monkeypatch.setattr(*call, failing)


def nobody(*_: Any) -> Any:
    raise AssertionError("went on to the application")


def by_wsgi(service: ImageService, query: str) -> Answer:
    return call_wsgi(WSGIImageMiddleware(nobody, service), f"/image/a?{query}")


def by_asgi(service: ImageService, query: str) -> Answer:
    return call_asgi(ASGIImageMiddleware(nobody, service), f"/image/a?{query}")


ADAPTERS = pytest.mark.parametrize("ask", [by_wsgi, by_asgi])
Ask = Callable[[ImageService, str], Answer]


def serving(data: bytes, **options: Any) -> ImageService:
    return ImageService(lambda id: data, unsafe_original_formats=["jp2"], **options)


def refused_and_mended(service: ImageService, query: str, ask: Ask, failing: Failing) -> None:
    """503 twice, each time by a call; then the picture."""
    for _ in range(2):
        before = failing.times
        status, headers, body = ask(service, query)
        assert (status, json.loads(body)["code"]) == (503, "busy"), body
        assert "memory" in json.loads(body)["detail"]
        assert ("retry-after", "1") in headers
        assert failing.times > before
    failing.mended = True
    status, headers, _ = ask(service, query)
    assert status == 200
    assert not [value for name, value in headers if name == "image-notes"]


@ADAPTERS
@pytest.mark.parametrize("name", DECODES)
def test_a_decoder(name: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    data, call, error = DECODES[name]
    conversion.cache_clear()  # cameras share profiles
    service = serving(data)
    refused_and_mended(service, "w=20&fm=jpg", ask, Failing(monkeypatch, call, error))


@ADAPTERS
@pytest.mark.parametrize("format", ENCODES)
def test_an_encoder(format: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    call, error = ENCODES[format]
    service = serving(saved(PHOTO, "JPEG"))
    refused_and_mended(
        service, f"w=90&fm={format[:4]}".rstrip(","), ask, Failing(monkeypatch, call, error)
    )


@ADAPTERS
@pytest.mark.parametrize("format", ["gif", "webp", "avif"])
@pytest.mark.parametrize("way", ["in", "out"])
def test_an_animation(format: str, way: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    data = moving(MOVING, "WEBP", duration=100, lossless=True)
    out = (GifImagePlugin, "getdata") if format == "gif" else (Image.Image, "save")
    call, error = (IMDECODE, by_code) if way == "in" else (out, NUMPY)
    failing = Failing(monkeypatch, call, error)
    refused_and_mended(serving(data), f"anim=1&fm={format}", ask, failing)


@ADAPTERS
@pytest.mark.parametrize("error", [NUMPY, OPENCV, by_code])
def test_a_resampler(
    error: Callable[[], Exception], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch, (render, "resample"), error)
    refused_and_mended(serving(saved(PHOTO, "JPEG")), "w=90&fm=png", ask, failing)


@ADAPTERS
@pytest.mark.parametrize("method", ["__init__", "read_into"])
def test_a_source(method: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(monkeypatch, (BytesOriginal, method), NUMPY)
    refused_and_mended(serving(saved(PHOTO, "JPEG")), "w=90&fm=png", ask, failing)


@pytest.mark.parametrize("format", ["WEBP", "AVIF", "JPEG2000"])
def test_a_decoder_that_does_not_tell(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV has no pixels then, as for damage: the memory that it may take is asked for."""
    data = by_opencv(".jp2", DEEP) if format == "JPEG2000" else saved(PHOTO, format)
    asked = Failing(monkeypatch, (np, "empty"), NUMPY)
    asked.mended = True

    def failing(*_: Any) -> None:
        asked.mended = False

    monkeypatch.setattr(cv2, "imdecode", failing)
    service = serving(data)
    assert get(service, "w=90&fm=png").status == 503
    assert asked.times == 1
    monkeypatch.setattr(cv2, "imdecode", lambda *_: None)
    asked.mended = True
    assert [get(service, f"w={width}").status for width in (90, 91)] == [422, 422]


@pytest.mark.parametrize("decode", [heic._decoded, jxl.decode])
@pytest.mark.parametrize("error", [NUMPY, lambda: RuntimeError("Memory allocation error: limit")])
def test_a_decoder_of_an_extra(
    decode: Any, error: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error()

    module = SimpleNamespace(open_heif=fail, Decoder=lambda **_: fail)
    for name in ("pillow_heif", "pillow_jxl"):
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(ImageError) as raised, memory_needed():
        decode(b"", SimpleNamespace(format="heic"), (1, 1))
    assert raised.value.code == "busy"


def test_damage_stays_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    service = serving(saved(PHOTO, "WEBP"))
    corrupt = Failing(monkeypatch, IMDECODE, lambda: cv2.error("(-215) corrupt"))
    assert [get(service, f"w={width}").status for width in (90, 91)] == [422, 422]
    assert corrupt.times == 1
