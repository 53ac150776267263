"""One picture has one key, in whatever words it is asked for; and no two pictures have the same."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import fields, replace
from itertools import product
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from PIL.Image import Transpose

from asking import get, serving
from colors import cicp, colored_png
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.stages import OWNERS
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.settings import Settings
from originals import probe
from pictures import by_opencv, exif, moving, noise, pixels_of, saved

GRAMMAR = QueryGrammar(Settings())
PHOTO = Facts(format="jpeg", width=2250, height=1500)
CLEAR = replace(PHOTO, format="png", alpha=True)


def planned(facts: Facts, query: str, accept: str = "") -> tuple[Plan, str]:
    asked = GRAMMAR.parse(query, {"accept": accept})
    plan = make_plan(facts, asked.transform, asked.accepted)
    return plan, canonical(plan, asked.transform, asked.accepted)


#: Queries of which each line asks for one picture of `PHOTO`, by arithmetic.
SAME = (
    # Wider or higher than it is, by itself or by the density of the screen; and just as large.
    ("", "w=2257", "w=4741", "w=8192", "w=2250", "h=1500", "h=1501", "w=8000&h=1500&fit=scale"),
    ("", "w=1200&dpr=2", "w=2250&h=1500&fit=scale", "w=3000&h=2000", "fit=crop", "dpr=3", "ar=1:1"),
    ("", "rect=0,0,full,full", "rect=left,top,2250,1500", "rect=0,0,9999,9999", "orient=1"),
    ("", "linear=1", "bg=f00", "fit=clamp", "w=2250&h=1500&fit=clamp", "page=1", "anim=1"),
    ("", "enlarge=1", "w=2250&enlarge=1", "fm=jpg", "fm=jpg&depth=16", "q=75", "auto=format"),
    # A ratio and its pixels, and what another side says of them.
    ("w=0.2", "w=450", "h=300", "w=450&h=300", "w=225&dpr=2", "w=450&h=1400", "w=0.1&dpr=2"),
    ("w=450", "w=450&h=300&fit=fill", "w=450&h=300&fit=crop", "w=450&fit=clamp&h=300&bg=0f0"),
    ("w=450", "w=450&fit=max", "w=450&enlarge=1", "w=450&fit=crop&crop=left", "w=450&bg=00f"),
    ("w=450&h=450&fit=crop", "w=450&ar=1:1&fit=crop", "w=0.2&h=0.3&fit=min", "h=450&ar=2:2&fit=min"),
    ("w=450&h=450&fit=crop", "w=450&h=450&fit=crop&crop=focalpoint", "w=450&h=450&fit=crop&fp-x=0.2"),
    ("w=450&h=450&fit=crop&crop=left", "w=450&h=450&fit=crop&crop=focalpoint&fp-x=0.1&fp-y=0.9"),
    # Boxes in other words; what hangs over the edge is cut off.
    ("rect=750,500,750,500", "rect=center,middle,750,500", "rect=750,middle,750,500"),
    ("rect=1125,0,1125,1500", "rect=right,top,0.5,full", "rect=0.5,0,9000,full"),
    ("rect=0,0,1500,1500", "rect=left,top,1500,full", "w=1500&h=1500&fit=crop&crop=left"),
    # What no encoder is told, and the white that is there unasked.
    ("fm=png", "fm=png&q=30", "fm=png&depth=16", "depth=16"),
    ("w=90&h=90&fit=fill", "w=90&h=90&fit=fill&bg=fff", "w=90&h=90&fit=fill&bg=white"),
    ("keep=exif", "keep=copyright,exif"),
    # Mirrored and turned by quarters there are eight.
    ("rot=180", "flip=hv", "rot=-180", "rot=540"),
    ("flip=v", "flip=h&rot=180"),
    ("flip=h&rot=90", "flip=v&rot=270", "flip=v&rot=-90"),
    ("", "flip=hv&rot=180", "rot=360"),
)  # fmt: skip


@pytest.mark.parametrize("queries", SAME, ids=lambda queries: queries[1])
def test_other_words_for_one_picture_are_one_text(queries: tuple[str, ...]) -> None:
    assert len({planned(PHOTO, query)[1] for query in queries}) == 1


def test_what_is_accepted_matters_where_it_is_answered_with() -> None:
    avif, webp = "image/avif,image/webp", "image/webp"
    assert planned(CLEAR, "fm=webp", avif)[1] == planned(CLEAR, "", webp)[1]
    assert planned(CLEAR, "", avif)[1] != planned(CLEAR, "", webp)[1]
    # Of a large picture nobody gets AVIF; how large it is without its border only pixels tell.
    large = replace(PHOTO, width=4000)
    assert planned(large, "", avif)[1] == planned(large, "", webp)[1]
    assert planned(large, "trim=auto", avif)[1] != planned(large, "trim=auto", webp)[1]


def test_there_are_eight_ways_to_turn_a_picture() -> None:
    """Pillow's turns are the reference; each is one text, by whichever words it is asked for."""
    found = defaultdict(set)
    images = serving(saved(COLORS, "PNG"))
    for flip, turns in product(("", "h", "v", "hv"), range(4)):
        wanted = COLORS
        for side, way in (("h", Transpose.FLIP_LEFT_RIGHT), ("v", Transpose.FLIP_TOP_BOTTOM)):
            wanted = wanted.transpose(way) if side in flip else wanted
        wanted = wanted.rotate(-90 * turns, expand=True)
        answer = get(images, f"fm=png&rot={90 * turns}" + (f"&flip={flip}" if flip else ""))
        assert np.array_equal(pixels_of(answer.read(), "RGBA"), np.asarray(wanted))
        found[wanted.tobytes()].add(answer.header("ETag"))
    assert [len(same) for same in found.values()] == [1] * 8
    assert len(set.union(*found.values())) == 8


