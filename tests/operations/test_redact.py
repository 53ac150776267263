"""Redact: what is hidden is in no answer, however it is asked for.

The attacker has two originals that differ in what is hidden and in nothing else, and looks for a
query whose answers differ.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from asking import ask, get, made, refused, serving, shown
from pictures import by_opencv, moving, opened, photo_like, pixels_of, saved
from tiffs import coded_tiff

WIDTH, HEIGHT = 160, 112
#: In no format's whole blocks.
LEFT, TOP, ACROSS, DOWN = BOX = (51, 37, 42, 30)
HIDES = f"redact={LEFT},{TOP},{ACROSS},{DOWN}"
PHOTO = photo_like(WIDTH, HEIGHT)

#: What might show more of it: other sizes and ways to read, parts, turns, colours, what goes along.
ATTACKS = [
    "w=160",
    "w=80",
    "w=40",
    "w=20",
    "w=9",
    "w=100&linear=1",
    "w=400&enlarge=1",
    "w=60&h=60&fit=crop",
    "w=60&h=60&fit=crop&crop=left",
    "rect=51,37,42,30",
    "rect=53,39,3,3",
    "rect=51,37,42,30&w=3",
    "rect=40,30,60,50&w=30",
    "rect=64,48,32,32",
    "rect=0,0,0.5,0.5",
    "rect=53,39,3,3&w=90&enlarge=1",
    "orient=2",
    "orient=3",
    "orient=6&w=40",
    "orient=8&rect=30,50,40,40",
    "rot=30",
    "rot=90&flip=h",
    "trim=auto",
    "trim=000",
    "trim=auto&rect=40,30,60,50",
    "page=1&w=40",
    "anim=1",
    "anim=1&w=40&fm=webp",
    "frame=1&w=80",
    "par=1",
    "w=40&sharp=100",
    "blur=50",
    "mono=bitonal",
    "mono=gray",
    "colorquant=2&fm=gif",
    "colorquant=16&fm=png",
    "fm=thumbhash",
    "fm=blurhash",
    "depth=16&fm=png",
    "depth=16&fm=tif&w=50",
    "keep=icc,exif,copyright,hdr",
    "fm=jpg&q=100&chromasub=444",
    "fm=webp&q=100",
    "palette=json",
    "palette=css&colors=4",
    "fm=lqip",
    "lossless=1&fm=webp&w=90",
    "fm=pjpg&w=50",
    "w=40&h=20&fit=crop&crop=entropy",
    "w=20&h=40&fit=crop&crop=edges",
    "w=40&h=20&fit=crop&crop=faces,entropy",
    "con=100&bri=-90",
    "shad=100&exp=100",
    "invert=1&w=40",
    "usm=100&usmrad=50",
    "px=9",
    "nr=100",
    "w=40&h=90&fit=fill&fill=blur",
    "mask=ellipse",
    "border=4,f00&border-radius=9",
    "duotone=f00,00f",
    "max_bytes=900&fm=jpg",
    "bg=00f",
    "pad=3",
    "w=40&h=90&fit=clamp",
    "w=64&h=64&fit=fill",
    "dpr=2&w=30",
]


def other(pixels: Any, seed: int = 5) -> Any:
    """The same but for what is hidden."""
    made = pixels.copy()
    part = made[TOP : TOP + DOWN, LEFT : LEFT + ACROSS]
    part[...] = np.random.default_rng(seed).integers(0, np.iinfo(part.dtype).max, part.shape)
    return made


def clear(pixels: Any) -> Any:
    alpha = np.linspace(0, 255, WIDTH).astype(np.uint8)[None].repeat(HEIGHT, 0)
    return np.dstack((pixels, alpha))


_PALETTE = Image.fromarray(PHOTO).quantize(200)


def frames(pixels: Any) -> bytes:
    """Of which the second is another, and both are hidden."""
    few = [Image.fromarray(part).quantize(palette=_PALETTE, dither=Image.Dither.NONE) for part in
           (pixels, np.roll(PHOTO, (50, 70), (0, 1)))]  # fmt: skip
    few[1].paste(few[0].crop((LEFT, TOP, LEFT + ACROSS, TOP + DOWN)), (LEFT, TOP))
    return moving(few, "GIF", duration=50, loop=0)


def pyramid(pixels: Any, tile: tuple[int, int] | None = (32, 48)) -> bytes:
    """With overviews, as their writers average them."""
    levels = [pixels, *(pixels[::by, ::by] for by in (2, 4))] if tile else [pixels]
    return coded_tiff(levels, lambda part: part.tobytes(), 1, 2, tile=tile)


KINDS: dict[str, Callable[[Any], Any]] = {
    "png": partial(saved, format="PNG"),
    "gray": lambda pixels: saved(pixels[..., 1].copy(), "PNG"),
    "clear": lambda pixels: saved(other(clear(PHOTO)) if pixels is not PHOTO else clear(PHOTO), "PNG"),
    "deep": lambda pixels: by_opencv(".png", pixels.astype(np.uint16) * 257),
    "webp": lambda pixels: saved(pixels, "WEBP", lossless=True, exact=True),
    "strips": partial(pyramid, tile=None),
    "pyramid": pyramid,
    "frames": frames,
    "array": np.ascontiguousarray,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_tells_of_what_is_hidden(kind: str, tmp_path: Path) -> None:
    """Though all else was asked for before, so that all that is kept of the original is there."""
    one, another = (
        serving(KINDS[kind](pixels), cache_dir=str(tmp_path / name), stored_tiles=True)
        for name, pixels in (("one", PHOTO), ("another", other(PHOTO)))
    )
    told = 0
    attacks = ATTACKS if kind in ("png", "pyramid") else ATTACKS[::3]
    for query in attacks:
        plain = [get(service, query).read() for service in (one, another)]
        told += plain[0] != plain[1]
        answers = [get(service, f"{query}&{HIDES}") for service in (one, another)]
        assert answers[0].status == answers[1].status
        assert answers[0].header("Image-Notes") == answers[1].header("Image-Notes"), query
        assert answers[0].read() == answers[1].read(), query
    assert told > len(attacks) // 2  # or there was nothing to be found


@pytest.mark.parametrize("sampling", [0x111111, 0x211111, 0x221111, 0x121111, 0x411111])
def test_a_jpegs_blocks_are_hidden_whole(sampling: int) -> None:
    """What was coded with what is hidden differs with it, up to the end of its block and beside it:
    of 16 pixels a side, of 32 in 4:1:1 (T.81, A.1.1).
    """
    coded = cv2.IMWRITE_JPEG_QUALITY, 60, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling
    one, another = (serving(by_opencv(".jpg", pixels, *coded)) for pixels in (PHOTO, other(PHOTO)))
    for query in ATTACKS[::3]:
        first, second = (get(service, f"{query}&{HIDES}").read() for service in (one, another))
        assert first == second, query


def test_a_tile_of_jpeg_is_not_sent_as_it_stands() -> None:
    def coder(part: Any) -> bytes:
        return saved(np.ascontiguousarray(part), "JPEG", quality=90)

    data = coded_tiff([PHOTO], coder, 7, 6, tile=(32, 48))
    tile = "rect=48,32,48,32&fm=jpg"
    sent, hidden = (made(data, f"{tile}{more}", stored_tiles=True) for more in ("", f"&{HIDES}"))
    assert sent != made(data, tile)
    assert pixels_of(hidden)[10:20, 10:30].max() < 8
    # Nor where another tile is asked for: the query says what must not be shown, and not where.
    assert made(data, f"rect=0,0,48,32&fm=jpg&{HIDES}", stored_tiles=True) == made(
        data, f"rect=0,0,48,32&fm=jpg&{HIDES}"
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stays_where_it_is_on_the_upright_original(orientation: int) -> None:
    """Whatever `orient` says. Pillow turns the picture upright; the box is black, all else is not."""
    tag = Image.Exif()
    tag[0x0112] = orientation
    data = saved(PHOTO, "PNG", exif=tag.tobytes())
    upright = np.array(ImageOps.exif_transpose(opened(data)))
    upright[10:40, 20:90] = 0
    assert np.array_equal(shown(data, "fm=png&redact=20,10,70,30"), upright)
    as_stored = shown(data, "fm=png&orient=1&redact=20,10,70,30")
    again = Image.fromarray(as_stored)
    again.getexif()[0x0112] = orientation
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(again)), upright)


def test_boxes_are_those_of_rect_and_cover_all_that_they_touch() -> None:
    for box, (left, top, right, bottom) in {
        "0,0,0.3,0.3": (0, 0, 48, 34),
        "0.303,0.3,0.1,0.1": (48, 33, 65, 45),
        "right,bottom,10,5": (150, 107, 160, 112),
        "center,middle,3,3": (78, 54, 82, 58),
        "left,top,full,7": (0, 0, 160, 7),
        "150,100,99,99": (150, 100, 160, 112),
    }.items():
        expected = PHOTO.copy()
        expected[top:bottom, left:right] = 0
        assert np.array_equal(shown(saved(PHOTO, "PNG"), f"fm=png&redact={box}"), expected), box
    both = shown(saved(PHOTO, "PNG"), "fm=png&redact=0,0,20,20;100,50,60,62")
    assert not both[:20, :20].any()
    assert not both[50:, 100:].any()
    assert np.array_equal(both[:50, 20:], PHOTO[:50, 20:])
    assert not shown(saved(PHOTO, "PNG"), "fm=png&redact=0,0,full,full").any()


@pytest.mark.parametrize(
    "query",
    [
        "redact=", "redact=1,2,3", "redact=1,2,3,4;", "redact=a,0,9,9", "redact=-1,0,9,9",
        "redact=1,2,3,4&redact=5,6,7,8", "redact=160,0,9,9", "redact=0,0,9,9;0,112,9,9",
        "redact=" + ";".join(["1,1,2,2"] * 65), "redact=1,2,3,4&redact-style=blur",
        "redact64=MSwyLDMsNA==", "redact64=gA", "redact64=", "redact64=MQ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("unknown", ["refuse", "ignore"])
def test_what_hides_nothing_is_refused(query: str, unknown: Any) -> None:
    """Also where else a wrong value is left out: the picture would be shown, and nothing hidden."""
    original = saved(PHOTO, "PNG")
    options = {} if unknown == "refuse" else {"unknown": "ignore"}
    answer = ask(original, f"fm=png&{query}", **options)
    if query.endswith("blur") and options:
        assert not pixels_of(answer.read())[2:6, 1:4].any()
    else:
        assert answer.status == 400
        assert b'"redact' in answer.read()


def test_base64_hides_too() -> None:
    plain, coded = (
        made(saved(PHOTO, "PNG"), f"fm=png&{query}", unknown="ignore")
        for query in ("redact=1,2,30,40", "redact64=MSwyLDMwLDQw")
    )
    assert plain == coded


def test_a_square_is_a_mean_in_one_of_sixteen_levels() -> None:
    """4 x 4 at most, by arithmetic; and one where the box is small."""
    data = saved(PHOTO, "PNG")
    mine = shown(data, "fm=png&redact=10,20,128,64&redact-style=pixelate").copy()
    box = PHOTO[20:84, 10:138].astype(float)
    means = box.reshape(2, 32, 4, 32, 3).mean((1, 3))
    squares = (means // 16 * 16 + 8).astype(np.uint8).repeat(32, 0).repeat(32, 1)
    assert np.array_equal(mine[20:84, 10:138], squares)
    mine[20:84, 10:138] = PHOTO[20:84, 10:138]
    assert np.array_equal(mine, PHOTO)
    small = shown(data, "fm=png&redact=10,20,16,12&redact-style=pixelate")[20:32, 10:26]
    assert len(np.unique(small.reshape(-1, 3), axis=0)) == 1


def test_squares_tell_nothing_of_what_was_clear() -> None:
    pixels = np.dstack((PHOTO, np.zeros((HEIGHT, WIDTH), np.uint8)))
    pixels[:, : WIDTH // 2, 3] = 255
    pixels[:, : WIDTH // 2, :3] = 200
    mine = shown(saved(pixels, "PNG"), "fm=png&redact=0,0,full,full&redact-style=pixelate", "RGBA")
    assert (mine[..., 3] == 255).all()
    assert np.unique(mine[:, :80, :3]).tolist() == [200]  # 192 and a half of 16
    assert np.unique(mine[:, 80:, :3]).tolist() == [8]


@pytest.mark.parametrize("kind", ["png", "pyramid", "strips", "array"])
def test_squares_are_the_same_in_every_part(kind: str) -> None:
    """Else parts of them, each a little other, would add up to what is hidden."""
    service = serving(KINDS[kind](PHOTO))
    hides = "redact=30,20,100,80&redact-style=pixelate&fm=png"
    whole = pixels_of(get(service, hides).read())
    for left, top, width, height in (
        (0, 0, 50, 50),
        (55, 45, 20, 9),
        (129, 99, 31, 13),
        (3, 3, 9, 9),
    ):
        part = pixels_of(get(service, f"rect={left},{top},{width},{height}&{hides}").read())
        assert np.array_equal(part, whole[top : top + height, left : left + width])


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_parts_of_what_is_kept_hide_too(format: str, tmp_path: Path) -> None:
    """Of an original that is too large to be held, and of which all samples are kept in a folder."""
    data = saved(photo_like(400, 300), format)
    options = {"decoded_bytes": 0, "cache_bytes": 0}
    alone = serving(data, **options)
    keeping = serving(data, cache_dir=tmp_path, cache_dir_bytes=2**26, **options)
    for part in ("0,0,90,90", "90,0,90,90", "0,90,90,90"):
        get(keeping, f"rect={part}&fm=png").read()
    assert keeping.holding()["pyramids"].entries == 1
    for style in ("fill", "pixelate"):
        query = f"rect=40,30,80,70&fm=png&redact=60,50,200,150&redact-style={style}"
        assert get(keeping, query).read() == get(alone, query).read()


def test_inks_are_hidden_in_black() -> None:
    inks = Image.fromarray(np.dstack((PHOTO, PHOTO[..., 0])), "CMYK")
    for style in ("fill", "pixelate"):
        mine = shown(saved(inks, "JPEG"), f"fm=png&{HIDES}&redact-style={style}")
        part = mine[TOP : TOP + DOWN, LEFT : LEFT + ACROSS]
        assert len(np.unique(part.reshape(-1, 3), axis=0)) <= (1 if style == "fill" else 16)
        assert style == "pixelate" or not part.any()


def test_a_range_that_is_looked_for_is_refused() -> None:
    """Its ends are the least and the most of all values, those that are hidden too."""
    heights = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    data = by_opencv(".tif", heights)
    for value in ("auto", "minmax", "2%25,98%25"):
        assert refused(data, f"range={value}&{HIDES}") == (400, "out-of-range")
    assert refused(data, HIDES, range="auto")[0] == 400
    mine = shown(data, f"range=0,17919&fm=png&{HIDES}", "L")
    assert not mine[TOP : TOP + DOWN, LEFT : LEFT + ACROSS].any()
    assert refused(heights, f"range=auto&{HIDES}")[0] == 400


def test_a_preset_hides_where_nothing_else_is_allowed() -> None:
    service = serving(
        saved(PHOTO, "PNG"), presets={"shown": f"w=80&fm=png&{HIDES}"}, presets_only=True
    )
    assert not pixels_of(get(service, "preset=shown").read())[24:28, 32:40].any()
    assert get(service, "preset=shown&redact=0,0,1,1").status == 400
