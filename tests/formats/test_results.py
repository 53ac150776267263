"""A format of results that is made up, by one record: all that asks for it gets it."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drivers
from asking import serving
from drivers import Answer
from imgmiddleware import ImageService
from imgmiddleware.cli import main
from imgmiddleware.formats import results
from imgmiddleware.formats.metadata import Metadata
from imgmiddleware.formats.png import write as png
from imgmiddleware.formats.result_format import Frames, ResultFormat
from pictures import noise, photo_like, saved, swapped_profile

#: Changes fields of the record.
Change = Callable[..., None]

HEAD = struct.Struct("<4sBHHBBL")


def write(pixels: Any, quality: int, metadata: Metadata) -> bytes:
    """The samples as they are, behind all that the writer was told."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    icc = metadata.icc or b""
    head = HEAD.pack(b"XYZ.", quality, width, height, channels, pixels.itemsize, len(icc))
    return head + icc + pixels.tobytes()


def animate(frames: Frames, quality: int, plays: int, metadata: Metadata) -> bytes:
    times = [milliseconds for _, milliseconds in frames]
    return (
        b"XYZ*" + struct.pack(f"<{len(frames)}H", *times) + write(frames[0][0], quality, metadata)
    )


#: Half the encoder's quality at each `q`.
SCALE = (0, 5, 12, 25, 37, 45, 50)

XYZ = ResultFormat(
    name="xyz",
    media_type="image/x-xyz",
    suffixes=("xyz", "xy"),
    longest=60,
    write=write,
    animate=animate,
    scale=SCALE,
)


@pytest.fixture
def xyz() -> Iterator[Change]:
    """The format is there; what this is called with is another in its record."""

    def change(**fields: Any) -> None:
        results._results.pop("xyz")
        results.register(replace(XYZ, **fields))

    results.register(XYZ)
    yield change
    results._results.pop("xyz")