def test_what_is_behind_a_frame_matters_though_nothing_is_transparent() -> None:
    images = serving(vanishing())
    shown = {get(images, f"page=2&fm=png{more}").header("ETag") for more in ("", "&bg=f00")}
    assert len(shown) == 2


def test_other_pictures_have_other_texts() -> None:
    """Each differs from all others in one thing that its bytes depend on."""
    queries = [
        "fm=png",
        "w=450",
        "w=451",
        "w=450&linear=1",
        "w=450&q=60",
        "w=450&max_bytes=900",
        "w=450&keep=icc",
        "w=450&keep=exif",
        "w=450&keep=copyright",
        "w=450&fm=webp",
        "w=450&fm=webp&lossless=1",
        "w=450&fm=pjpg",
        "w=450&flip=h",
        "w=450&rot=90",
        "w=450&rot=180",
        "w=450&orient=6",
        "w=450&pad=3",
        "w=450&pad=3&bg=f00",
        "w=450&blur=9",
        "w=450&sharp=9",
        "w=450&h=450&fit=crop",
        "w=450&h=450&fit=crop&crop=left",
        "w=450&h=450&fit=fill",
        "w=450&h=450&fit=fill&bg=f00",
        "w=450&h=450&fit=clamp",
        "w=450&rect=0,0,2249,1500",
        "trim=auto",
        "w=450&trim=auto",
        "w=8192&trim=auto",
        "w=8191&trim=auto",
        "w=2257&enlarge=1",
        "w=450&h=450&fit=scale",
        "w=450&h=450&fit=fill&fill=blur",
        "w=450&h=450&fit=fill&fill-color=f00&bg=fff",
        "w=450&mask=ellipse",
        "w=450&mask=corners&corner-radius=9",
        "w=450&border=9,f00",
        "w=450&border=9,f00&border-radius=9",
        "w=450&bri=9",
        "w=450&sat=9",
        "w=450&duotone=f00,00f",
        "w=450&duotone=f00,00f&duotone-alpha=9",
        "w=450&usm=9",
        "w=450&px=9",
        "w=450&redact=0,0,16,16",
        "w=450&redact=0,0,64,16",
        "w=450&redact=0,0,16,16&redact-style=pixelate",
    ]
    assert len({planned(PHOTO, query)[1] for query in queries}) == len(queries)
    deep = replace(PHOTO, format="png", depth=16, bits=16)
    assert planned(deep, "fm=png&keep=icc")[1] != planned(deep, "fm=png&depth=16")[1]
    hdr = replace(deep, points=CodePoints(9, 16))
    kept = [planned(hdr, f"fm=png{more}")[1] for more in ("", "&keep=hdr", "&depth=16&mono=gray")]
    assert len({*kept}) == 3
    assert planned(hdr, "fm=png&depth=16")[1] == kept[1]
    assert planned(deep, "fm=png&keep=hdr")[1] == planned(deep, "fm=png")[1]
    assert planned(CLEAR, "fm=png&bg=fff")[1] != planned(CLEAR, "fm=png")[1]
    assert planned(CLEAR, "w=9&bg=f00")[1] != planned(CLEAR, "w=9")[1]


