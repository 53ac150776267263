"""Queries of pages that were written for another service, where `unknown="ignore"` takes what it can.

The names are those that imgix documents; the values, and the links of pages, were made up for this.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

import drivers
from asking import get, request
from imgmiddleware import ImageError, ImageService, Settings
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.grammar.signature import of_link

IGNORE: dict[str, Any] = {"unknown": "ignore"}
PICTURE = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64).astype(np.uint8)


def serving(**options: Any) -> ImageService:
    return ImageService(lambda id: PICTURE, **{**IGNORE, **options})


#: What is asked, what of it is taken, and what the answer tells of the rest.
ROWS = [
    *((f"w=20&{name}=9", "w=20", f"ignored={name}") for name in (
        "ixid", "cs", "lossless", "blend", "blend-mode", "txt", "max-w", "min-w", "fill-color",
        "quality", "width", "height", "format", "gif-q", "updated_at", "txt64", "s", "expires",
    )),
    *((f"w=9&h=20&fit=crop&crop={words}", "w=9&h=20&fit=crop", "ignored=crop") for words in (
        "smart", "objects", "center,center", "",
    )),
    ("w=9&h=20&fit=crop&crop=focalpoint,smart&fp-x=2&fp-z=0", "w=9&h=20&fit=crop&crop=focalpoint&fp-x=1&fp-z=1",
     "adjusted=crop, adjusted=fp-x, adjusted=fp-z"),
    ("w=9&h=20&fit=crop&crop=smart,top", "w=9&h=20&fit=crop&crop=top", "adjusted=crop"),
    ("w=9&h=20&fit=crop&crop=faces,edges", "w=9&h=20&fit=crop&crop=faces,edges", None),
    ("w=9&h=20&fit=crop&crop=edges,left,right", "w=9&h=20&fit=crop&crop=edges,left", "adjusted=crop"),
    ("w=9&h=20&fit=crop&crop=edges,objects,edges", "w=9&h=20&fit=crop&crop=edges", "adjusted=crop"),
    ("w=9&auto=redeye", "w=9", "ignored=auto"),
    ("w=9&auto=enhance,redeye", "w=9&auto=enhance", "adjusted=auto"),
    ("w=9&auto=format&auto=redeye&auto=compress", "w=9", "adjusted=auto"),
    ("w=9&fm=mp4", "w=9", "ignored=fm"),
    ("fm=PNG&w=9", "fm=png&w=9", "adjusted=fm"),
    ("w=9000", "w=8192", "adjusted=w"),
    ("w=20.6", "w=21", "adjusted=w"),
    ("w=20px", "w=20", "adjusted=w"),
    ("w=0", "", "ignored=w"),
    ("w=-5", "", "ignored=w"),
    ("w=1.0", "", "ignored=w"),
    ("w=undefined&h=20", "h=20", "ignored=w"),
    ("h=NaN&w=20", "w=20", "ignored=h"),
    ("w=9&h=", "w=9", "ignored=h"),
    ("w=.33333333333333", "w=0.333333333", "adjusted=w"),
    ("w=9&q=101", "w=9&q=100", "adjusted=q"),
    ("w=9&q=-1", "w=9&q=0", "adjusted=q"),
    ("w=9&dpr=8", "w=9&dpr=5", "adjusted=dpr"),
    ("w=9&dpr=0.01", "w=9&dpr=0.1", "adjusted=dpr"),
    ("w=9&blur=12.5", "w=9&blur=13", "adjusted=blur"),
    ("w=9&rot=-7200", "w=9", "adjusted=rot"),
    ("w=9&rot=3690", "w=9&rot=90", "adjusted=rot"),
    ("w=9&ar=1.5&fit=crop", "w=9&ar=1.5:1&fit=crop", "adjusted=ar"),
    ("w=9&ar=3/2&fit=crop", "w=9&ar=3:2&fit=crop", "adjusted=ar"),
    ("rect=0.0,0.0,1.0,20.4", "rect=0,0,full,20", "adjusted=rect"),
    ("rect=1,2", "", "ignored=rect"),
    ("w=9&h=20&fit=facearea&faceindex=99&facepad=0", "w=9&h=20&fit=facearea&faceindex=64&facepad=0.1",
     "adjusted=faceindex, adjusted=facepad"),
    ("w=9&h=20&fit=cover", "w=9&h=20&fit=crop", "adjusted=fit"),
    ("w=9&flip=horizontal", "w=9&flip=h", "adjusted=flip"),
    ("w=9&linear=on", "w=9&linear=1", "adjusted=linear"),
    ("w=9&bg=rgb(1,2,3)", "w=9", "ignored=bg"),
    ("w=9&trim=alpha", "w=9", "ignored=trim"),
    ("w=9&mono=ff0000", "w=9", "ignored=mono"),
    ("w=200&upscale=true", "w=200", "ignored=upscale"),
    ("w=9&preset=none", "w=9", "ignored=preset"),
    ("w=9&dl=", "w=9", "ignored=dl"),
    ("w=9&w=20", "w=9", "ignored=w"),
    ("w64=OQ&w=20", "w=9", "ignored=w"),
    ("page=1&frame=2&w=9", "w=9", "ignored=frame"),
    ("w=9&w64=%%%", "w=9", "ignored=w64"),
    ("w=9&utm=1&utm=2", "w=9", "ignored=utm"),
    ("w=9&1700000000", "w=9", "ignored=1700000000"),
    ("w=9&=3", "w=9", "ignored="),
    ("w=9&txt=%ff%fe", "w=9", "ignored=txt"),
    ("w=9&fp-x=.5&fp-y=.5&fp-debug=1", "w=9&fp-x=0.5", "ignored=fp-debug"),
    ("ixlib=js-3.8.0&auto=format&w=9", "w=9", None),
]  # fmt: skip


@pytest.mark.parametrize(("query", "ours", "notes"), ROWS)
def test_what_is_not_known_is_left_out_and_told(query: str, ours: str, notes: str | None) -> None:
    status, headers, body = drivers.both(serving(), f"/image/a?{query}")
    fields = dict(headers)
    assert (status, fields.pop("image-notes", None)) == (200, notes)
    strict = ImageService(lambda id: PICTURE)
    other, as_ours, same = drivers.both(strict, f"/image/a?{ours}")
    assert (other, as_ours, same) == (200, sorted(fields.items()), body)


def test_what_the_service_allows_is_no_matter_of_names() -> None:
    """A limit stays a limit; what is left of a query without one is held to it too."""
    only: dict[str, Any] = {"presets": {"thumb": "w=9"}, "presets_only": True}
    assert get(serving(**only), "preset=thumb&ixid=3").status == 200
    assert get(serving(**only), "w=9").status == 400
    assert get(serving(widths=(9,)), "w=10").status == 400
    assert get(serving(widths=(9,)), "w=9.4&cs=srgb").status == 200


#: imgix's 203 parameters, each with a value.
DOCUMENTED = """
ar=4:3 auto=format,enhance bg-remove-fallback=true bg-remove-fg-type=auto
bg-remove-semi-transparency=true bg-remove-transparency-threshold=0.4 bg-remove=true
bg-replace-fallback=true bg-replace-neg-prompt=words bg-replace=a+wooden+table bg=%23f4f4f4
blend-align=top blend-alpha=12 blend-color=ffa07a blend-crop=top blend-fit=clamp blend-h=12
blend-mode=color blend-pad=12 blend-size=inherit blend-w=12 blend-x=12 blend-y=12 blend=ff6600
blur=12 border-bottom=12 border-left=12 border-radius-inner=6 border-radius=8,8,0,0 border-right=12
border-stroke-color=ffa07a border-stroke-size=12 border-top=12 border=4,cc0000 bri=12 ch=Width,DPR
chromasub=444 colorquant=12 colors=12 con=12 corner-radius=12 crop=faces,edges cs=srgb dl=photo.jpg
dpi=12 dpr=0.75 duotone-alpha=12 duotone=000080,fa8072 exp=12 expires=1893456000 face-blur=12
face-pixel=12 faceindex=12 facepad=1.5 faces=1 fill-color=ffa07a fill-gen-fallback=true
fill-gen-neg-prompt=words fill-gen-pos=top fill-gen-prompt=words fill-gen-seed=12
fill-gradient-cs=linear fill-gradient-linear-direction=top fill-gradient-linear=fff,000
fill-gradient-radial-radius=a,b fill-gradient-radial-x=12 fill-gradient-radial-y=12
fill-gradient-radial=a,b fill-gradient-type=linear fill=blur fit=facearea flip=h fm=pjpg
fp-debug=true fp-x=.4 fp-y=0.4 fp-z=1.5 fps=12 frame=1 gam=12 grid-colors=fff,ccc grid-size=12 h=240
high=12 htn=12 hue=12 interval=12 invert=true iptc=allow jpg-progressive=true lp-blur=12 loop=12
lossless=true mark-align=top mark-alpha=12 mark-base=https%3A%2F%2Fcdn.example%2F mark-fit=clip
mark-h=12 mark-if-min-height=12 mark-if-min-width=12 mark-pad=12 mark-rot=1.5 mark-scale=12
mark-tile=grid mark-w=12 mark-x=12 mark-y=12 mark=%2Flogo.png mask-bg=ffa07a mask=ellipse max-h=12
max-w=12 min-h=12 min-w=12 monochrome=808080 nr=12 nrs=12 object-removal-negative-prompt=words
object-removal-prompt=words object-removal-rect=1,1,9,9 object-removal-seed=12 orient=0
pad-bottom=12 pad-left=12 pad-right=12 pad-top=12 pad=12 page=1 palette=css pdf-annotation=true
prefix=a px=12 q=12 rasterize-bypass=true rect=0,0,30,20 reverse=true rot-type=pivot rot=15 sat=12
sepia=12 shad=1.5 sharp=1.5 skip=12 svg-sanitize=true transparency=grid trim-alpha=1.5
trim-color=ffa07a trim-md=1.5 trim-pad=12 trim-sd=1.5 trim-tol=1.5 trim=colorunlessalpha
txt-align=top txt-clip=start txt-color=ffa07a txt-fit=max txt-font=serif,bold txt-lead=1
txt-line-color=ffa07a txt-line=12 txt-pad=12 txt-shad=1.5 txt-size=12 txt-track=12 txt-width=12
txt-x=12 txt-y=12 txt=Summer+Sale%21 upscale-fallback=true upscale=true usm=-20 usmrad=1.5 vib=12
video-bitrate=1m video-clip-duration=12 video-clip-end=12 video-clip-start=12 video-codec=h264
video-generate-subtitles=true video-renditions=words video-spritesheet-columns=auto
video-spritesheet-format=jpg video-spritesheet-h=auto video-spritesheet-interval=auto
video-spritesheet-smart-crop=true video-spritesheet-w=12 video-subtitle-translations=a,b
video-thumbnail=12 video-wave-align=words video-wave-amplitude=1.5 video-wave-bg-color=ffa07a
video-wave-color=ffa07a video-wave-h=0.4 video-wave-mode=cline video-wave-pad=12
video-wave-scale=sqrt video-wave-split=true video-wave-thickness=12 video-wave-w=0.4 video-wave-x=12
video-wave-y=12 video-wave=true w=320
"""

#: Links as pages have them.
PAGES = """
auto=format,compress&fit=crop&w=800&h=600&q=80 ixlib=rb-4.0.3&ixid=M3wxMjA3fDB8&auto=format&fit=crop&w=1470&q=80
ixid=M3w5&cs=tinysrgb&fm=jpg&w=1080&fit=max&crop=entropy&q=80 auto=format&auto=compress&w=640
w=300&h=300&fit=facearea&facepad=2.5&faceindex=1 w=400&dpr=2&fit=clip&lossless=true
fit=fill&fill=solid&fill-color=f0f0f0&w=500&h=500 fit=fill&fill=blur&w=900&h=300 w=1200&h=630&fit=crop&crop=faces,edges
txt64=SGVsbG8&txt-size=32&txt-color=fff&txt-align=bottom,center&w=1200 mark64=aHR0cHM&mark-align=bottom,right&markalpha=60&w=800
bg=%23ffffff&pad=20&w=200&trim=color&trim-tol=10 trim=auto&trim-md=11&w=500 fm=png8&colors=16&w=90 fm=png32&w=90
fm=pjpg&q=60&w=1600 fm=jpeg&width=400&quality=70 w=300.0&h=200.5 w=auto&h=400&ch=Width,DPR w=9000&q=75&max-w=2000
w=undefined&h=200 w=320&h=null&fit=crop&crop=focalpoint&fp-x=0.3&fp-y=0.7&fp-z=1.5 w=100&sat=-100&con=10&bri=5&exp=1
orient=0&w=400&updated_at=1612345678 w=400&v=1612345678 w=400&1612345678 w=400&utm_source=mail&utm_medium=a%26b
w=64&h=64&fit=crop&mask=ellipse&fm=png w=640&blur=200&px=16&monochrome=ff4a4a4a w=640&sepia=80&htn=5 gif-q=50&fm=gif&w=200
w=750&fm=webp&lossless=1 w=750&fm=avif&q=45 fm=mp4&w=400 fm=jxr&w=400 fm=blurhash&w=400 palette=json&colors=4 fm=json
w=400&h=400&fit=min&crop=top,faces w=400&h=400&fit=scale w=400&fit=clamp&h=300 ar=16:9&fit=crop&w=1280 ar=1.91&fit=crop&w=1200
rect=10,10,40,30&w=400 rect=0.1,0.1,0.8,0.8&w=300 dpr=1&w=375&q=75 dpr=2&w=375&q=50 dpr=3&w=375&q=35 dpr=4&w=375&q=23 dpr=5&w=375&q=20
w=828&q=75&auto=format w=3840&q=75&auto=format&fit=max w=16&q=10&blur=50 s=0123456789abcdef0123456789abcdef&w=300
dl=photo.jpg&w=2000 dl64=cGhvdG8uanBn&w=900 flip=hv&rot=90&w=300 rot=-45&bg=fff&w=300 usm=20&usmrad=2&w=600&sharp=10
invert=true&w=200 border=10,fff&border-radius=20&w=300 corner-radius=10,10,0,0&mask=corners&w=300&fm=png
duotone=000080,fa8072&duotone-alpha=100&w=700 blend64=aHR0cA&blend-mode=multiply&blend-alpha=50&w=700 nr=20&nrs=10&w=500
frame=1&w=200 page=1&w=800&pdf-annotation=true loop=0&fps=10&reverse=true&w=200 transparency=grid&fm=png&w=200
w=0.5&h=0.5&fit=crop w=1&h=1 h=1080 q=auto&w=500 q=80%25&w=500 fit=contain&w=400&h=300 fit=cover&w=400&h=300 fit=inside&w=40
crop=center&fit=crop&w=40&h=40 crop=&fit=crop&w=40&h=40 crop=smart&w=40&h=40&fit=crop w=400&&h=300& w=400&format=auto&_=1
upscale=true&w=900 upscale=1&w=900 bg-remove=true&fm=png&w=300 svg-sanitize=true&w=100 iptc=allow&w=100 dpi=300&w=100
auto=true&w=100 auto=enhance,redeye&w=100 auto=format%2Ccompress&w=100 skip=2&interval=10&w=100 chromasub=444&q=90&w=100
"""


def test_pages_of_imgixs_customers_have_pictures() -> None:
    """At least 97 of 100, each name on its own beside a width, and links as pages have them."""
    names = DOCUMENTED.split()
    assert len(names) == len({name.partition("=")[0] for name in names}) == 203
    queries = [
        *(name if name.startswith("w=") else f"{name}&w=40" for name in names),
        *PAGES.split(),
    ]
    service = serving()
    refused = [query for query in queries if get(service, query).status != 200]
    assert len(queries) >= 203 + 80
    assert len(refused) <= 0.03 * len(queries), refused


def test_nothing_of_it_makes_another_entry() -> None:
    """Queries that differ in what is ignored are one, in memory and where what was asked a moment ago
    is remembered; each is told what of its own was left out.
    """
    service = serving(recheck=60.0)
    first = get(service, "w=20")
    for i in range(300):
        answer = service.ready(request(f"n{i}=1&w=20&x={i}&ixlib={i}"))
        assert answer is not None, i
        assert answer.header("ETag") == first.header("ETag")
        assert answer.header("Image-Notes") == f"ignored=n{i}, ignored=x"
    assert service.holding()["memory"].entries == 1
    assert get(service, "w=20").header("Image-Notes") is None


def test_a_flood_of_names_is_short_in_the_answer() -> None:
    service = serving()
    for query in (
        "&".join(f"{i:x}=" for i in range(800)),
        "&".join(["w=9"] * 1000),
        "&".join(["auto=format,x"] * 250),
        "&".join(f"{quote(chr(0x4E00 + i))}=1" for i in range(300)),
        "x" * 4000,
        "w=" + "9" * 4000,
        "crop=" + "top," * 800,
        "rect=" + "," * 4000,
    ):
        answer = get(service, query)
        assert (answer.status, len(query) <= 4096) == (200, True)
        assert len(answer.header("Image-Notes") or "") < 400
    assert get(service, "&".join(f"{i}=" for i in range(20))).header("Image-Notes") == (
        ", ".join(f"ignored={i}" for i in range(8)) + ", ignored-more=12"
    )
    assert get(service, "a=" + "1" * 4095).status == 400


@pytest.mark.parametrize(
    "name", ["a%0d%0aSet-Cookie:b", "a%00", "%ff", "a,b", "a%3Bb", "%C3%A9", "a%20b"]
)
def test_no_name_writes_into_the_header(name: str) -> None:
    _, headers, _ = drivers.both(serving(), f"/image/a?{name}=1&w=9")
    notes = dict(headers)["image-notes"]
    assert notes.startswith("ignored=")
    assert (
        notes.removeprefix("ignored=").replace("?", "").replace("-", "").isalnum() or "?" in notes
    )
    assert not {*"\r\n\0,; \xe9"} & {*notes}
    assert "set-cookie" not in dict(headers)


KEY = "k" * 32


def test_what_is_ignored_is_signed_too() -> None:
    service = serving(keys=[KEY], require_signature=True)

    def status(query: str) -> int:
        return get(service, query).status

    def signed(*pairs: tuple[str, str]) -> str:
        said = "&".join(f"{name}={quote(text)}" for name, text in pairs)
        return f"{said}&s={of_link(KEY.encode(), '', 'a', pairs)}"

    link = signed(("w", "20"), ("ixid", "3"), ("auto", "format"), ("auto", "compress"))
    assert status(link) == 200
    assert status(link.replace("auto=format&auto=compress", "auto=compress&auto=format")) == 200
    assert status(link) == 200  # it is remembered, and what differs in its name is not it
    for other in (
        link.replace("ixid=3", "ixid=4"), link.replace("ixid=3&", ""), f"utm=1&{link}", f"{link}&w=30",
        f"w=30&{link}", f"{link}&junk", f"w64=MzA&{link}", link.replace("auto=compress&", ""),
    ):  # fmt: skip
        assert status(other) == 403, other
    assert status(f"{link}&s=x") in (400, 403)
    assert status(f"s=x&{link}") in (400, 403)
    whole = signed(("w", "20"), ("sw", "20.40"))
    assert status(whole.replace("w=20&", "w=40&")) == 200
    assert status(whole.replace("w=20&", "w=60&")) == 400
    assert status(f"{whole}&w=60") == 200  # the first counts, and is one of them
    assert status(f"w=60&{whole}") == 400
    assert status(whole.replace("w=20&", "")) == 400


def test_the_options_own_queries_stay_strict() -> None:
    with pytest.raises(ValueError, match="there is no parameter 'widht'"):
        QueryGrammar(Settings(default="widht=9", unknown="ignore"))
    with pytest.raises(ValueError, match="unknown"):
        Settings(unknown="drop")  # type: ignore[arg-type]


def test_refusing_is_the_default() -> None:
    with pytest.raises(ImageError, match="unknown-parameter"):
        QueryGrammar(Settings()).parse("w=9&ixid=3")
