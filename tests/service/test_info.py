"""`fm=json` and `info`: what Pillow reads of the same file, told without a decode."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image, ImageCms

from asking import get, serving
from colors import cicp, colored_png, gama
from counting import count_decoders
from drivers import both
from imgmiddleware import ImageError, Info
from pictures import BLUE, RED, gray_profile, moving, quadrants, saved, swapped_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
NAME = ImageCms.getProfileDescription(SRGB).strip()
#: Tags of DC-008: make, model, artist, rights; when it was taken, and how far from UTC; where.
_MAKE, _MODEL, _ARTIST, _RIGHTS, _TAKEN, _OFFSET = 271, 272, 315, 33432, 36867, 36881
_EXIF, _PLACE = 34665, 34853


def shot(**more: Any) -> Image.Exif:
    """EXIF as a camera's: all that is told, and what never is."""
    block = Image.Exif()
    block[274], block[_MAKE], block[_MODEL] = 6, "Canon", "Canon EOS 5D"
    block[_ARTIST], block[_RIGHTS] = "Ann", "CC BY"
    block.get_ifd(_EXIF)[_TAKEN] = more.get("taken", "2019:07:04 12:30:45")
    block.get_ifd(_EXIF)[_OFFSET] = more.get("offset", "+02:00")
    block.get_ifd(_PLACE)[1] = "N"
    block.get_ifd(_PLACE)[2] = (48.0, 51.0, 29.0)
    return block


def told(original: Any, query: str = "", **options: Any) -> Any:
    answer = get(serving(original, **options), f"fm=json{query}")
    assert answer.status == 200, answer.body
    assert answer.header("Content-Type") == "application/json"
    return json.loads(answer.read())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_header_tells_what_pillow_reads(format: str) -> None:
    file = saved(quadrants(60, 40), format, exif=shot(), icc_profile=SRGB.tobytes())
    with Image.open(io.BytesIO(file)) as image:
        turned = image.getexif().get(274, 1) == 6
        dated = _TAKEN in image.getexif().get_ifd(_EXIF)  # which Pillow does not write into TIFF
        assert image.info.get("icc_profile") == SRGB.tobytes()
    found = told(file)
    assert (found["stored_width"], found["stored_height"]) == (60, 40)
    assert (found["width"], found["height"]) == ((40, 60) if turned else (60, 40))
    assert (found["format"], found["bytes"]) == (format.lower(), len(file))
    assert (found["frames"], found["animated"], found["bits"]) == (1, False, 8)
    assert (found["alpha"], found["profile"]) == (False, NAME)
    assert not {"taken", "camera", "artist", "copyright", "colors", "version"} & {*found}
    kept = told(file, "&keep=exif")
    assert kept == {
        **found,
        **({"taken": "2019-07-04T12:30:45+02:00"} if dated else {}),
        "camera": "Canon EOS 5D",
        "artist": "Ann",
        "copyright": "CC BY",
    }
    assert told(file, "&keep=copyright") == {**found, "artist": "Ann", "copyright": "CC BY"}


def test_python_is_told_the_same() -> None:
    file = saved(quadrants(600, 400), "JPEG", exif=shot(), quality=95)
    service = serving(file, authorize=lambda request: False, presets_only=True)
    for asked in ({}, {"keep": "exif"}, {"colors": 2, "rect": "0,0,150,600"}, {"keep": "icc"}):
        info = service.info("a", **asked)
        assert isinstance(info, Info)
        query = "".join(f"&{name}={value}" for name, value in asked.items())
        for name, value in told(file, query).items():
            held = getattr(info, name)
            assert (list(held) if isinstance(held, tuple) else held) == value
    assert service.info("a").taken is None
    assert get(service, "fm=json").status == 403
    with pytest.raises(ImageError, match="colors"):
        service.info("a", colors=17)


def test_nothing_is_decoded_unless_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(quadrants(60, 40), "JPEG", exif=shot(), icc_profile=SRGB.tobytes())
    service, calls = serving(file), count_decoders(monkeypatch)
    for query in ("fm=json", "fm=json&keep=exif&colors=0", "fm=json&w=9&trim=auto&blur=9"):
        assert get(service, query).status == 200
    service.info("a", keep="exif")
    assert not any(calls.values())
    assert get(service, "fm=json&colors=1").status == 200
    assert sum(map(len, calls.values())) == 1


def test_colours_are_those_of_the_picture_that_is_asked_for() -> None:
    file = saved(quadrants(640, 480), "PNG")
    assert told(file, "&colors=1&rect=0,0,300,200")["colors"] == [
        "#{:02x}{:02x}{:02x}".format(*RED)
    ]
    crop = "&colors=1&rect=right,bottom,300,200&w=50&h=50&fit=crop"
    found = told(file, crop)
    assert found["colors"] == ["#{:02x}{:02x}{:02x}".format(*BLUE)]
    assert (found["width"], found["height"]) == (640, 480)  # those of the original, for all that
    assert len(told(file, "&colors=16")["colors"]) > 4


