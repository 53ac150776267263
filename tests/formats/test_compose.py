"""Frames of animations, in and out, against Pillow's reading or what browsers do."""

from __future__ import annotations

import io
import json
import random
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from asking import ask, get, made, serving
from files import PNG, chunk, png_chunks
from imgmiddleware.formats.encode import encode_animation
from imgmiddleware.formats.probe import read_animation, read_facts
from imgmiddleware.sources import BytesOriginal
from originals import cut, flipped
from pictures import moving, opened, photo_like, pixels_of

FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
FORMAT_NAMES = {"gif", "png", "webp", "avif"}


def frames(alpha: bool, count: int = 5) -> list[Image.Image]:
    """A disc of another colour each time, a step further, on a photo or on nothing."""
    random_colors = random.Random(3)
    ground = Image.fromarray(photo_like(60, 40)).quantize(32).convert("RGBA")
    made = []
    for i in range(count):
        image = Image.new("RGBA", (60, 40)) if alpha else ground.copy()
        color = (*random_colors.randbytes(3), 255)
        image.paste(color, (4 + 9 * i, 6 + 3 * i, 20 + 9 * i, 22 + 3 * i))
        made.append(image)
    return made


def animated(format: str, alpha: bool = False, count: int = 5, **options: Any) -> bytes:
    images = frames(alpha, count)
    if not alpha and format != "GIF":
        images = [image.convert("RGB") for image in images]
    if format == "WEBP":
        options = {"lossless": True, **options}
    if format == "AVIF":
        options = {"quality": 100, "subsampling": "4:4:4", **options}
    options |= {
        "duration": [100, 60, 200, 120, 80][:count],
        "loop": None if format == "AVIF" else 0,
    }
    data = moving(images, format, **options)
    # libwebp leaves the flag of alpha out where every frame is an opaque part of a clear canvas.
    return data[:20] + bytes([data[20] | 0x10]) + data[21:] if alpha and format == "WEBP" else data


def by_pillow(data: bytes) -> list[Any]:
    with Image.open(io.BytesIO(data)) as image:
        return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]


def ours(data: bytes, count: int) -> list[Any]:
    bodies = [ask(data, f"frame={n}&fm=png") for n in range(1, count + 1)]
    assert [body.status for body in bodies] == [200] * count, bodies[0].body
    return [pixels_of(body.body, "RGBA") for body in bodies]


def seen(pixels: Any) -> Any:
    """Colours of what is clear count for nothing."""
    return np.where(pixels[..., 3:] > 0, pixels, 0)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_every_frame_is_pillows(format: str, alpha: bool) -> None:
    data = animated(format, alpha)
    facts = read_facts(BytesOriginal(data), FORMAT_NAMES)
    assert (facts.frames, facts.width, facts.height) == (5, 60, 40)
    for mine, theirs in zip(ours(data, 5), by_pillow(data), strict=True):
        assert np.abs(seen(mine).astype(int) - seen(theirs)).max() <= (2 if format == "AVIF" else 0)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_every_disposal_of_gif(disposal: int) -> None:
    data = animated("GIF", alpha=True, disposal=disposal, optimize=False)
    for mine, theirs in zip(ours(data, 5), by_pillow(data), strict=True):
        assert np.array_equal(seen(mine), seen(theirs))


def png_of(parts: list[tuple[bytes, bytes]]) -> bytes:
    return PNG + b"".join(chunk(*part) for part in parts)


