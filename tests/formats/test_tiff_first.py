"""The first directory is a thumbnail, as cameras write it: the picture is below it, or follows."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
import tifffile

from asking import ask, refused, shown
from originals import probe
from pictures import photo_like

PHOTO = photo_like(400, 300)
SMALL = np.ascontiguousarray(PHOTO[::4, ::4])
RAW, LINEAR_RAW = 32803, 34892


def written(*pages: tuple[Any, int], below: int = 0, **options: Any) -> bytes:
    """Of pictures and their NewSubfileType; so many of them in SubIFDs of the first."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, (pixels, kind) in enumerate(pages):
            subifds = below if not number and below else None
            colors = "rgb" if pixels.ndim > 2 else "minisblack"
            writer.write(pixels, photometric=colors, subfiletype=kind, subifds=subifds,
                         metadata=None, **options)  # fmt: skip
    return file.getvalue()


def told(data: bytes, page: int, below: bool, photometric: int) -> bytes:
    """With another photometric interpretation of a page."""
    file = io.BytesIO(data)
    with tifffile.TiffFile(file, mode="r+b") as written:
        found = written.pages[0].pages[page] if below else written.pages[page]
        found.tags[262].overwrite(photometric)
    return file.getvalue()


@pytest.mark.parametrize("compression", [None, "adobe_deflate"])
@pytest.mark.parametrize("below", [0, 2])
def test_the_largest_picture_is_shown(below: int, compression: str | None) -> None:
    half = np.ascontiguousarray(PHOTO[::2, ::2])
    data = written((SMALL, 1), (half, 0), (PHOTO, 0), below=below, compression=compression)
    assert np.array_equal(shown(data), PHOTO)
    assert (probe(data).width, probe(data).frames) == (400, 1 if below else 3)
    if not below:
        assert np.array_equal(shown(data, "page=2&fm=png"), half)


def test_all_at_once_too() -> None:
    """A kind that is not read by pieces, of which the decoder would take the first page."""
    lab = 8
    data = told(written((SMALL, 1), (PHOTO, 0), below=1), 0, True, lab)
    assert not probe(data).band_bytes
    assert np.array_equal(shown(data), shown(told(written((PHOTO, 0)), 0, False, lab)))


def test_what_cannot_be_shown_leaves_the_thumbnail() -> None:
    data = written((SMALL, 1), (PHOTO, 0), below=1)
    broken = told(data, 0, True, 9999)
    assert np.array_equal(shown(broken), SMALL)
    assert np.array_equal(shown(written((SMALL, 1))), SMALL)


def test_the_picture_has_copies_of_its_own() -> None:
    """Those that follow it; the thumbnail before it is none."""
    half = np.ascontiguousarray(PHOTO[::2, ::2])
    data = written((SMALL, 1), (PHOTO, 0), (half, 1))
    assert [copy.reduced for copy in probe(data).overviews] == [2]
    assert probe(written((SMALL, 1), (PHOTO, 0), (half, 1), below=1)).overviews == ()


def test_a_first_page_that_says_nothing_is_shown() -> None:
    assert np.array_equal(shown(written((SMALL, 0), (PHOTO, 0))), SMALL)


@pytest.mark.parametrize("kind", [RAW, LINEAR_RAW])
@pytest.mark.parametrize("below", [0, 1])
def test_raw_is_told_by_name(below: int, kind: int) -> None:
    """NEF, ARW and others: never their thumbnail of 160 pixels."""
    data = told(
        written((SMALL, 1), (PHOTO[..., 1], 0), below=below), 0 if below else 1, bool(below), kind
    )
    answer = ask(data)
    assert (answer.status, "camera raw" in json.loads(answer.read())["detail"]) == (415, True)
    first = told(written((PHOTO[..., 1], 0)), 0, False, kind)
    assert refused(first) == (415, "unsupported-feature")


def test_a_list_that_is_broken() -> None:
    data = bytearray(written((SMALL, 1), (PHOTO, 0), below=1))
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, place) == (330,):
            struct.pack_into("<L", data, place + 8, len(data) + 9)
    assert np.array_equal(shown(bytes(data)), SMALL)