#: What a query may say of an original of 24 x 18 pixels.
WORDS: dict[str, list[str]] = {
    "w": ["0.5", "12", "24", "25", "100"],
    "h": ["0.5", "9", "18", "40"],
    "fit": ["clip", "max", "min", "crop", "facearea", "scale", "fill", "fillmax", "clamp"],
    "crop": ["left", "bottom", "focalpoint", "edges", "entropy,faces,top"],
    "fp-x": ["0.1", "0.5"],
    "fp-y": ["0.2"],
    "fp-z": ["1", "2"],
    "faceindex": ["1", "2"],
    "facepad": ["1", "3"],
    "ar": ["4:3", "1:1"],
    "dpr": ["1", "2"],
    "enlarge": ["1"],
    "linear": ["1"],
    "par": ["1"],
    "rect": ["0,0,24,18", "left,top,full,full", "0,0,12,full", "0,0,0.5,18", "center,0,99,18"],
    "trim": ["auto", "fff"],
    "orient": ["1", "2", "3", "6", "90"],
    "redact": ["0,0,24,18", "0,0,full,full", "3,2,9,5"],
    "redact-style": ["fill", "pixelate"],
    "page": ["1", "2"],
    "anim": ["1"],
    "auto": ["enhance", "format"],
    "flip": ["h", "v", "hv"],
    "rot": ["90", "180", "270", "-90", "30"],
    "sharp": ["0", "50"],
    "fill": ["solid", "blur"],
    "fill-color": ["f00"],
    "mask": ["ellipse", "corners"],
    "mask-bg": ["f00", "800f"],
    "corner-radius": ["0", "4", "4,0,0,4"],
    "border": ["1,f00", "2,80f00000"],
    "border-radius": ["3"],
    "nr": ["0", "20"],
    "exp": ["0", "50"],
    "gam": ["0", "-20"],
    "bri": ["0", "20"],
    "con": ["0", "-100"],
    "high": ["0", "-50"],
    "shad": ["0", "50"],
    "invert": ["0", "1"],
    "vib": ["0", "80"],
    "sat": ["0", "-100"],
    "hue": ["0", "360", "90"],
    "sepia": ["0", "100"],
    "duotone": ["f00,00f", "000,fff"],
    "duotone-alpha": ["100", "50"],
    "monochrome": ["f00", "80f00000"],
    "usm": ["0", "50"],
    "usmrad": ["1"],
    "px": ["0", "5"],
    "mono": ["gray"],
    "pad": ["0", "2"],
    "bg": ["fff", "f00", "8f00"],
    "fm": ["png", "png", "bmp", "webp", "jpg", "tif", "gif"],
    "q": ["60", "75", "90", "auto"],
    "chromasub": ["420", "444"],
    "lossless": ["1"],
    "colorquant": ["2", "16", "256"],
    "depth": ["8", "16"],
    "keep": ["exif", "icc", "copyright,exif", "hdr", "hdr,icc"],
}

#: What of a plan follows from the original, or from the rest, or is only of use where text counts.
FOLLOWS = {
    *("stored", "overview", "scales", "in_bands", "pieces", "alpha", "inks", "result"),
    *("region", "trim", "holed", "few", "sought", "also"),
}
#: And what changes bytes.
TEXT = {
    *(
        "frame",
        "frames",
        "stilled",
        "as_stored",
        "crop",
        "size",
        "linear",
        "orientation",
        "deep",
        "keeps_profile",
    ),
    *(
        "keeps_hdr",
        "canvas",
        "around",
        "steps",
        "backdrop",
        "format",
        "output",
        "reading",
        "redaction",
        "sketch",
    ),
}


def test_whoever_adds_to_the_plan_or_to_the_query_decides_what_a_key_is_made_of() -> None:
    assert {field.name for field in fields(Plan)} == FOLLOWS | TEXT
    others = {"blur", "max_bytes"}  # which test_other_pictures_… has
    measured = {"band", "range", "colormap"}  # and test_measured
    told = {"palette", "colors", "prefix", "faces"}  # and the tests of palettes
    laid = {*Mark.forms()}  # and tests/service/test_overlays.py, as there are two originals
    assert {*OWNERS} - {*WORDS} == others | measured | told | laid