def by_the_specification(data: bytes) -> list[Any]:
    """Frames composed as clause 11.3.6.2 says, by Pillow's compositing.

    Pillow's own reading differs: it blends on the default image, and clears what was not drawn.
    """
    parts = png_chunks(data)
    header = parts[0][1]
    canvas = Image.new("RGBA", struct.unpack(">LL", header[:8]))
    shown: list[Any] = []
    stills: list[list[Any]] = []
    for kind, body in parts:
        if kind == b"fcTL":
            stills.append([body, b""])
        elif kind in (b"IDAT", b"fdAT") and stills:
            stills[-1][1] += body if kind == b"IDAT" else body[4:]
    for control, rows in stills:
        _, width, height, left, top, _, _, dispose, blend = struct.unpack(">LLLLLHHBB", control)
        size = struct.pack(">LL", width, height) + header[8:]
        still = Image.open(io.BytesIO(png_of([(b"IHDR", size), (b"IDAT", rows), (b"IEND", b"")])))
        box, before = (left, top, left + width, top + height), canvas.copy()
        if blend:
            canvas.alpha_composite(still.convert("RGBA"), (left, top))
        else:
            canvas.paste(still.convert("RGBA"), box)
        shown.append(np.asarray(canvas).copy())
        if dispose == 1:
            canvas.paste((0, 0, 0, 0), box)
        elif dispose == 2:
            canvas = before
    return shown


@pytest.mark.parametrize("disposal", [0, 1, 2])
@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("default_image", [False, True])
def test_every_disposal_and_blending_of_png(disposal: int, blend: int, default_image: bool) -> None:
    data = animated("PNG", alpha=True, disposal=disposal, blend=blend, default_image=default_image)
    expected = by_the_specification(data)
    assert len(expected) == (4 if default_image else 5)
    still = pixels_of(ask(data, "fm=png").body, "RGBA")
    assert np.array_equal(seen(still), np.asarray(frames(alpha=True)[0]))
    for one, other in zip(ours(data, len(expected))[1:], expected[1:], strict=True):
        assert np.array_equal(seen(one), seen(other))


def gif(
    *images: tuple[tuple[int, int, int, int], int, int], size: tuple[int, int] = (8, 8)
) -> bytes:
    """A GIF of plain rectangles: ((left, top, width, height), index, disposal); red, green, blue, white."""
    palette = bytes.fromhex("ff0000 00ff00 0000ff ffffff")
    whole = b"GIF89a" + struct.pack("<HHBBB", *size, 0x91, 3, 0) + palette
    for (left, top, width, height), index, disposal in images:
        whole += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2, 5, 0, 0)
        whole += struct.pack("<BHHHHB", 0x2C, left, top, width, height, 0)
        codes = []
        for _ in range(width * height):
            codes += [4, index]  # a clear code before each, so that all codes have three bits
        codes.append(5)
        bits = sum(code << 3 * i for i, code in enumerate(codes))
        packed = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
        whole += b"\2" + b"".join(
            bytes([len(part)]) + part for part in (packed[i : i + 255] for i in range(0, len(packed), 255))
        ) + b"\0"  # fmt: skip
    return whole + b";"


def test_what_no_frame_covers_is_clear() -> None:
    # Browsers ignore the background colour (white here).
    data = gif(((2, 2, 4, 4), 0, 2), ((0, 0, 2, 2), 1, 0))
    first, second = ours(data, 2)
    assert first[3, 3].tolist() == [255, 0, 0, 255]
    assert first[0, 0, 3] == 0
    # The first was taken away to the same nothing.
    assert second[3, 3, 3] == 0
    assert second[0, 0].tolist() == [0, 255, 0, 255]
    assert opened(ask(data, "").body).format == "PNG"  # it has alpha, and is said to


def test_previous_brings_back_what_stood_there() -> None:
    data = gif(((0, 0, 8, 8), 0, 1), ((2, 2, 4, 4), 1, 3), ((6, 6, 2, 2), 2, 0))
    third = ours(data, 3)[2]
    assert third[3, 3].tolist() == [255, 0, 0, 255]
    assert third[7, 7].tolist() == [0, 0, 255, 255]


def test_a_frame_that_hangs_over_is_cut() -> None:
    second = ours(gif(((0, 0, 8, 8), 0, 1), ((6, 6, 5, 5), 1, 0)), 2)[1]
    assert second.shape == (8, 8, 4)
    assert second[7, 7].tolist() == [0, 255, 0, 255]
    assert second[5, 5].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fm", ["webp", "gif", "avif"])