def both(service: ImageService, target: str, **headers: str) -> Answer:
    """The answer through both adapters, which must be one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return drivers.both(service, target, headers=named)


def answered(original: Any, query: str, **options: Any) -> tuple[Sequence[Any], bytes]:
    """What the header of the file says, and its samples."""
    status, _, body = both(serving(original, **options), f"/image/a?{query}")
    assert status == 200, body
    head = HEAD.unpack_from(body)
    return head[1:], body[HEAD.size + head[-1] :]


PIXELS = photo_like(50, 40)
CLEAR = np.dstack((PIXELS, np.full((40, 50), 51, np.uint8)))


def test_its_bytes_and_headers(xyz: Change) -> None:
    status, headers, body = both(serving(PIXELS), "/image/a/cat.JPG?fm=xyz&q=50")
    assert (status, body) == (200, write(PIXELS, 25, Metadata()))
    found = dict(headers)
    assert found["content-type"] == "image/x-xyz"
    assert found["content-length"] == str(len(body))
    assert found["content-disposition"] == 'inline; filename="cat.xyz"'


def test_its_suffixes_are_known(xyz: Change) -> None:
    service = serving(PIXELS)
    for target, name in (("a.xy?fm=xyz", "a.xy"), ("a.xy?fm=png", "a.png"), ("a?fm=xyz", "a.xyz")):
        headers = dict(both(service, f"/image/{target}")[1])
        assert headers["content-disposition"] == f'inline; filename="{name}"'


def test_alpha_is_flattened_or_kept_as_the_record_says(xyz: Change) -> None:
    head, samples = answered(CLEAR, "fm=xyz&bg=black")
    assert head[3] == 3
    black = np.rint(PIXELS * np.float32(51 / 255)).astype(np.uint8)
    assert samples == black.tobytes()
    xyz(alpha=True)
    head, samples = answered(CLEAR, "fm=xyz")
    assert (head[3], samples) == (4, CLEAR.tobytes())


def test_depth_and_profile_as_the_record_says(xyz: Change) -> None:
    deep = png.write(PIXELS.astype(np.uint16) * 257, 0, Metadata(swapped_profile()))
    assert answered(deep, "fm=xyz&depth=16&keep=icc")[0][4:] == (1, 0)
    xyz(profile=True)
    assert answered(deep, "fm=xyz&depth=16&keep=icc")[0][4:] == (1, len(swapped_profile()))
    xyz(profile=True, deep=True)
    assert answered(deep, "fm=xyz&depth=16")[0][4:] == (2, len(swapped_profile()))


def test_it_moves_where_it_can(xyz: Change) -> None:
    frames = [noise(20, 10), noise(20, 10).rotate(180)]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[40, 70])
    service = serving(moving)
    body = both(service, "/image/a?anim=1&fm=xyz")[2]
    assert body[:8] == b"XYZ*" + struct.pack("<2H", 40, 70)
    xyz(animate=None)
    assert both(serving(moving), "/image/a?anim=1&fm=xyz")[2][:4] == b"XYZ."


def test_too_long_a_side_is_refused(xyz: Change) -> None:
    long = np.zeros((3, 61), np.uint8)
    status, _, body = both(serving(long), "/image/a?fm=xyz")
    assert status == 400
    assert b'"result-too-large"' in body
    assert b"a xyz picture has at most 60 pixels a side; this would be 61x3" in body


def test_a_hint_lowers_its_quality_if_it_has_one(xyz: Change) -> None:
    hinted = {"client_hints": ["save-data"]}
    service = serving(PIXELS, **hinted)
    assert both(service, "/image/a?fm=xyz", Save_Data="on")[2][4] == 25  # of q=50
    xyz(scale=None)
    plain = serving(PIXELS, **hinted)
    assert both(plain, "/image/a?fm=xyz", Save_Data="on")[2][4] == 75


def test_it_is_named_among_the_formats_while_it_is_one(xyz: Change) -> None:
    service = serving(PIXELS, presets={"x": "fm=xyz"})
    assert both(service, "/image/a?preset=x")[0] == 200
    named = b"is not one of jpg, png, webp, avif, gif, bmp, tif, jxl, pjpg, thumbhash, blurhash, lqip, json"
    assert named + b", xyz" in both(service, "/image/a?fm=zyx")[2]
    results._results.pop("xyz")
    refused = both(service, "/image/a?fm=xyz")
    assert (refused[0], named + b'"' in refused[2]) == (400, True)
    results.register(XYZ)


def test_a_cache_keeps_it(xyz: Change, tmp_path: Path) -> None:
    photo = saved(noise(30, 20), "PNG")

    def service() -> ImageService:
        return serving(photo, cache_dir=os.fspath(tmp_path))

    first = both(service(), "/image/a?fm=xyz")
    xyz(write=lambda *_: pytest.fail("it was made again"))
    assert both(service(), "/image/a?fm=xyz") == first
    assert dict(first[1])["content-disposition"] == 'inline; filename="a.xyz"'


def test_a_file_of_it_is_written_by_the_command_line(
    xyz: Change, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, out = tmp_path / "a.png", tmp_path / "out.xyz"
    original.write_bytes(saved(noise(30, 20), "PNG"))
    assert main(["render", os.fspath(original), "--to", os.fspath(out), "-q", "w=15"]) == 0
    assert HEAD.unpack_from(out.read_bytes())[:4] == (b"XYZ.", 37, 15, 10)
    assert capsys.readouterr().err == f"{out}: {out.stat().st_size} bytes\n"


def test_a_name_is_taken_once(xyz: Change) -> None:
    with pytest.raises(ValueError, match="'xyz' already"):
        results.register(XYZ)


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "a&w=1"}, {"name": "jpg\n"}, {"name": "bücher"}, {"suffixes": ()}],
)
def test_one_that_no_link_or_file_could_name_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="letters and digits, and a suffix"):
        results.register(replace(XYZ, **fields))


def test_what_nothing_here_makes_is_saved_as_bytes() -> None:
    assert results.suffixes_of("image/x-nobody") == ("bin",)
