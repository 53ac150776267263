"""The intact parts of damaged originals: `damaged="show"`."""

from __future__ import annotations

import itertools
import json
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import native
from asking import ask, get, request, serving, shown
from files import tiff
from gifs import gif, image
from imgmiddleware import ImageService
from originals import Stored
from pictures import by_opencv, moving, photo_like, pixels_of, quadrants, saved
from rasters import DEFLATE, bmp, bmp_rows, png

PHOTO = photo_like(120, 90)
IMAGE = Image.fromarray(PHOTO)
GRAY = np.asarray(IMAGE.convert("L"))


def strips(compression: int, high: int = 9) -> bytes:
    """A TIFF whose directory stands before its strips, so that it is not lost with them."""
    rows = [PHOTO[top : top + high].tobytes() for top in range(0, 90, high)]
    pieces = [zlib.compress(each) if compression == DEFLATE else each for each in rows]
    sizes = [len(piece) for piece in pieces]
    starts = [0] * len(pieces)
    for _ in range(2):
        head = tiff({
            256: ("L", [120]), 257: ("L", [90]), 258: ("H", [8] * 3), 259: ("H", [compression]), 262: ("H", [2]),
            273: ("L", starts), 277: ("H", [3]), 278: ("L", [high]), 279: ("L", sizes),
        }, b"")  # fmt: skip
        starts = [*itertools.accumulate(sizes, initial=len(head))][:-1]
    return head + b"".join(pieces)