def test_what_does_not_change_it_is_no_other_answer() -> None:
    service = serving(saved(quadrants(64, 48), "JPEG", exif=shot()))

    def key(query: str) -> str | None:
        return get(service, query).header("ETag")

    same = ("", "&w=9", "&rot=9", "&trim=auto", "&keep=icc", "&colors=0", "&max_bytes=100", "&q=9")
    assert {key(f"fm=json{more}") for more in same} == {key("fm=json")}
    more = (
        "",
        "&keep=exif",
        "&keep=copyright",
        "&colors=1",
        "&colors=1&w=9",
        "&colors=1&trim=auto",
    )
    assert len({key(f"fm=json{other}") for other in more}) == len(more)


def test_pages_and_frames() -> None:
    pages = moving([Image.new("L", size) for size in ((30, 20), (9, 7))], "TIFF")
    assert [told(pages, q)["width"] for q in ("", "&page=2")] == [30, 9]
    assert (told(pages)["frames"], told(pages)["animated"]) == (2, False)
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "blue", "lime")]
    moved = told(moving(frames, "GIF"), "&anim=1")
    assert (moved["frames"], moved["animated"]) == (3, True)
    assert both(serving(pages), "/image/a?fm=json&page=3")[0] == 400
    assert [serving(pages).info("a", page=page).width for page in (1, 2)] == [30, 9]
    with pytest.raises(ImageError, match="page=3: the original has 2 pages") as error:
        serving(pages).info("a", page=3)
    assert error.value.members == {"parameter": "page", "limit": 2}


@pytest.mark.parametrize(
    ("taken", "offset", "said"),
    [
        ("2019:07:04 12:30:45", "", "2019-07-04T12:30:45"),
        ("2019:07:04 12:30:45", "Z<script>", "2019-07-04T12:30:45"),
        ("0000:00:00 00:00:00", "+02:00", None),
        ("2019:13:04 12:30:45", "+02:00", None),
        ("    :  :     :  :  ", "+02:00", None),
        ("yesterday", "+02:00", None),
    ],
)
def test_a_date_is_one_or_is_not_told(taken: str, offset: str, said: str | None) -> None:
    file = saved(quadrants(), "JPEG", exif=shot(taken=taken, offset=offset))
    assert told(file, "&keep=exif").get("taken") == said


@pytest.mark.parametrize(
    ("make", "model", "said"),
    [
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("Apple", "", "Apple"),
        ("", "Pixel 8", "Pixel 8"),
        ("\x1b[31m", 'x"</script>', '[31m x"</script>'),
        ("", "", None),
        ("", "y" * 999, "y" * 200),
    ],
)
def test_a_camera_has_one_name(make: str, model: str, said: str | None) -> None:
    block = Image.Exif()
    block[_MAKE], block[_MODEL] = make, model
    file = saved(quadrants(), "JPEG", exif=block)
    assert told(file, "&keep=exif").get("camera") == said


def test_the_names_of_profiles() -> None:
    old = swapped_profile()
    name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(old))).strip()
    assert told(saved(quadrants(), "PNG", icc_profile=old)).get("profile") == (name or None)
    gray = gray_profile(1.8)
    told_gray = told(saved(quadrants()[..., 0], "PNG", icc_profile=gray)).get("profile")
    by_pillow = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(gray))).strip()
    assert told_gray == (by_pillow or None)
    assert "profile" not in told(saved(quadrants(), "PNG", icc_profile=b"x" * 200))
    assert "profile" not in told(saved(quadrants(), "JPEG"))
    assert "profile" not in told(quadrants())
    assert "profile" not in told(colored_png(quadrants(), gama(100_000)))  # it has none by name
    assert told(colored_png(quadrants(), cicp(12, 13)))["profile"] == "Display P3"
    assert told(colored_png(quadrants(), cicp(9, 16)))["profile"] == "BT.2020 PQ"


@pytest.mark.parametrize("asked", [{"fm": "png"}, {"palette": "css"}, {"preset": "css"}])
def test_what_is_no_json_of_an_original_is_refused(asked: dict[str, str]) -> None:
    service = serving(saved(quadrants(64, 48), "PNG"), presets={"css": "palette=css"})
    with pytest.raises(ValueError, match="palette: "):
        service.info("a", **asked)
    if "fm" not in asked:
        with pytest.raises(ValueError, match="palette: "):
            service.placeholder("a", **asked)
