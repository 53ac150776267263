"""`auto=enhance`: tones spread over the range, against Pillow and the rule written out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from asking import ask, get, made, refused, serving, shown
from counting import count_decoders, counted
from imgmiddleware import ImageService
from imgmiddleware.pixels.tones import Tones
from imgmiddleware.service.making import sketches
from pictures import by_opencv, close, exif, moving, photo_like, pixels_of, read_by_opencv, saved


def ends(pixels: Any, weights: Any = None) -> tuple[int, int]:
    """Sample by sample, in their order: half a percent at each end, within the bounds."""
    samples = np.sort(
        np.asarray(pixels).ravel() if weights is None else pixels[weights > 0].ravel()
    )
    low, high = (int(samples[at]) for at in (samples.size // 200, -1 - samples.size // 200))
    return 0 if low <= 5 else min(low, 51), 255 if high >= 250 else max(high, 204)


def spread(pixels: Any, low: int, high: int) -> Any:
    most = 65535 if pixels.dtype == np.uint16 else 255
    part = (pixels / most * 255 - low) / (high - low)
    return np.rint(np.clip(part, 0, 1) * most).astype(pixels.dtype)


#: Three ranges of tones: dull, with room at one end only, and all fog.
DULL = (photo_like(300, 200) * 0.6 + 45).astype(np.uint8)
DARK = (photo_like(300, 200) * 0.85).astype(np.uint8)
FULL = np.interp(photo_like(300, 200), (50, 230), (0, 255)).astype(np.uint8)
FOG = (photo_like(300, 200) * 0.1 + 150).astype(np.uint8)


def png(pixels: Any) -> bytes:
    return saved(pixels, "PNG")


@pytest.mark.parametrize("pixels", [DULL, DARK, FOG], ids=["dull", "dark", "fog"])
@pytest.mark.parametrize(
    "query", ["", "w=90&", "w=90&h=90&fit=crop&crop=top,left&rot=90&", "flip=h&blur=9&"]
)
def test_all_sizes_and_parts_go_through_one_curve(pixels: Any, query: str) -> None:
    """Each is the picture without it, through a table; what blurs comes later."""
    data = png(pixels)
    found = shown(data, f"{query}auto=enhance&fm=png")
    if "blur" in query:
        assert np.array_equal(found, shown(png(spread(pixels, *ends(pixels))), f"{query}fm=png"))
    else:
        assert np.array_equal(found, spread(shown(data, f"{query}fm=png"), *ends(pixels)))


def test_grays_as_pillow_spreads_them() -> None:
    """Whose autocontrast cuts half a percent too; it rounds down."""
    gray = np.interp(photo_like(300, 200)[..., 1], (60, 190), (30, 230)).astype(np.uint8)
    pillows = np.asarray(ImageOps.autocontrast(Image.fromarray(gray), 0.5), int)
    found = pixels_of(made(png(gray), "auto=enhance&fm=png"), "L").astype(int)
    assert abs(found - pillows).max() <= 2
    assert Image.open(io.BytesIO(made(png(gray), "auto=enhance&fm=png"))).mode == "L"


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [(0, 255, (0, 255)), (5, 250, (0, 255)), (6, 249, (6, 249)), (51, 204, (51, 204)),
     (52, 203, (51, 204)), (120, 130, (51, 204)), (0, 9, (0, 204)), (240, 255, (51, 255)), (7, 7, (7, 204))],
)  # fmt: skip
def test_the_bounds(least: int, most: int, expected: tuple[int, int]) -> None:
    pixels = np.array([[least] * 9 + [most] * 9], np.uint8)
    assert Tones.find(pixels) == Tones(*expected)


def test_half_a_percent_is_cut() -> None:
    level = np.full(1000, 100, np.uint8)
    level[:5], level[-5:] = 20, 230
    assert Tones.find(level[None]) == Tones(51, 204)
    level[5], level[-6] = 20, 230
    assert Tones.find(level[None]) == Tones(20, 230)


def test_a_picture_that_uses_its_range_stays_as_it_is() -> None:
    assert ends(FULL) == (0, 255)
    data = png(FULL)
    assert made(data, "w=99&auto=enhance&fm=png") == made(data, "w=99&fm=png")
    # A strong colour is as good as white.
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = np.linspace(0, 255, 20)
    assert np.array_equal(shown(png(red), "auto=enhance&fm=png"), red)


def test_what_is_clear_does_not_count() -> None:
    pixels = np.dstack((DULL, np.full(DULL.shape[:2], 255, np.uint8)))
    pixels[:60, :, :3], pixels[60:120, :, :3], pixels[:120, :, 3] = 0, 255, 0
    found = shown(png(pixels), "auto=enhance&fm=png", "RGBA")
    assert np.array_equal(found[..., 3], pixels[..., 3])
    low, high = ends(DULL[120:])
    assert np.array_equal(found[120:, :, :3], spread(DULL[120:], low, high))
    nothing = np.dstack((DULL, np.zeros(DULL.shape[:2], np.uint8)))
    assert ask(png(nothing), "auto=enhance").status == 200


def test_all_16_bits_are_spread() -> None:
    deep = DULL.astype(np.uint16) * 257 + 100
    found = read_by_opencv(made(by_opencv(".png", deep), "auto=enhance&fm=png&depth=16"))
    plain = read_by_opencv(made(by_opencv(".png", deep), "fm=png&depth=16"))
    assert np.array_equal(found, spread(plain, *ends(DULL)))


def test_one_curve_for_all_frames() -> None:
    """That of the first: lights that go on stay bright."""
    grays = [np.full((40, 60), 60, np.uint8), np.full((40, 60), 250, np.uint8)]
    grays[0][:, 30:] = 190
    frames = [Image.fromarray(gray) for gray in grays]
    data = moving(frames, "GIF", duration=50)
    moves = Image.open(io.BytesIO(made(data, "auto=enhance&anim=1&fm=gif")))
    for number, gray in enumerate(grays):
        moves.seek(number)
        assert np.array_equal(np.asarray(moves.convert("L")), spread(gray, 51, 204))


LARGE = (photo_like(1400, 940) * 0.5 + 60).astype(np.uint8)


def tiled(pixels: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", compression="deflate", **options)
    return file.getvalue()


ORIGINALS: dict[str, Any] = {
    "png": lambda: png(LARGE),
    "jpeg": lambda: saved(LARGE, "JPEG", quality=90),
    "webp": lambda: saved(LARGE, "WEBP"),
    "strips": lambda: tiled(LARGE, rowsperstrip=64),
    "tiles": lambda: tiled(LARGE, tile=(256, 256)),
    "inks": lambda: saved(LARGE, "JPEG", "CMYK"),
    "clear": lambda: png(np.dstack((LARGE, LARGE[..., 1] + 60))),
    "deep": lambda: by_opencv(".png", LARGE.astype(np.uint16) * 257),
    "array": LARGE[..., ::-1].copy,
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_it_does_not_matter_how_a_picture_is_read(name: str) -> None:
    """In bands, from a cache, from a finer level, with nothing held: one key, and one picture."""
    data = ORIGINALS[name]()
    query = "w=150&h=100&fit=crop&auto=enhance&fm=png"
    cold = ask(data, query, decoded_bytes=0, cache_bytes=0, lend_slots=False)
    service = serving(data)
    for other in ("w=1300", "rect=300,300,500,500&auto=enhance", "w=640&auto=format"):
        assert get(service, other).status == 200
    warm = get(service, query)
    assert cold.header("ETag") == warm.header("ETag")
    assert cold.read() == warm.read()
    plain = shown(data, query.replace("enhance", "format"), "RGBA")
    seen = plain[..., 3] > 0
    found = pixels_of(cold.read(), "RGBA")[..., :3]
    # A JPEG is decoded at an eighth for a thumbnail alone, and here at a half.
    most = 12 if name in ("jpeg", "inks") else 0
    assert close(found[seen], spread(plain[..., :3], 51, 204)[seen], most)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_or_not(orientation: int) -> None:
    data = saved(DULL, "PNG", exif=exif(orientation))
    found = shown(data, "w=100&auto=enhance&fm=png")
    assert np.array_equal(found, spread(shown(data, "w=100&fm=png"), *ends(DULL)))


def test_what_is_looked_at_is_what_rect_leaves_and_redact_does_not_hide() -> None:
    two = np.hstack((DULL, FULL, FULL))
    data = png(two)
    left = shown(data, "rect=0,0,300,200&auto=enhance&fm=png")
    assert np.array_equal(left, spread(DULL, *ends(DULL)))
    assert np.array_equal(shown(data, "auto=enhance&fm=png"), two)
    hidden = DULL.copy()
    hidden[:100] = 0
    found = shown(png(DULL), "redact=0,0,300,100&auto=enhance&fm=png")
    assert np.array_equal(found, spread(hidden, *ends(hidden)))


def test_with_what_imgix_writes_beside_it() -> None:
    data = png(DULL)
    etags = {
        words: ask(data, f"w=99&auto={words}").header("ETag")
        for words in ("enhance", "format,enhance", "enhance,compress,format", "format", "compress")
    }
    assert len({etags[words] for words in list(etags)[:3]}) == 1
    assert etags["format"] == etags["compress"] == ask(data, "w=99").header("ETag")
    assert etags["format"] != etags["enhance"]
    twice = ask(data, "w=99&auto=enhance&auto=format&auto=enhance")
    assert twice.header("ETag") == etags["enhance"]
    assert refused(data, "auto=format,redeye") == (400, "malformed-parameter")
    lenient = ask(data, "w=99&auto=redeye,enhance", unknown="ignore")
    assert (lenient.header("ETag"), lenient.header("Image-Notes")) == (
        etags["enhance"],
        "adjusted=auto",
    )


def test_the_key_is_known_before_anything_is_decoded(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, query = png(DULL), "w=50&auto=enhance"
    first = get(ImageService(lambda id: data, cache_dir=tmp_path), query)
    etag, body = first.header("ETag"), first.read()
    decodes = count_decoders(monkeypatch)
    anew = ImageService(lambda id: data, cache_dir=tmp_path)
    assert get(anew, query, if_none_match=etag).status == 304
    assert get(anew, query).read() == body
    assert not any(decodes.values())


def test_one_look_tells_tones_and_what_a_crop_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = counted(monkeypatch, "sketched", sketches)
    service = serving(png(DULL))
    crop = "fit=crop&crop=edges"
    both = get(service, f"w=50&h=100&{crop}&auto=enhance&fm=png").read()
    for query in ("w=70&h=100&fit=crop&crop=faces,edges", "w=20&auto=enhance", f"w=20&h=80&{crop}"):
        get(service, query)
    assert len(looks) == 2  # for both, and for faces
    plain = pixels_of(get(service, f"w=50&h=100&{crop}&fm=png").read())
    assert np.array_equal(pixels_of(both), spread(plain, *ends(DULL)))
    get(service, "fm=json&auto=enhance")
    get(service, "w=20")
    assert len(looks) == 2
