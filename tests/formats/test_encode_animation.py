"""Animations out, read back by Pillow."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from imgmiddleware.formats.compose import seen_frames
from imgmiddleware.formats.encode import encode_animation
from originals import probe
from pictures import close, photo_like, psnr, read_by_opencv

FORMATS = ("gif", "webp", "avif")


def moving(count: int = 4, alpha: bool = False) -> list[Any]:
    """A red square on a gradient (or on nothing), a step to the right in each frame."""
    frames = []
    for i in range(count):
        frame = np.dstack([np.linspace(40, 200, 64).astype(np.uint8)[None].repeat(48, 0)] * 3)
        if alpha:
            frame = np.zeros((48, 64, 4), np.uint8)
        frame[16:32, 8 + 10 * i : 24 + 10 * i] = (0, 0, 255, 255)[: frame.shape[2]]
        frames.append(frame)
    return frames


def lasting(frames: list[Any]) -> list[Any]:
    return [(frame, 50) for frame in frames]


def read(data: bytes) -> tuple[list[Any], list[int], Any]:
    with Image.open(io.BytesIO(data)) as image:
        pictures, durations = [], []
        for frame in ImageSequence.Iterator(image):
            pictures.append(np.asarray(frame.convert("RGBA"))[..., [2, 1, 0, 3]])
            durations.append(frame.info["duration"])
        return pictures, durations, image.info.get("loop")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_every_frame_and_its_time(format: str, alpha: bool) -> None:
    frames = moving(alpha=alpha)
    data = encode_animation([*zip(frames, [100, 50, 200, 40], strict=True)], format, 90, 0)
    pictures, durations, _ = read(data)
    assert [round(d) for d in durations] == [100, 50, 200, 40]
    for picture, frame in zip(pictures, frames, strict=True):
        if alpha:
            assert np.abs(picture[..., 3].astype(int) - frame[..., 3]).max() <= 8
            seen = frame[..., 3] > 0
            assert np.abs(picture[seen][:, :3].astype(int) - frame[seen][:, :3]).mean() < 12
        else:
            assert psnr(picture[..., :3], frame) > 28


#: Plays that are asked for, and what WebP's count and GIF's, of how often again, say of them.
PLAYS = [
    (0, 0, 0),
    (1, 1, None),
    (3, 3, 2),
    (65_535, 65_535, 65_534),
    (65_536, 0, 0),
    (2**32 - 1, 0, 0),
]


@pytest.mark.parametrize(("plays", "webp", "gif"), PLAYS)
def test_how_often_it_runs(plays: int, webp: int, gif: int | None) -> None:
    frames = moving(2)
    assert read(encode_animation(lasting(frames), "webp", 75, plays))[2] == webp
    # A GIF says how often it runs again; without a word it runs once.
    assert read(encode_animation(lasting(frames), "gif", 75, plays))[2] == gif


@pytest.mark.parametrize("format", FORMATS)
def test_one_frame_is_a_still(format: str) -> None:
    data = encode_animation(lasting(moving(1)), format, 75, 0)
    with Image.open(io.BytesIO(data)) as image:
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("format", FORMATS)
def test_gray_frames(format: str) -> None:
    frames = [np.full((20, 30), level, np.uint8) for level in (20, 220)]
    pictures = read(encode_animation(lasting(frames), format, 90, 0))[0]
    assert [round(float(p[..., :3].mean()) / 10) for p in pictures] == [2, 22]


def test_a_gif_cannot_be_faster_than_browsers_show() -> None:
    assert times([0, 14], "gif") == [20, 20]


def times(wanted: list[int], format: str) -> list[int]:
    """What a file of frames that last so long says that they do."""
    frames = [np.full((16, 16, 3), 40 + 20 * (i % 10), np.uint8) for i in range(len(wanted))]
    return read(encode_animation([*zip(frames, wanted, strict=True)], format, 50, 0))[1]


@pytest.mark.parametrize("frame", [21, 24, 25, 26, 33, 67])
def test_hundredths_of_a_second_add_up(frame: int) -> None:
    lasted = np.cumsum(times([frame] * 8, "gif"))
    assert np.abs(lasted - frame * np.arange(1, 9)).max() <= 5


def test_what_is_shown_for_longer_than_asked_is_not_made_up_for() -> None:
    assert times([14, 14, 14, 100], "gif") == [20, 20, 20, 100]


@pytest.mark.parametrize(
    ("format", "longest"), [("gif", 655_350), ("webp", 2**24 - 1), ("avif", 2**31 // 3)]
)
def test_no_frame_lasts_longer_than_the_format_can_say(format: str, longest: int) -> None:
    assert times([50, longest, 50], format) == [50, longest, 50]
    assert times([50, longest + 1, 50], format)[1] == longest
    assert times([50, 1000 * (2**32 - 1), 50], format) == [50, longest, 50]


def test_libwebp_counts_the_milliseconds_of_all_frames() -> None:
    lasted = times([2**24 - 1] * 140, "webp")
    assert len(lasted) == 140
    assert 0.99 * 2**31 < sum(lasted) < 2**31


@pytest.mark.parametrize("alpha", [False, True])
def test_equal_frames_of_a_gif_last_as_long_as_all(alpha: bool) -> None:
    one, other = moving(2, alpha=alpha)
    wanted = [(one, 655_350), (one, 655_350), (other, 50), (other, 50)]
    pictures, lasted, _ = read(encode_animation(wanted, "gif", 75, 0))
    assert lasted == [655_350, 655_350, 50, 50]
    assert np.array_equal(pictures[0], pictures[1])
    still = read(encode_animation(wanted[:2], "gif", 75, 0))
    assert sum(still[1]) == 1_310_700


# --- GIF: what is black, and what is clear ---------------------------------------------------------


def with_black(colors: str, alpha: str) -> list[Any]:
    """BGRA: a black bar on a picture, clear to its left, that moves; black to the right of all."""
    ground = photo_like(64, 48)
    if colors == "few":
        ground = ground // 64 * 64 + 32
    frames = []
    for i in range(4):
        frame = np.dstack((ground, np.full((48, 64), 255, np.uint8)))
        if alpha != "none":
            frame[:, : 10 + 4 * i] = 0
        if alpha == "from the second on" and not i:
            frame[..., 3] = 255
        frame[:, 50:] = frame[10:40, 10 + 8 * i : 20 + 8 * i] = (0, 0, 0, 255)
        frames.append(frame)
    return frames


def by_our_reader(data: bytes) -> list[Any]:
    return [pixels for pixels, _ in seen_frames(data, probe(data)).frames]


@pytest.mark.parametrize("reader", [lambda data: read(data)[0], by_our_reader])
@pytest.mark.parametrize("alpha", ["none", "always", "from the second on"])
@pytest.mark.parametrize("colors", ["few", "many"])
def test_black_stays_black_and_clear_clear(colors: str, alpha: str, reader: Any) -> None:
    frames = with_black(colors, alpha)
    pictures = reader(encode_animation(lasting(frames), "gif", 75, 0))
    for picture, frame in zip(pictures, frames, strict=True):
        assert np.array_equal(picture[..., 3], frame[..., 3])
        opaque, black = frame[..., 3] > 0, (frame == (0, 0, 0, 255)).all(axis=2)
        assert picture[black].tolist() == [[0, 0, 0, 255]] * np.count_nonzero(black)
        if colors == "few":
            assert np.array_equal(picture[opaque], frame[opaque])
        assert psnr(picture[opaque], frame[opaque]) > 27


def test_opencv_reads_a_gif_without_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    frames = with_black("many", "always")
    assert read_by_opencv(encode_animation(lasting(frames), "gif", 75, 0)).shape == (48, 64, 4)
    assert capfd.readouterr().err == ""


def test_a_gif_holds_of_an_opaque_frame_what_has_changed() -> None:
    frames = with_black("many", "none")
    first, two = (len(encode_animation(lasting(frames[:n]), "gif", 75, 0)) for n in (1, 2))
    # Two places of the bar are 18 of 64 columns, and 30 of 48 rows; and there is a palette.
    assert two - first < 0.3 * first + 800


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_pixels_are_the_same_bytes(format: str) -> None:
    frames = [photo_like(40, 30), 255 - photo_like(40, 30)]
    first, second = (encode_animation(lasting(frames), format, 75, 0) for _ in range(2))
    assert first == second


def test_an_avif_does_not_say_when_it_was_made() -> None:
    data = encode_animation(lasting([photo_like(40, 30), 255 - photo_like(40, 30)]), "avif", 75, 0)
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        header = data.index(kind) + 4
        wide = 8 if data[header] == 1 else 4
        assert data[header + 4 : header + 4 + 2 * wide] == bytes(2 * wide)
        # What follows is a time scale or a track's number, and still there.
        assert int.from_bytes(data[header + 4 + 2 * wide : header + 8 + 2 * wide], "big") > 0


def headers(data: bytes, kind: bytes) -> list[bytes]:
    """The bodies of all boxes of this kind, whose versions are 1."""
    return [data[m.end() : m.end() + 48] for m in re.finditer(kind + rb"\x01", data)]


@pytest.mark.parametrize("plays", [0, 1, 2, 65_535])
def test_how_often_an_avif_plays(plays: int) -> None:
    """23008-12:2022, section 9.6.1: an edit list without its flag plays once; with it for as long as
    the track lasts, whose duration is all ones where it has no end. The frames last 50 ms each.
    """
    frames = with_black("many", "always")
    data = encode_animation(lasting(frames), "avif", 75, plays)
    segment = 50 * len(frames)
    lasts = plays * segment if plays else 2**64 - 1
    edits, tracks = headers(data, b"elst"), headers(data, b"tkhd")
    assert len(edits) == len(tracks) == 2  # of the colours, and of the alpha
    for edit, track in zip(edits, tracks, strict=True):
        assert edit[:3] == (b"\0\0\0" if plays == 1 else b"\0\0\1")
        assert struct.unpack_from(">LQ", edit, 3) == (1, segment)
        assert struct.unpack_from(">Q", track, 27) == (lasts,)
    assert struct.unpack_from(">Q", headers(data, b"mvhd")[0], 23) == (lasts,)
    assert seen_frames(data, probe(data)).plays == plays


def test_plays_of_an_avif_that_are_not_said() -> None:
    """Without an edit list Chromium plays for ever; a part of a segment is one more, in libavif."""
    data = encode_animation(lasting(with_black("many", "none")), "avif", 75, 2)
    assert seen_frames(data.replace(b"elst", b"free"), probe(data)).plays == 0
    track = data.index(b"tkhd\1") + 4 + 28
    (lasts,) = struct.unpack_from(">Q", data, track)
    longer = data[:track] + struct.pack(">Q", lasts + 1) + data[track + 8 :]
    assert seen_frames(longer, probe(data)).plays == 3


def test_a_moving_avif_is_of_limited_range() -> None:
    """Debian's Chromium shows full range as if it were limited. Pillow tells the range itself."""
    data = encode_animation(lasting([np.full((64, 64, 3), 60, np.uint8)] * 2), "avif", 90, 0)
    place = data.index(b"nclx") + 10
    assert data[place] >> 7 == 0
    assert close(read(data)[0][0][..., :3], np.full((64, 64, 3), 60), 2)