COLORS = noise(24, 18, "RGBA")


def vanishing() -> bytes:
    """A GIF without transparency, whose second frame stands alone in a corner of a clear canvas."""
    whole, corner = (saved(Image.new("L", size, 90), "GIF") for size in ((24, 18), (8, 8)))
    table = 3 << ((whole[10] & 7) + 1)
    control = b"!\xf9\x04" + bytes([2 << 2]) + bytes(4)  # section 23: its place becomes clear
    second = corner[13 + table : -1]  # an image (section 20), which is given its colours
    second = second[:9] + bytes([0x80 | whole[10] & 7]) + corner[13 : 13 + table] + second[10:]
    return whole[: 13 + table] + control + whole[13 + table : -1] + control + second + b";"


ORIGINALS = {
    "turned": lambda: saved(COLORS, "JPEG", "RGB", exif=exif(6)),
    "clear": lambda: saved(COLORS, "PNG"),
    "few": lambda: saved(COLORS.convert("RGB").quantize(99), "PNG"),
    "gray": lambda: saved(COLORS, "PNG", "L"),
    "inks": lambda: saved(COLORS, "JPEG", "CMYK"),
    "hdr": lambda: colored_png(np.asarray(COLORS, np.uint16) * 257, cicp(9, 16)),
    "deep": lambda: by_opencv(".png", np.asarray(COLORS.convert("RGB"), np.uint16) * 257),
    "gone": vanishing,
    "pages": lambda: moving([COLORS, Image.new("RGB", (24, 18), "red")], "TIFF", "RGB"),
    "frames": lambda: moving([COLORS, COLORS.rotate(90)], "GIF", "RGBA", disposal=2, duration=50),
}


def any_query(dice: random.Random) -> str:
    names = dice.sample([*WORDS], dice.randrange(5))
    return urlencode({name: dice.choice(WORDS[name]) for name in names})


def resolved(plan: Plan) -> Any:
    """The plan without what does not change the bytes once there is a plan."""
    result = RESULTS[plan.format]
    lossless = plan.output.lossless and result.loses_nothing(moves=plan.frames > 1)
    by_eye = plan.output.q == "auto" and result.read and not lossless and not plan.deep
    quality = "auto" if by_eye else plan.output.quality if result.scale and not lossless else 75
    kept = tuple(name for name in plan.output.keep if name not in ("icc", "hdr"))
    chroma = plan.output.chromasub
    if not by_eye:
        chroma = RESULTS[plan.format].chroma(chroma, plan.output.quality)
    few = plan.output.colorquant if plan.format in ("png", "gif") and not plan.deep else None
    most = plan.output.max_bytes
    output = Output(
        q=quality,
        chromasub=chroma,
        colorquant=few,
        lossless=lossless,
        max_bytes=most,
        keep=kept[:1],
    )
    return replace(plan, output=output, region=(0, 0, 0, 0))


@pytest.mark.parametrize("kind", ORIGINALS)
def test_one_text_is_one_plan_and_one_picture(kind: str) -> None:
    """Each is rendered for itself: nothing is cached."""
    data, dice = ORIGINALS[kind](), random.Random(kind)
    images = serving(data, cache_bytes=0, decoded_bytes=0, recheck=0)
    plans: dict[str, set[Any]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for _ in range(120):
        query = any_query(dice)
        accept = dice.choice([{}, {"accept": "image/webp"}])
        asked = GRAMMAR.parse(query, accept)
        answer = get(images, query, **accept)
        if answer.status != 200:
            continue
        facts = probe(data, asked.page)
        plan = make_plan(facts, asked.transform, asked.accepted)
        text = canonical(plan, asked.transform, asked.accepted)
        etag = answer.header("ETag") or ""
        plans[text].add((etag, resolved(plan)))
        bodies[etag].add(answer.read())
    assert {len(same) for same in plans.values()} == {1}
    assert {len(same) for same in bodies.values()} == {1}
    distinct = [next(iter(same)) for same in plans.values()]
    assert len({etag for etag, _ in distinct}) == len(distinct)
    known = [plan for _, plan in distinct if not plan.needs_pixels]
    assert len({*known}) == len(known)
    assert len(known) < 100  # or no two queries asked for one picture