#: A file of each kind, and rows at its top that are left of it when it is cut in half.
KINDS: dict[str, tuple[bytes, slice]] = {
    "jpeg": (saved(IMAGE, "JPEG", quality=90, subsampling=0), slice(0, 32)),
    "jpeg, gray": (saved(IMAGE, "JPEG", "L"), slice(0, 32)),
    "jpeg, cmyk": (saved(IMAGE, "JPEG", "CMYK"), slice(0, 32)),
    "png": (saved(IMAGE, "PNG"), slice(0, 30)),
    "png, by rows": (png(PHOTO, 2), slice(0, 30)),
    "png, 16 bits": (by_opencv(".png", PHOTO.astype(np.uint16) * 257), slice(0, 30)),
    "gif": (saved(IMAGE.quantize(64), "GIF", interlace=0), slice(0, 30)),
    "bmp": (saved(IMAGE, "BMP"), slice(50, 90)),  # from the lowest row up
    "bmp, top-down": (bmp(24, bmp_rows(PHOTO[..., ::-1], top_down=True), top_down=True, size=(120, 90)), slice(0, 40)),
    "bmp, 16 bits": (bmp(16, bmp_rows(GRAY.astype(np.uint16)[..., None] << 7, 16), size=(120, 90)), slice(50, 90)),
    "tiff": (saved(IMAGE, "TIFF"), slice(0, 40)),
    "tiff, in strips": (strips(1), slice(0, 36)),
    "tiff, deflate in strips": (strips(DEFLATE), slice(0, 36)),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_what_is_left_is_shown(name: str) -> None:
    data, rows = KINDS[name]
    half = data[: len(data) // 2]
    assert ask(half).status == 422
    answer = ask(half, "fm=png", damaged="show")
    assert (answer.status, answer.header("Image-Notes")) == (200, "damaged")
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("ETag") is answer.header("Last-Modified") is None
    pixels = pixels_of(answer.read())
    assert np.array_equal(pixels[rows], shown(data)[rows])
    assert not np.array_equal(pixels, shown(data))


def test_what_is_left_is_not_shown_where_a_part_is_hidden() -> None:
    half = saved(IMAGE, "JPEG", progressive=True)[:2000]
    assert ask(half, "fm=png", damaged="show").status == 200
    assert ask(half, "fm=png&redact=10,10,20,20", damaged="show").status == 422


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_without_simplejpeg(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    native.choose(monkeypatch, "simplejpeg", False)
    data = saved(IMAGE, "JPEG", mode)
    answer = ask(data[: len(data) // 2], "fm=png", damaged="show")
    assert np.array_equal(pixels_of(answer.read())[:24], shown(data)[:24])


@pytest.mark.parametrize("name", KINDS)
def test_what_is_whole_is_as_ever(name: str) -> None:
    data, _ = KINDS[name]
    plain, offered = ask(data, "w=60"), ask(data, "w=60", damaged="show")
    assert plain.headers == offered.headers
    assert plain.read() == offered.read()


def test_bytes_in_the_middle_that_are_wrong() -> None:
    """Of a PNG what comes before them is as it was, and its checksums are not asked."""
    data = bytearray(KINDS["png"][0])
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(range(64))
    assert ask(bytes(data)).status == 422
    pixels = shown(bytes(data), damaged="show")
    assert np.array_equal(pixels[:30], PHOTO[:30])


def test_noise_with_markers_in_a_jpeg_ends_it_there() -> None:
    data = bytearray(KINDS["jpeg"][0])
    data[len(data) // 2 : len(data) // 2 + 4] = b"\xff\x30\xff\x6a"
    pixels = shown(bytes(data), damaged="show")
    assert np.array_equal(pixels[:32], shown(KINDS["jpeg"][0])[:32])


def test_an_animation_plays_as_far_as_it_is_whole() -> None:
    frames = [Image.fromarray(np.roll(quadrants(), 8 * i, 1)) for i in range(4)]
    data = moving(frames, "GIF", duration=100)
    cut = data[: len(data) * 7 // 8]
    answer = ask(cut, "anim=1&fm=gif", damaged="show")
    assert (answer.status, answer.header("Image-Notes")) == (200, "damaged")


@pytest.mark.parametrize("lost", [2, 40])
def test_a_gif_whose_last_sub_block_is_short(lost: int) -> None:
    """The intact part counts: in a small file that block is all of its data."""
    whole = gif((9, 9), [(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)], image([[1] * 9] * 9))
    start = whole.index(b",") + 12
    assert whole[start - 1] == len(whole) - start - 2  # of it, its end and the trailer are behind
    pixels = shown(whole[: -2 - lost], damaged="show").reshape(-1, 3)
    codes = (len(whole) - start - 2 - lost) * 8 // 3  # of three bits each, and a clear code for two
    assert (pixels[: codes * 2 // 3 - 1] == (255, 0, 0)).all()
    claims = whole[: start - 1] + bytes([whole[start - 1] + 60]) + whole[start:]
    assert np.array_equal(shown(claims, damaged="show"), shown(whole))


@pytest.mark.parametrize("name", ["png", "png, by rows", "png, 16 bits"])
@pytest.mark.parametrize("lost", [1, 4, 12, 16])
def test_a_png_that_lacks_its_end_alone(name: str, lost: int) -> None:
    """IEND, and the checksum of the rows before it: nothing is missing of these."""
    data = KINDS[name][0]
    assert ask(data[:-lost]).status == 422
    assert np.array_equal(shown(data[:-lost], damaged="show"), shown(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        KINDS["png"][0][:40],
        KINDS["bmp"][0][:54],
        KINDS["tiff"][0][:20],
        saved(IMAGE, "WEBP")[:900],
        saved(IMAGE, "AVIF")[:900],
    ],
    ids=["jpeg", "png", "bmp", "tiff", "webp", "avif"],
)
def test_where_nothing_is_left_it_is_refused(data: bytes) -> None:
    answer = ask(data, "fm=png", damaged="show")
    assert (answer.status, json.loads(answer.read())["code"]) == (422, "damaged-original")


def half() -> bytes:
    data, _ = KINDS["jpeg"]
    return data[: len(data) // 2]


def test_it_is_made_once_and_asked_for_by_any_method() -> None:
    stored = Stored(half())
    service = ImageService(stored, damaged="show")
    first = get(service, "w=60")
    second = get(service, "w=60", if_none_match="*", range="bytes=0-9")
    assert (first.status, second.status) == (200, 200)
    assert first.read() == second.read()
    head = service.handle(request("w=60", method="HEAD"))
    assert head is not None
    assert (head.status, head.read()) == (200, b"")
    assert stored.opens == stored.closes


def test_other_refusals_stay() -> None:
    service = serving(half(), damaged="show", iiif=True, max_source_pixels=120 * 90)
    assert get(service, "w=60").status == 200
    assert get(service, "w=0").status == 400
    assert get(service, "page=2").status == 400
    assert get(service, id="a/full/max/0/default.jpg").status == 422  # a viewer's tile
    for limit in ("max_source_pixels", "max_source_bytes", "max_source_memory"):
        assert ask(half(), damaged="show", **{limit: 1000}).status == 413
    assert ask(b"text", damaged="show").status == 415


def test_a_header_that_claims_much_takes_nothing() -> None:
    """A BMP of 90 kilobytes that claims 60 megapixels, where 20 megabytes may be taken."""
    data = bmp(24, bytes(90_000), size=(10_000, 6_000))
    assert ask(data, "w=10", damaged="show", max_source_memory=20 * 2**20).status in (413, 422)


def test_it_goes_before_the_fallback() -> None:
    options: dict[str, Any] = {"fallback": saved(IMAGE, "PNG"), "damaged": "show"}
    assert ask(half(), "w=60", **options).status == 200
    assert ask(saved(IMAGE, "WEBP")[:900], "w=60", **options).status == 422
    assert ask(saved(IMAGE, "WEBP")[:900], "w=60", **options).header("Content-Type") == "image/jpeg"


def test_the_option_has_two_values() -> None:
    with pytest.raises(ValueError, match="damaged: 'yes' is not one of refuse, show"):
        serving(half(), damaged="yes")
