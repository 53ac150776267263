"""A tile of JPEG as it stands in its TIFF: which is sent so, what is in it, and how it looks."""

from __future__ import annotations

import io
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import ask, get, made, serving
from pictures import SRGB, opened, photo_like, pixels_of, saved, swapped_profile
from tiffs import coded_tiff

WIDTH, HEIGHT, TILE = 203, 149, 64
PHOTO = photo_like(WIDTH, HEIGHT)
WHOLE = "rect=64,64,64,64&fm=jpg"
JUNK = b"<script>behind the end</script>"


def coded(part: Any, more: bytes = b"", junk: bytes = b"", **how: Any) -> bytes:
    """A tile by Pillow, with segments behind its start, and bytes behind its end."""
    file = saved(np.ascontiguousarray(part), "JPEG", quality=90, **how)
    return file[:2] + more + file[2:] + junk


def tiled(photometric: int = 6, tables: bytes = b"", options: Any = None, **how: Any) -> bytes:
    gray = photometric == 1
    levels = [PHOTO[..., 1] if gray else PHOTO, PHOTO[::2, ::2, 1] if gray else PHOTO[::2, ::2]]
    coder = partial(coded, **how)
    return coded_tiff(
        levels, coder, 7, photometric, tile=(TILE, TILE), tables=tables, **(options or {})
    )


def by_libtiff(data: bytes, mode: str = "RGB") -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))[64:128, 64:128]


def markers(body: bytes) -> list[int]:
    """Of the segments in front of the scan, and of what follows its data."""
    at, found = 2, []
    while body[at + 1] != 0xDA:
        found.append(body[at + 1])
        at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    end = re.search(rb"\xff[^\x00\xd0-\xd7]", body[at + 2 :])
    assert end
    return [*found, 0xDA, *body[at + 2 + end.start() + 1 :: 2][:1]]


def is_sent(data: bytes, query: str = WHOLE, **options: Any) -> bool:
    """Whether it is other than what is made, which then must be the same without the option."""
    plain, stored = (ask(data, query, stored_tiles=way, **options) for way in (False, True))
    assert plain.status == stored.status == 200
    if plain.read() == stored.read():
        return False
    assert plain.header("ETag") != stored.header("ETag")
    return True


@pytest.mark.parametrize("how", [{}, {"subsampling": "4:4:4"}, {"subsampling": "4:2:2"}], ids=str)
def test_it_looks_as_in_the_file(how: dict[str, Any]) -> None:
    data = tiled(**how)
    body = made(data, WHOLE, stored_tiles=True)
    assert np.array_equal(pixels_of(body), by_libtiff(data))
    assert is_sent(data)


@pytest.mark.parametrize(("photometric", "how"), [(2, {"keep_rgb": True}), (1, {})], ids=str)
def test_the_directory_says_what_colours_are(photometric: int, how: dict[str, Any]) -> None:
    """RGB that is not turned, as Adobe's marker tells then, and gray."""
    data = tiled(photometric, **how)
    body = made(data, WHOLE, stored_tiles=True)
    mode = "L" if photometric == 1 else "RGB"
    assert np.array_equal(pixels_of(body, mode), by_libtiff(data, mode))


def test_tables_that_stand_in_the_directory_are_in_it() -> None:
    tables = coded(PHOTO[:16, :16], streamtype=1)
    data = tiled(tables=tables, streamtype=2)
    body = made(data, WHOLE, stored_tiles=True)
    assert np.array_equal(pixels_of(body), by_libtiff(data))


def test_it_holds_what_a_picture_needs() -> None:
    """No words, no thumbnail, nothing behind its end."""
    words = b"\xff\xe1\x00\x08Exif\0\0" + b"\xff\xfe\x00\x08secret"
    body = made(tiled(more=words, junk=JUNK), WHOLE, stored_tiles=True)
    assert set(markers(body)) <= {0xEE, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}
    assert markers(body)[-1] == 0xD9
    assert b"secret" not in body
    assert JUNK not in body
    assert body.endswith(b"\xff\xd9")


def test_what_bears_an_overlay_is_made() -> None:
    logo = {"overlays": {"logo": saved(PHOTO[:9, :9], "PNG")}}
    assert is_sent(tiled(), WHOLE, **logo)
    assert not is_sent(tiled(), f"{WHOLE}&mark=logo", **logo)


def test_a_level_too() -> None:
    data = tiled()
    assert is_sent(data, "rect=0,0,128,128&w=64&fm=jpg")


@pytest.mark.parametrize(
    "query",
    [
        "rect=64,64,64,63", "rect=65,64,64,64", "rect=64,64,64,64&w=63", "rect=64,64,64,64&q=80",
        "rect=64,64,64,64&fm=png", "rect=64,64,64,64&flip=h", "rect=64,64,64,64&orient=3",
        "rect=64,64,64,64&keep=exif", "rect=64,64,64,64&pad=2", "rect=64,64,64,64&blur=2",
        "rect=64,64,64,64&max_bytes=100000", "rect=64,64,64,64&sharp=5", "rect=192,64,11,64",
        "rect=64,64,128,64", "",
    ],
)  # fmt: skip
def test_what_is_more_than_one_tile_is_made(query: str) -> None:
    assert not is_sent(tiled(), query if "fm=" in query else f"{query}&fm=jpg".strip("&"))


@pytest.mark.parametrize(
    ("profile", "sent"), [(None, True), (SRGB, True), (swapped_profile(), False), (b"none", False)]
)
def test_colours_are_those_of_srgb(profile: bytes | None, sent: bool) -> None:
    options = {} if profile is None else {"iccprofile": profile}
    assert is_sent_or_made(tiled(options=options)) == sent


def is_sent_or_made(data: bytes) -> bool:
    """As above, of what is made under another key too: the profile is seen when it is read."""
    plain, stored = (ask(data, WHOLE, stored_tiles=way) for way in (False, True))
    assert plain.status == stored.status == 200
    return plain.read() != stored.read()


def test_what_not_every_client_shows_is_made() -> None:
    assert not is_sent_or_made(tiled(progressive=True))


def test_what_lacks_its_end_is_not_sent() -> None:
    """Then nobody knows what else it lacks, but a decoder."""
    assert not is_sent_or_made(tiled().replace(b"\xff\xd9", b"\x00\x00"))


def test_it_is_remembered_and_conditional_as_all_results() -> None:
    service = serving(tiled(), stored_tiles=True)
    first = get(service, WHOLE)
    assert get(service, WHOLE).read() == first.read()
    etag = first.header("ETag")
    assert etag
    assert get(service, WHOLE, **{"if-none-match": etag}).status == 304
    assert opened(first.read()).size == (TILE, TILE)