def test_an_animation_comes_out_moving(format: str, fm: str) -> None:
    data = animated(format)
    answer = ask(data, f"anim=1&w=30&fm={fm}&q=95")
    assert (answer.status, answer.header("Content-Type")) == (200, f"image/{fm}")
    with Image.open(io.BytesIO(answer.body)) as image:
        assert (image.format, image.size, image.n_frames) == (fm.upper(), (30, 20), 5)
        durations = [f.load() and f.info["duration"] for f in ImageSequence.Iterator(image)]
    assert [round(d) for d in durations] == [100, 60, 200, 120, 80]
    originals = [
        Image.fromarray(p).convert("RGB").resize((30, 20), Image.Resampling.LANCZOS)
        for p in by_pillow(data)
    ]
    for result, original in zip(by_pillow(answer.body), originals, strict=True):
        assert np.abs(result[..., :3].astype(int) - np.asarray(original)).mean() < 12


def test_operations_work_on_every_frame() -> None:
    data = animated("GIF", alpha=True)
    answer = ask(data, "anim=1&rot=90&fm=webp&q=95")
    for result, original in zip(by_pillow(answer.body), by_pillow(data), strict=True):
        assert np.abs(np.rot90(original, -1)[..., 3].astype(int) - result[..., 3]).max() < 30


def test_without_a_format_it_is_what_the_client_takes() -> None:
    data = animated("GIF")
    service = serving(data)
    kinds = [
        get(service, "anim=1", accept=accept).header("Content-Type")
        for accept in ("image/avif,image/webp", "image/avif", "*/*")
    ]
    assert kinds == ["image/webp", "image/avif", "image/gif"]


@pytest.mark.parametrize("options", [{"max_frames": 4}, {"max_animation_pixels": 60 * 40 * 5 - 1}])
def test_over_a_budget_it_is_the_first_frame(options: dict[str, int]) -> None:
    data = animated("GIF")
    within, over = (ask(data, "anim=1&fm=webp", **o) for o in ({}, options))
    assert opened(within.body).n_frames == 5
    assert opened(over.body).n_frames == 1
    assert within.header("Image-Notes") is None
    assert over.header("Image-Notes") == "not-animated"
    # The same pixels without the note, of who asked for one frame or for a format that cannot move.
    for query in ("fm=webp", "anim=1&fm=jpg"):
        assert ask(data, query, **options).header("Image-Notes") is None
    still = ask(data, "fm=webp", **options)
    assert still.body == over.body
    assert still.header("ETag") != over.header("ETag")
    assert within.header("ETag") != over.header("ETag")


def test_of_a_still_it_is_a_still() -> None:
    still = photo_like(30, 20)
    assert opened(ask(still, "anim=1").body).format == "JPEG"
    assert opened(ask(animated("GIF"), "anim=1&fm=jpg").body).format == "JPEG"


def test_a_frame_that_is_not_there() -> None:
    answer = ask(animated("WEBP"), "frame=6")
    assert (answer.status, json.loads(answer.body)["limit"]) == (400, 5)


@pytest.mark.parametrize(("plays", "loop"), [(0, 0), (3, 3)])
def test_how_often_it_runs(plays: int, loop: int) -> None:
    for format in ("PNG", "WEBP"):
        data = animated_with_loop(format, plays)
        with Image.open(io.BytesIO(ask(data, "anim=1&fm=webp").body)) as image:
            assert image.info["loop"] == loop
    # A GIF says how often again: 2 is three times.
    gif_data = animated_with_loop("GIF", max(0, plays - 1))
    with Image.open(io.BytesIO(ask(gif_data, "anim=1&fm=webp").body)) as image:
        assert image.info["loop"] == loop


@pytest.mark.parametrize("plays", [0, 1, 3])
def test_how_often_an_avif_runs(plays: int) -> None:
    """From WebP, and back; what AVIF says of it is held to its specification elsewhere."""
    avif = ask(animated_with_loop("WEBP", plays), "anim=1&fm=avif").body
    with Image.open(io.BytesIO(ask(avif, "anim=1&fm=webp").body)) as image:
        assert image.info["loop"] == plays


