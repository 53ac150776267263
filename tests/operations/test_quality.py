"""`q=auto`: through a service."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from asking import ask, get, made, refused, serving
from colors import cicp, colored_png
from counting import count_decoders
from imgmiddleware.formats.encode_by_eye import encode_by_eye
from pictures import moving, opened, photo_like, pixels_of, saved

PHOTO = photo_like(120, 90)
PNG = saved(PHOTO, "PNG")


def etag(query: str, original: bytes = PNG) -> str | None:
    answer = ask(original, query)
    assert answer.status == 200, answer.body
    return answer.header("ETag")


@pytest.mark.parametrize("format", ["jpg", "pjpg", "webp", "avif"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_it_is_the_picture_by_eye(format: str, mode: str) -> None:
    original = saved(Image.fromarray(PHOTO).convert(mode), "PNG")
    pixels = pixels_of(original, mode)
    wanted = encode_by_eye(pixels if mode == "L" else pixels[..., ::-1].copy(), format)[1]
    assert made(original, f"fm={format}&q=auto") == wanted
    assert etag(f"fm={format}&q=auto") not in (etag(f"fm={format}"), etag(f"fm={format}&q=90"))


def test_what_is_negotiated_is_the_same() -> None:
    answer = get(serving(PNG), "q=auto&w=60", accept="image/webp")
    assert answer.header("Content-Type") == "image/webp"
    assert answer.body == made(PNG, "q=auto&w=60&fm=webp")
    assert answer.header("ETag") == etag("q=auto&w=60&fm=webp")


@pytest.mark.parametrize("query", ["fm=png", "fm=gif", "fm=webp&lossless=1", "fm=lqip", "fm=tif"])
def test_what_has_nothing_to_seek_is_what_it_is(query: str) -> None:
    assert etag(query) == etag(f"{query}&q=auto")
    assert made(PNG, query) == made(PNG, f"{query}&q=auto")


def test_hdr_has_the_quality_of_all() -> None:
    ramp = (np.arange(60 * 45 * 3).reshape(45, 60, 3) * 8 % 65536).astype(np.uint16)
    hdr = colored_png(ramp, cicp(9, 16))
    assert etag("fm=avif&keep=hdr&q=auto", hdr) == etag("fm=avif&keep=hdr", hdr)
    assert etag("fm=avif&q=auto", hdr) != etag("fm=avif", hdr)


def test_a_304_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = etag("fm=jpg&q=auto")
    calls = count_decoders(monkeypatch)
    answer = get(serving(PNG), "fm=jpg&q=auto", if_none_match=str(known))
    assert (answer.status, answer.body) == (304, b"")
    assert not any(calls.values())
    assert len(made(PNG, "fm=jpg&q=auto")) > 0
    assert any(calls.values())


def test_bytes_bound_it_too() -> None:
    size = len(made(PNG, "fm=jpg&q=auto"))
    assert made(PNG, f"fm=jpg&q=auto&max_bytes={size}") == made(PNG, "fm=jpg&q=auto")
    assert len(made(PNG, f"fm=jpg&q=auto&max_bytes={size - 1}")) < size
    assert refused(PNG, "fm=jpg&q=auto&max_bytes=100") == (400, "result-too-large")


def test_metadata_and_chroma_stay_as_asked() -> None:
    block = Image.Exif()
    block[0x013B] = "Ann"
    data = saved(PHOTO, "JPEG", exif=block)
    image = opened(made(data, "fm=jpg&q=auto&keep=exif&chromasub=444"))
    assert image.getexif()[0x013B] == "Ann"
    assert JpegImagePlugin.get_sampling(image) == 0
    assert etag("fm=jpg&q=auto&chromasub=420") != etag("fm=jpg&q=auto")


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_alpha_and_what_moves(format: str) -> None:
    alpha = np.linspace(0, 255, 120).astype(np.uint8)[None].repeat(90, 0)
    clear = saved(np.dstack((PHOTO, alpha)), "PNG")
    mine = pixels_of(made(clear, f"fm={format}&q=auto"), "RGBA")
    assert np.abs(mine[..., 3].astype(int) - alpha).mean() < 4
    frames = moving([Image.fromarray(PHOTO // part) for part in (1, 2)], "PNG", duration=50)
    still, moves = (ask(frames, f"fm={format}&q=auto{more}") for more in ("", "&anim=1"))
    assert [still.status, moves.status] == [200, 200]
    assert getattr(opened(moves.body), "n_frames", 1) == 2


@pytest.mark.parametrize("text", ["Auto", "automatic", "", "-1", "101", "7.5"])
def test_what_it_may_be(text: str) -> None:
    assert refused(PNG, f"fm=jpg&q={text}")[0] == 400
    assert ask(PNG, f"fm=jpg&q={text}", unknown="ignore").status == 200