def test_a_sequence_with_sound() -> None:
    """A track that is no picture's, here that of alpha, is stepped over."""
    data = moving(frames(alpha=True, count=2), "AVIF")
    silent = ask(data.replace(b"auxv", b"soun"), "anim=1&fm=webp")
    with Image.open(io.BytesIO(silent.body)) as image:
        assert (image.n_frames, image.mode) == (2, "RGB")


def animated_with_loop(format: str, loop: int) -> bytes:
    images = [image.convert("RGB") for image in frames(alpha=False, count=2)]
    return moving(images, format, duration=50, loop=loop)


def saying_most(format: str) -> bytes:
    """Frames with the most plays that can be said, and the longest times."""
    data = bytearray(animated_with_loop(format, 65_535))
    if format == "GIF":
        for control in re.finditer(rb"\x21\xf9\x04", data):
            struct.pack_into("<H", data, control.end() + 1, 65_535)
    if format != "PNG":
        return bytes(data)
    most = {
        b"acTL": lambda body: body[:4] + struct.pack(">L", 2**31 - 1),
        b"fcTL": lambda body: body[:20] + struct.pack(">HH", 65_535, 1) + body[24:],
    }
    same: Callable[[bytes], bytes] = bytes
    return png_of([(k, most.get(k, same)(body)) for k, body in png_chunks(bytes(data))])


@pytest.mark.parametrize("fm", ["webp", "avif", "gif"])
@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_what_one_format_can_say_and_another_cannot(format: str, fm: str) -> None:
    answer = ask(saying_most(format), f"anim=1&fm={fm}")
    assert answer.status == 200
    with Image.open(io.BytesIO(answer.body)) as image:
        assert image.n_frames == 2
        # 65,536 plays, as a GIF says it, are for ever.
        expected = {"WEBP": {"webp": 65_535, "gif": 65_534}}.get(format, {"webp": 0, "gif": 0})
        assert image.info.get("loop") == expected.get(fm)


def test_frames_of_no_time_last_as_in_browsers() -> None:
    images = [image.convert("RGB") for image in frames(alpha=False, count=2)]
    for format in ("GIF", "PNG", "WEBP"):
        data = moving(images, format, duration=10)
        facts = read_facts(BytesOriginal(data), FORMAT_NAMES)
        assert [f.duration for f in read_animation(data, facts).frames] == [100, 100]


# --- The person who attacks each file -------------------------------------------------------------


def changed(kind: bytes, change: Callable[[bytes], bytes], which: int = 1) -> bytes:
    parts = png_chunks(animated("PNG", alpha=True))
    places = [i for i, part in enumerate(parts) if part[0] == kind]
    at = places[which]
    parts[at] = (kind, change(parts[at][1]))
    return png_of(parts)


@pytest.mark.parametrize(
    "data",
    [
        changed(b"fcTL", lambda body: body[:4] + struct.pack(">L", 61) + body[8:]),
        changed(b"fcTL", lambda body: body[:12] + struct.pack(">L", 60) + body[16:]),
        changed(b"fcTL", lambda body: struct.pack(">L", 77) + body[4:]),
        changed(b"fcTL", lambda body: body[:24] + b"\7" + body[25:]),
        changed(b"fcTL", lambda body: body[:20]),
        changed(b"fdAT", lambda body: body[:3], which=0),
        changed(b"fdAT", lambda body: body[:-9], which=0),
        changed(b"fdAT", lambda body: body[:4] + b"\0" * 40, which=0),
    ],
    ids=["wide", "beside", "out of order", "disposal", "short", "no number", "cut", "no stream"],
)
def test_a_damaged_frame_is_damage(data: bytes) -> None:
    assert ask(data, "fm=png").status == 200  # the still is whole
    assert ask(data, "anim=1&fm=webp").status == 422
    assert ask(data, "frame=2&fm=png").status == 422


def test_pages_are_no_animation() -> None:
    """Of which `anim` makes what it makes of any still; they are no damage."""
    pages = [Image.new("RGB", (60, 40), (level, 0, 0)) for level in (250, 120, 30)]
    service = serving(moving(pages, "TIFF"))
    for query, page in [("anim=1&fm=webp", 250), ("anim=1", 250), ("anim=1&page=2&fm=gif", 120)]:
        answer = get(service, query)
        with Image.open(io.BytesIO(answer.body)) as image:
            assert (answer.status, getattr(image, "n_frames", 1)) == (200, 1)
            assert abs(image.convert("RGB").getpixel((30, 20))[0] - page) < 4
    still = get(service, "")
    assert get(service, "anim=1").body == still.body


def test_more_frames_than_there_are_is_not_believed() -> None:
    parts = png_chunks(animated("PNG"))
    more = [(k, struct.pack(">LL", 7, 0)) if k == b"acTL" else (k, b) for k, b in parts]
    assert read_facts(BytesOriginal(png_of(more)), FORMAT_NAMES).frames == 5


def test_a_sequence_whose_container_says_another_size() -> None:
    data = animated("AVIF")
    entry = data.index(b"av01", data.index(b"stsd"))
    at = entry + 4 + 24
    assert struct.unpack_from(">HH", data, at) == (60, 40)
    other = data[:at] + struct.pack(">HH", 58, 40) + data[at + 4 :]
    assert ask(other, "").status == 422


@pytest.mark.parametrize("format", FORMATS)
def test_cut_short_and_flipped(format: str) -> None:
    data = animated(format, alpha=True)
    for broken in (*cut(data, 20)[1:], *flipped(data, 40)):
        for query in ("anim=1&fm=webp", "frame=3&fm=png"):
            assert ask(broken, query).status in (200, 400, 415, 422)


def test_very_many_frames_are_over_the_budget() -> None:
    data = gif(*[((0, 0, 1, 1), i % 4, 0) for i in range(5000)], size=(1, 1))
    assert read_facts(BytesOriginal(data), FORMAT_NAMES).frames == 5000
    assert opened(ask(data, "anim=1&fm=gif").body).n_frames == 1


# --- Times that are no whole milliseconds ----------------------------------------------------------


def thirtieths(format: str) -> bytes:
    """Frames of a thirtieth of a second."""
    frames = [np.full((16, 16, 3), 37 * number % 200, np.uint8) for number in range(30)]
    if format == "png":
        data = moving([Image.fromarray(frame) for frame in frames], "PNG", duration=33)
        for kind, body in png_chunks(data):
            if kind == b"fcTL":
                exact = body[:20] + struct.pack(">HH", 1, 30) + body[24:]
                data = data.replace(chunk(kind, body), chunk(kind, exact))
        return data
    data = encode_animation([(frame, 33) for frame in frames], "avif", 90, 0)
    media, table = data.index(b"mdhd"), data.index(b"stts")
    scale = media + 4 + (20 if data[media + 4] else 12)
    assert struct.unpack_from(">L", data, scale) == (1000,)
    (runs,) = struct.unpack_from(">L", data, table + 8)
    changed = bytearray(data)
    struct.pack_into(">L", changed, scale, 30)
    for run in range(runs):
        struct.pack_into(">L", changed, table + 16 + 8 * run, 1)
    return bytes(changed)


@pytest.mark.parametrize("result", ["gif", "webp", "avif"])
@pytest.mark.parametrize("format", ["png", "avif"])
def test_what_a_frame_loses_is_given_to_the_next(format: str, result: str) -> None:
    image = opened(made(thirtieths(format), f"anim=1&fm={result}"))
    lasted = []
    for number in range(30):
        image.seek(number)
        image.load()
        lasted.append(image.info["duration"])
    off = {"gif": 5, "webp": 0.6, "avif": 0.6}[result]
    assert np.abs(np.cumsum(lasted) - np.arange(1, 31) * 1000 / 30).max() <= off
