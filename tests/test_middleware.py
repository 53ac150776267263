"""Every behaviour, once, through both adapters: equal status, headers and body.

Each row has the answer that a client must see; the reference for a status is the RFC or the issue's
wording, never the code's own answer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest

import drivers
from counting import counted
from imgmiddleware import ChainSource, ImageError, ImageService
from imgmiddleware.errors import CODES
from imgmiddleware.grammar.signature import of_link
from imgmiddleware.messages import FileBody
from imgmiddleware.service.admission.deadline import Deadline
from pictures import GREEN, RED, YELLOW, close, corners, exif, opened, pixels_of, quadrants, saved

WHEN = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT, the RFC's own example
LATER = "Mon, 07 Nov 1994 08:49:37 GMT"
A_UUID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"  # RFC 9562, section 4
EARLIER = "Sat, 05 Nov 1994 08:49:37 GMT"


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("originals")
    folder = root / "photos"
    (folder / "sub").mkdir(parents=True)
    jpeg = saved(quadrants(), "JPEG", quality=95, subsampling=0)
    clear = np.dstack((quadrants(), np.full((48, 64), 128, np.uint8)))
    files = {
        "a.jpg": jpeg,
        "café.jpg": jpeg,
        "sub/b.jpg": jpeg,
        "50%.jpg": jpeg,
        "a+b c.jpg": jpeg,
        "clear.png": saved(clear, "PNG"),
        "a.bmp": saved(quadrants(), "BMP"),
        "turned.jpg": saved(quadrants(), "JPEG", quality=95, subsampling=0, exif=exif(6)),
        "lossless.jpg": jpeg.replace(b"\xff\xc0", b"\xff\xc3"),  # SOF3 in the place of SOF0
        "half.jpg": jpeg[: len(jpeg) // 2] + b"\xff\xd9",
        "empty.jpg": b"",
        "notes.txt": b"no picture at all",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        ".hidden.jpg": jpeg,
        "7": jpeg,
        A_UUID: jpeg,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        os.utime(folder / name, (WHEN, WHEN))
    (root / "photos-secret").mkdir()
    (root / "photos-secret" / "a.jpg").write_bytes(jpeg)
    (folder / "out.jpg").symlink_to("../photos-secret/a.jpg")
    os.mkfifo(folder / "pipe")
    return folder


class Row(NamedTuple):
    name: str
    target: str
    status: int
    code: str = ""  # of the problem document
    method: str = "GET"
    headers: dict[str, str] = {}
    options: dict[str, Any] = {}
    mount: str = ""
    has: dict[str, str | None] = {}  # headers of the answer; None: must be absent
    detail: str = ""  # a part of the problem's detail
    app: str = ""  # the body that the application behind answers
    source: Any = None  # made of the folder of originals, where it is not that folder


def signed(**pairs: str) -> str:
    return of_link(b"k" * 32, "", "a.jpg", pairs.items())


def several(photos: Path) -> dict[str, Any]:
    """Prefixes, of which one begins with another, and one has two sources."""
    jpeg = (photos / "a.jpg").read_bytes()
    return {
        "maps/": photos / "sub",
        "/maps/old": {"1": jpeg, "b.jpg": jpeg, "../b.jpg": None}.get,
        "art": ChainSource({"b.jpg": b"", "new": np.zeros((30, 40), np.uint8)}.get, photos / "sub"),
        "down/": fail,
        "": photos,
    }


def one(photos: Path) -> dict[str, Any]:
    """A prefix, and none for all else."""
    return {"maps": photos / "sub"}


def fail(id: str) -> None:
    raise ImageError("source-unavailable", "on purpose")


def refuse(request: Any) -> bool:
    return request.headers.get("authorization") == "let me in"


SIGNED = {"keys": ["k" * 32], "require_signature": True}
SIZES: dict[str, Any] = {"widths": (320, 640)}
PRESETS: dict[str, Any] = {"presets": {"thumb": "w=20&h=20&fit=crop"}, "presets_only": True}
PASS: dict[str, Any] = {"missing": "pass"}
JPEG = {"content-type": "image/jpeg", "x-content-type-options": "nosniff"}
BROWSER = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
PROBLEM = {"content-type": "application/problem+json", "cache-control": "no-store"}

#: A spelling of others, and ours: one meaning has one ETag.
SAME = [
    ("fm=jpeg", "fm=jpg"), ("fm=png8&w=9", "fm=png&w=9"),
    ("fm=png32", "fm=png"), ("fm=tiff", "fm=tif"), ("orient=0&w=9", "w=9"), ("w=30.0", "w=30"),
    ("w=auto&h=20", "h=20"), ("bg=%23ff0000&pad=2", "bg=f00&pad=2"), ("trim=color", "trim=auto"),
    ("linear=true&w=9", "linear=1&w=9"), ("linear=false&w=9", "w=9"), ("q=60.0", "q=60"),
    ("w=9&h=20&fit=crop&crop=center", "w=9&h=20&fit=crop"),
    ("w=9&h=20&fit=crop&crop=center,top", "w=9&h=20&fit=crop&crop=top"),
    ("w=9&h=20&fit=crop&crop=top,faces,edges", "w=9&h=20&fit=crop&crop=faces,edges,center,top"),
    ("w=9&h=20&fit=crop&crop=edges,focalpoint,top&fp-y=1", "w=9&h=20&fit=crop&crop=edges,focalpoint&fp-z=2&fp-y=1"),
    ("w=9&h=20&fit=crop&crop=focalpoint&fp-x=0", "w=9&h=20&fit=crop&crop=left"),
    ("w=9&h=20&fit=crop&crop=focalpoint,top&fp-x=1.00", "w=9&h=20&fit=crop&crop=right"),
    ("auto=true&w=9", "w=9"), ("auto=format&w=9&auto=compress", "w=9"),
    ("w=99&upscale=1", "w=99&enlarge=1"), ("w=99&upscale=0", "w=99"), ("w64=MzA", "w=30"),
    ("w64=MC41", "w=0.5"), ("fm64=cG5n", "fm=png"), ("frame64=MQ&w=9", "page=1&w=9"),
]  # fmt: skip
#: Queries without one sensible meaning.
TYPOS = [
    *(f"{name}=9" for name in ("width", "height", "quality", "format", "max-w", "txt64", "auto64")),
    "w=1.0", "w=30.5", "w=-3", "w64=MzA=", "w64=M%2Bk", "w64=_w", "w64=MzA&w=30", "upscale=true",
    "upscale=1&enlarge=1", "crop=face", "crop=faces,faces", "crop=center,center",
    "crop=focalpoint,focalpoint", "crop=focalpoint&fp-x=1.1", "fp-y=-0.1", "fp-z=0.5", "fp_x=0.5", "bg=%23%23fff", "bg=8204060",
    "auto=format,redeye", "auto=format&auto=redeye", "w=9&w=9", "ixlib=a&ixlib=b", "s=1",
]  # fmt: skip

ROWS = [
    # A picture, and the text of its URL.
    Row("no query", "/image/a.jpg", 200, has=JPEG),
    Row("width", "/image/a.jpg?w=32", 200, has=JPEG),
    Row("ratio", "/image/a.jpg?w=0.333333&fm=png", 200, has={"content-type": "image/png"}),
    Row("alpha without fm", "/image/clear.png?w=9", 200, has={"content-type": "image/png"}),
    Row("bmp original", "/image/a.bmp?w=9", 200, has=JPEG),
    *[
        Row(f"fm={fm}", f"/image/a.jpg?w=32&fm={fm}", 200, has={"content-type": f"image/{kind}"})
        for fm, kind in (
            ("jpg", "jpeg"), ("png", "png"), ("webp", "webp"), ("avif", "avif"), ("bmp", "bmp"),
            ("tif", "tiff"),
        )
    ],
    # Facts of a picture instead of it.
    *[
        Row(query, f"/image/a.jpg?{query}", 200, has={"content-type": kind, "vary": None, "x-content-type-options": "nosniff"})
        for query, kind in (
            ("fm=thumbhash", "text/plain"), ("fm=blurhash&w=20", "text/plain"),
            ("fm=lqip&rect=0,0,9,9", "text/plain"), ("palette=json", "application/json"),
            ("palette=css&colors=3&prefix=frog", "text/css"),
            ("fm=json", "application/json"), ("fm=json&keep=exif&colors=4&w=9", "application/json"),
            ("palette=json&fm=png&w=9&depth=16&anim=1", "application/json"),
        )
    ],
    Row("json, HEAD", "/image/turned.jpg?fm=json", 200, method="HEAD", has={"content-type": "application/json", "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"}),
    Row("json, unchanged", "/image/a.jpg?fm=json", 304, headers={"If-None-Match": "*"}),
    Row("json, forbidden", "/image/a.jpg?fm=json", 403, "forbidden", options={"authorize": refuse}),
    Row("json, authorized", "/image/a.jpg?fm=json", 200, headers={"Authorization": "let me in"}, options={"authorize": refuse}, has={"cache-control": "private, max-age=300"}),
    Row("json, signed", f"/image/a.jpg?fm=json&s={signed(fm='json')}", 200, options=SIGNED),
    Row("json, not as signed", f"/image/a.jpg?fm=json&keep=exif&s={signed(fm='json')}", 403, "bad-signature", options=SIGNED),
    Row("json, no picture", "/image/notes.txt?fm=json", 415, "unknown-format"),
    Row("json of half a header", "/image/half.jpg?fm=json", 422, "damaged-original"),
    Row("json with a large w", "/image/a.jpg?fm=json&w=8000&enlarge=1&h=8000&fit=fill", 200),
    Row("palette, HEAD", "/image/a.jpg?palette=css", 200, method="HEAD", has={"content-type": "text/css"}),
    Row("palette, unchanged", "/image/a.jpg?palette=json", 304, headers={"If-None-Match": "*"}),
    Row("palette, forbidden", "/image/a.jpg?palette=json", 403, "forbidden", options={"authorize": refuse}),
    Row("palette, unsigned", "/image/a.jpg?palette=json", 403, "signature-required", options=SIGNED),
    Row("palette, signed", f"/image/a.jpg?palette=css&s={signed(palette='css')}", 200, options=SIGNED),
    Row("palette, preset", "/image/a.jpg?palette=json", 400, "parameter-not-allowed", options=PRESETS, detail="palette"),
    Row("palette, countable", "/image/a.jpg?palette=json&colors=3", 200, options=SIZES),
    Row("prefix, endless", "/image/a.jpg?palette=css&prefix=x", 400, "parameter-not-allowed", options=SIZES, detail="prefix"),
    Row("palette=xml", "/image/a.jpg?palette=xml", 400, "malformed-parameter", detail="palette"),
    Row("colors=17", "/image/a.jpg?palette=json&colors=17", 400, "out-of-range", detail="colors"),
    Row("prefix of CSS", "/image/a.jpg?palette=css&prefix=a%7B%7D", 400, "malformed-parameter", detail="prefix"),
    Row("palette, damaged", "/image/half.jpg?palette=json", 422, "damaged-original"),
    Row("fm of a palette", "/image/a.jpg?fm=palette-css", 400, "malformed-parameter", detail="fm"),
    Row("auto, ixlib, v", "/image/a.jpg?auto=format,compress&ixlib=js-3.8.0&v=x", 200, has=JPEG),
    *[
        Row(f"crop={crop}", f"/image/{id}?w=30&h=9&fit=crop&crop={crop}", 200)
        for id in ("a.jpg", "clear.png", "a.bmp")
        for crop in ("faces", "edges,top", "faces,entropy", "focalpoint&fp-y=0.1&fp-z=2")
    ],
    Row("a misspelt crop", "/image/a.jpg?w=9&fit=crop&crop=enthropy", 400, "malformed-parameter", detail="entropy"),
    Row("w of a srcset", "/image/a.jpg?w=8192", 200, has=JPEG),
    Row("encoded value", "/image/a.jpg?w=3%32", 200, has=JPEG),
    Row("empty pairs", "/image/a.jpg?&w=32&&", 200, has=JPEG),
    Row("unknown parameter", "/image/a.jpg?widht=3", 400, "unknown-parameter", detail="widht"),
    Row("empty name", "/image/a.jpg?=3", 400, "malformed-query"),
    Row("no value", "/image/a.jpg?w", 400, "malformed-query"),
    Row("no UTF-8", "/image/a.jpg?w=%ff", 400, "malformed-query"),
    Row("repeated", "/image/a.jpg?w=3&w=3", 400, "repeated-parameter", detail="w"),
    Row("repeated, encoded", "/image/a.jpg?w=3&%77=4", 400, "repeated-parameter", detail="w"),
    Row("no number", "/image/a.jpg?w=abc", 400, "malformed-parameter", detail="w="),
    Row("Python's number", "/image/a.jpg?w=1_0", 400, "malformed-parameter", detail="w="),
    Row("signed", "/image/a.jpg?w=%2B5", 400, "malformed-parameter", detail="w="),
    Row("Arabic digits", "/image/a.jpg?w=%D9%A3", 400, "malformed-parameter", detail="w="),
    Row("exponent", "/image/a.jpg?w=1e3", 400, "malformed-parameter", detail="w="),
    Row("zero", "/image/a.jpg?w=0", 400, "out-of-range", detail="w=0"),
    Row("too wide", "/image/a.jpg?w=8193", 400, "out-of-range", detail="8192"),
    Row("many digits", "/image/a.jpg?h=" + "9" * 3000, 400, "malformed-parameter", detail="h="),
    Row("unknown fit", "/image/a.jpg?fit=cover", 400, "malformed-parameter", detail="fit="),
    Row("unknown fm", "/image/a.jpg?fm=gif87", 400, "malformed-parameter", detail="fm="),
    Row("quality", "/image/a.jpg?q=101", 400, "out-of-range", detail="q="),
    Row("dpr", "/image/a.jpg?w=9&dpr=5.1", 400, "out-of-range", detail="dpr="),
    Row("auto", "/image/a.jpg?auto=redeye", 400, "malformed-parameter", detail="auto="),
    Row("flag", "/image/a.jpg?upscale=yes", 400, "malformed-parameter", detail="upscale="),
    Row("a long query", "/image/a.jpg?v=" + "a" * 5000, 400, "malformed-query"),
    # IDs.
    Row("in a folder", "/image/sub/b.jpg?w=9", 200, has=JPEG),
    Row("%2F is a slash", "/image/sub%2Fb.jpg?w=9", 200, has=JPEG),
    Row("non-ASCII", "/image/caf%C3%A9.jpg?w=9", 200, has=JPEG),
    Row("percent", "/image/50%25.jpg?w=9", 200, has=JPEG),
    Row("plus and space", "/image/a+b%20c.jpg?w=9", 200, has=JPEG),
    Row("not UTF-8", "/image/caf%E9.jpg", 404, "not-found"),
    Row("%2F is decoded once", "/image/sub%252Fb.jpg", 404, "not-found"),
    Row("unknown", "/image/none.jpg", 404, "not-found"),
    Row("no ID", "/image/", 404, "not-found"),
    Row("a folder", "/image/sub", 404, "not-found"),
    Row("a slash behind", "/image/a.jpg/", 404, "not-found"),
    Row("two slashes", "/image//a.jpg", 404, "not-found"),
    Row("dots", "/image/sub/../a.jpg", 404, "not-found"),
    Row("encoded dots", "/image/%2e%2e/photos-secret/a.jpg", 404, "not-found"),
    Row("absolute", "/image//etc/passwd", 404, "not-found"),
    Row("NUL", "/image/a.jpg%00", 404, "not-found"),
    Row("backslash", "/image/sub%5Cb.jpg", 404, "not-found"),
    Row("hidden", "/image/.hidden.jpg", 404, "not-found"),
    Row("link out", "/image/out.jpg", 404, "not-found"),
    Row("link out, unsafe", "/image/out.jpg", 200, options={"unsafe_follow_symlinks": True}),
    Row("a pipe", "/image/pipe", 404, "not-found"),
    Row("a very long ID", "/image/" + "a" * 5000, 404, "not-found"),
    Row("a long name", "/image/" + "a" * 300, 404, "not-found"),
    Row("a number", "/image/7?w=9", 200, options={"id_type": int}, has=JPEG),
    Row("no number", "/image/abc", 404, "not-found", options={"id_type": int}),
    Row("leading zero", "/image/007", 404, "not-found", options={"id_type": int}),
    Row("a UUID", f"/image/{A_UUID}?w=9", 200, options={"id_type": UUID}, has=JPEG),
    Row("UUID in capitals", f"/image/{A_UUID.upper()}", 404, "not-found", options={"id_type": UUID}),
    Row("UUID in braces", f"/image/{{{A_UUID}}}", 404, "not-found", options={"id_type": UUID}),
    Row("UUID bare", f"/image/{A_UUID.replace('-', '')}", 404, "not-found", options={"id_type": UUID}),
    Row("no UUID", "/image/7", 404, "not-found", options={"id_type": UUID}),
    Row("Arabic ID", "/image/%D9%A7", 404, "not-found", options={"id_type": int}),
    # IDs of several sources.
    Row("a prefix", "/image/maps/b.jpg?w=9", 200, source=several, has=JPEG),
    Row("a longer prefix", "/image/maps/old/1?w=9", 200, source=several, has=JPEG),
    Row("no prefix", "/image/a.jpg?w=9", 200, source=several, has=JPEG),
    Row("a folder beside prefixes", "/image/sub/b.jpg?w=9", 200, source=several, has=JPEG),
    Row("the first of a chain", "/image/art/new?w=9&fm=png", 200, source=several),
    Row("an empty file in the first", "/image/art/b.jpg", 415, "unknown-format", source=several),
    Row("another's original", "/image/maps/a.jpg", 404, "not-found", source=several),
    Row("nor below the longer", "/image/maps/old/c.jpg", 404, "not-found", source=several),
    Row("in no source of a chain", "/image/art/none", 404, "not-found", source=several),
    Row("a prefix alone", "/image/maps/", 404, "not-found", source=several),
    Row("and without its slash", "/image/maps", 404, "not-found", source=several),
    Row("a longer first part", "/image/mapsb.jpg", 404, "not-found", source=several),
    Row("capitals", "/image/Maps/b.jpg", 404, "not-found", source=several),
    Row("two slashes behind a prefix", "/image/maps//b.jpg", 404, "not-found", source=several),
    Row("dots to another", "/image/maps/../art/new", 404, "not-found", source=several),
    Row("encoded dots to another", "/image/maps/%2e%2e/a.jpg", 404, "not-found", source=several),
    Row("dots to a shorter prefix", "/image/maps/old/../b.jpg", 404, "not-found", source=several),
    Row("%2F behind a prefix", "/image/maps%2Fb.jpg?w=9", 200, source=several, has=JPEG),
    Row("a prefix decoded once", "/image/maps%252Fb.jpg", 404, "not-found", source=several),
    Row("a source that fails", "/image/down/x", 503, "source-unavailable", source=several),
    Row("beside it", "/image/a.jpg?w=9", 200, source=several, has=JPEG),
    Row("none for all else", "/image/a.jpg", 404, "not-found", source=one),
    Row("which goes on", "/image/a.jpg", 200, options=PASS, source=one, app="app GET /image/a.jpg"),
    # Not ours.
    Row("root", "/", 200, app="app GET /"),
    Row("prefix without its slash", "/image", 200, app="app GET /image"),
    Row("a longer word", "/images/a.jpg", 200, app="app GET /images/a.jpg"),
    Row("POST elsewhere", "/form", 200, method="POST", app="app POST /form"),
    Row("prefix in the middle", "/x/image/a.jpg", 200, app="app GET /x/image/a.jpg"),
    Row("another prefix", "/p/a.jpg?w=9", 200, options={"prefix": "p"}, has=JPEG),
    Row("prefix /", "/a.jpg?w=9", 200, options={"prefix": "/"}, has=JPEG),
    Row("mounted", "/image/a.jpg?w=9", 200, mount="/site", has=JPEG),
    Row("mounted like the prefix", "/image/a.jpg?w=9", 200, mount="/image", has=JPEG),
    Row("mounted, not ours", "/x", 200, mount="/site", app="app GET /x"),
    Row("missing=pass", "/image/none", 200, options=PASS, app="app GET /image/none"),
    Row("missing=pass, no ID", "/image/", 200, options=PASS, app="app GET /image/"),
    Row("missing=pass, POST", "/image/up", 200, method="POST", options=PASS, app="app POST /image/up"),
    Row("missing=pass, query", "/image/list?page=2", 200, options=PASS, app="app GET /image/list"),
    Row("missing=pass, found", "/image/a.jpg?w=9", 200, options=PASS, has=JPEG),
    Row("missing=pass, bad query", "/image/a.jpg?x=9", 400, "unknown-parameter", options=PASS),
    # Methods.
    Row("HEAD", "/image/a.jpg?w=9", 200, method="HEAD", has=JPEG),
    Row("HEAD of an error", "/image/none", 404, method="HEAD", has=PROBLEM),
    Row("POST", "/image/a.jpg", 405, "method-not-allowed", "POST", has={"allow": "GET, HEAD, OPTIONS"}),
    Row("DELETE", "/image/none", 405, "method-not-allowed", "DELETE"),
    Row("OPTIONS", "/image/a.jpg", 204, method="OPTIONS", has={"allow": "GET, HEAD, OPTIONS", "etag": None}),
    # Preconditions (RFC 9110, 13.2.2); the ETag of another picture is "other".
    Row("other ETag", "/image/a.jpg?w=9", 200, headers={"If-None-Match": '"other"'}),
    Row("any ETag", "/image/a.jpg?w=9", 304, headers={"If-None-Match": "*"}, has={"content-type": None, "cache-control": "public, max-age=300"}),
    Row("broken ETag", "/image/a.jpg?w=9", 200, headers={"If-None-Match": "other"}),
    Row("HEAD any ETag", "/image/a.jpg?w=9", 304, method="HEAD", headers={"If-None-Match": "*"}),
    Row("unmodified", "/image/a.jpg?w=9", 304, headers={"If-Modified-Since": LATER}),
    Row("modified", "/image/a.jpg?w=9", 200, headers={"If-Modified-Since": EARLIER}),
    Row("no date", "/image/a.jpg?w=9", 200, headers={"If-Modified-Since": "yesterday"}),
    Row("13.1.3", "/image/a.jpg?w=9", 200, headers={"If-None-Match": '"other"', "If-Modified-Since": LATER}),
    Row("If-Match", "/image/a.jpg?w=9", 412, "precondition-failed", headers={"If-Match": '"other"'}),
    Row("If-Match any", "/image/a.jpg?w=9", 200, headers={"If-Match": "*"}),
    Row("changed since", "/image/a.jpg?w=9", 412, "precondition-failed", headers={"If-Unmodified-Since": EARLIER}),
    Row("unchanged since", "/image/a.jpg?w=9", 200, headers={"If-Unmodified-Since": LATER}),
    Row("404 before 304", "/image/none", 404, "not-found", headers={"If-None-Match": "*"}),
    Row("415 before 304", "/image/notes.txt", 415, "unknown-format", headers={"If-None-Match": "*"}),
    Row("date", "/image/a.jpg?w=9", 200, has={"last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"}),
    # Negotiation: without fm, by what Accept names (12.5.1); Vary on that and on nothing else.
    Row("AVIF", "/image/a.jpg?w=9", 200, headers={"Accept": BROWSER}, has={"content-type": "image/avif", "vary": "Accept"}),
    Row("no query, AVIF", "/image/a.jpg", 200, headers={"Accept": BROWSER}, has={"content-type": "image/avif", "vary": "Accept"}),
    Row("WebP", "/image/a.jpg?w=9", 200, headers={"Accept": "image/webp"}, has={"content-type": "image/webp", "vary": "Accept"}),
    Row("AVIF refused", "/image/a.jpg?w=9", 200, headers={"Accept": "image/avif;q=0,image/webp;q=0.1"}, has={"content-type": "image/webp"}),
    Row("wildcards", "/image/a.jpg?w=9", 200, headers={"Accept": "image/*,*/*"}, has={**JPEG, "vary": "Accept"}),
    Row("never 406", "/image/a.jpg?w=9", 200, headers={"Accept": "text/html;q=1,*/*;q=0"}, has={**JPEG, "vary": "Accept"}),
    Row("no Accept", "/image/a.jpg?w=9", 200, has={**JPEG, "vary": "Accept"}),
    Row("alpha, WebP", "/image/clear.png?w=9", 200, headers={"Accept": "image/webp"}, has={"content-type": "image/webp"}),
    Row("alpha, neither", "/image/clear.png?w=9", 200, headers={"Accept": "*/*"}, has={"content-type": "image/png", "vary": "Accept"}),
    Row("fm decides", "/image/a.jpg?w=9&fm=png", 200, headers={"Accept": BROWSER}, has={"content-type": "image/png", "vary": None}),
    Row("304 varies", "/image/a.jpg?w=9", 304, headers={"If-None-Match": "*", "Accept": BROWSER}, has={"vary": "Accept"}),
    Row("304 of fm", "/image/a.jpg?w=9&fm=png", 304, headers={"If-None-Match": "*"}, has={"vary": None}),
    Row("HEAD varies", "/image/a.jpg?w=9", 200, method="HEAD", headers={"Accept": BROWSER}, has={"content-type": "image/avif", "vary": "Accept"}),
    Row("404 varies", "/image/none", 404, "not-found", has={"vary": "Accept"}),
    Row("404 of fm", "/image/none?fm=png", 404, "not-found", has={"vary": None}),
    Row("422 varies", "/image/half.jpg", 422, "damaged-original", has={"vary": "Accept"}),
    Row("422 of fm", "/image/half.jpg?fm=jpg", 422, "damaged-original", has={"vary": None}),
    Row("400 does not", "/image/a.jpg?w=x", 400, "malformed-parameter", has={"vary": None}),
    Row("405 does not", "/image/a.jpg", 405, "method-not-allowed", "POST", has={"vary": None}),
    Row("403 does not", "/image/a.jpg", 403, "forbidden", options={"authorize": refuse}, has={"vary": None}),
    Row("formats=webp", "/image/a.jpg?w=9", 200, headers={"Accept": BROWSER}, options={"formats": ["webp"]}, has={"content-type": "image/webp", "vary": "Accept"}),
    Row("formats=()", "/image/a.jpg?w=9", 200, headers={"Accept": BROWSER}, options={"formats": ()}, has={**JPEG, "vary": None}),
    # Ranges: the table of tests/http/test_table.py has the rest.
    Row("a range", "/image/a.jpg?w=9", 206, headers={"Range": "bytes=0-1"}, has={**JPEG, "content-length": "2"}),
    Row("no such range", "/image/a.jpg?w=9", 416, "range-not-satisfiable", headers={"Range": "bytes=99999-"}),
    # Limits of the service, each with its value.
    Row("bytes", "/image/a.jpg", 413, "source-bytes", options={"max_source_bytes": 99}, detail="99"),
    Row("pixels", "/image/a.jpg", 413, "source-pixels", options={"max_source_pixels": 3071}, detail="3071"),
    Row("pixels, just", "/image/a.jpg", 200, options={"max_source_pixels": 64 * 48}),
    Row("memory", "/image/a.jpg", 413, "source-memory", options={"max_source_memory": 99}, detail="99"),
    Row("result width", "/image/a.jpg", 400, "result-too-large", options={"max_result_width": 63}, detail="63"),
    Row("result height", "/image/a.jpg", 400, "result-too-large", options={"max_result_height": 47}, detail="47"),
    Row("result pixels", "/image/a.jpg?w=8000&enlarge=1&h=8000&fit=scale", 400, "result-too-large", detail="50000000"),
    Row("canvas", "/image/a.jpg?w=8000&h=8000&fit=fill", 400, "result-too-large", detail="8000x8000"),
    Row("format not allowed", "/image/a.bmp", 415, "format-not-allowed", options={"original_formats": {"jpeg"}}, detail="bmp"),
    Row("no picture", "/image/notes.txt", 415, "unknown-format"),
    Row("SVG", "/image/drawing.svg", 415, "unknown-format", detail="SVG"),
    Row("empty file", "/image/empty.jpg", 415, "unknown-format", detail="empty"),
    Row("lossless JPEG", "/image/lossless.jpg", 415, "unsupported-feature"),
    Row("half a JPEG", "/image/half.jpg", 422, "damaged-original"),
    Row("presets", "/image/a.jpg?preset=thumb&v=x", 200, options=PRESETS),
    Row("presets only", "/image/a.jpg?w=9", 400, "parameter-not-allowed", options=PRESETS, detail="w"),
    Row("unknown preset", "/image/a.jpg?preset=x", 400, "unknown-preset", options=PRESETS),
    Row("unknown overlay", "/image/a.jpg?mark=x", 400, "unknown-overlay"),
    Row("an overlay by its ID", "/image/a.jpg?fm=png&mark=/a.jpg", 200),
    Row("an overlay above", "/image/a.jpg?mark=/../a.jpg", 404, "not-found", detail="mark: "),
    Row("width allowed", "/image/a.jpg?w=160&dpr=2", 200, options=SIZES),
    Row("width not allowed", "/image/a.jpg?w=321", 400, "parameter-not-allowed", options=SIZES, detail="320, 640"),
    Row("width snaps", "/image/a.jpg?w=321", 200, options={**SIZES, "snap": True}),
    Row("ratio not allowed", "/image/a.jpg?w=0.5", 400, "parameter-not-allowed", options=SIZES),
    Row("height not allowed", "/image/a.jpg?h=320", 400, "parameter-not-allowed", options=SIZES),
    Row("heights", "/image/a.jpg?h=9", 200, options={**SIZES, "heights": (9,)}),
    Row("forbidden", "/image/a.jpg", 403, "forbidden", options={"authorize": refuse}),
    Row("forbidden unknown", "/image/none", 403, "forbidden", options={"authorize": refuse}),
    Row("authorized", "/image/a.jpg?w=9", 200, headers={"Authorization": "let me in"}, options={"authorize": refuse}, has={"cache-control": "private, max-age=300"}),
    Row("not signed", "/image/a.jpg", 403, "signature-required", options=SIGNED, has={"cache-control": "no-store"}),
    Row("signed", f"/image/a.jpg?w=9&s={signed(w='9')}", 200, options=SIGNED, has={"cache-control": "public, max-age=300"}),
    Row("not as signed", f"/image/a.jpg?w=10&s={signed(w='9')}", 403, "bad-signature", options=SIGNED, has={"cache-control": "no-store"}),
    Row("ended", f"/image/a.jpg?expires=9&s={signed(expires='9')}", 403, "link-expired", options=SIGNED, has={"cache-control": "no-store"}),
    Row("max-age", "/image/a.jpg?w=9", 200, options={"max_age": 7}, has={"cache-control": "public, max-age=7"}),
]  # fmt: skip


def both(source: Any, row: Row) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer through both adapters, which must be one."""
    return drivers.both(source, row.target, row.method, row.headers, row.mount, **row.options)


def test_the_table_is_large_enough() -> None:
    assert len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_both_adapters(row: Row, originals: Path) -> None:
    status, headers, body = both(row.source(originals) if row.source else originals, row)
    assert status == row.status, body[:300]
    fields = dict(headers)
    assert len(fields) == len(headers)
    for name, value in row.has.items():
        assert fields.get(name) == value
    assert str(originals) not in repr((headers, body))
    if row.app:
        assert body.decode() == row.app
        return
    if status in (204, 304) or row.method == "HEAD":
        assert body == b""
    if status not in (204, 304):
        assert row.method == "HEAD" or fields["content-length"] == str(len(body))
    if status in (200, 206, 304):
        assert fields["etag"].startswith('"')
    if status >= 400 and row.method != "HEAD":
        problem = json.loads(body)
        assert (problem["status"], problem["code"]) == (status, row.code)
        assert row.detail in problem["detail"]
        for name, value in PROBLEM.items():
            assert fields[name] == value


@pytest.mark.parametrize(("query", "ours"), SAME)
def test_what_has_one_sensible_meaning_is_taken(query: str, ours: str, originals: Path) -> None:
    status, headers, body = both(originals, Row("", f"/image/a.jpg?{query}", 200))
    assert (status, headers, body) == both(originals, Row("", f"/image/a.jpg?{ours}", 200))
    assert status == 200


@pytest.mark.parametrize("query", TYPOS)
def test_what_may_be_a_typo_is_refused_by_name(query: str, originals: Path) -> None:
    status, _, body = both(originals, Row("", f"/image/a.jpg?{query}", 400))
    assert status == 400, body[:100]
    assert json.loads(body)["parameter"] in query


class Failing:
    """A source whose disk fails, or whose originals change, when they are read."""

    def __init__(self, code: str) -> None:
        self._code = code
        self.version, self.last_modified, self.size = "1", None, 99

    def open(self, id: str) -> Any:
        return self

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        raise ImageError(self._code, "on purpose")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None: ...


@pytest.mark.parametrize("code", ["original-changed", "source-unavailable"])
def test_what_may_be_right_in_a_second_says_so(code: str) -> None:
    status, headers, body = both(Failing(code), Row("", "/image/x", 503))
    assert (status, json.loads(body)["code"]) == (503, code)
    assert dict(headers)["retry-after"] == "1"


def test_a_full_queue(originals: Path) -> None:
    shared = ImageService(originals, render_slots=1, max_waiting=0)
    with shared._pictures._admission.admitted(0, Deadline(30, lambda: False)):
        status, headers, body = both(shared, Row("", "/image/a.jpg", 503))
    assert (status, json.loads(body)["code"], dict(headers)["retry-after"]) == (503, "busy", "1")


def test_a_cached_file_that_cannot_be_read_is_made_anew(
    originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails after the checksum was compared, and before a byte was sent."""
    shared = ImageService(originals, cache_dir=tmp_path, cache_bytes=0)
    row = Row("", "/image/a.jpg?w=9&fm=png", 200)
    made, renders = both(shared, row), counted(monkeypatch, "render")
    assert (both(shared, row), len(renders)) == (made, 0)

    def failing(body: FileBody) -> Any:
        raise OSError("input/output error")

    monkeypatch.setattr(FileBody, "pieces", failing)
    assert (both(shared, row), len(renders)) == (made, 2)


def test_every_refusal_has_its_row() -> None:
    later = {"original-changed", "source-unavailable", "busy"}  # the tests above
    later |= {"malformed-host", "decoder-failed"}  # those of IIIF, and of workers
    assert {row.code for row in ROWS if row.code} | later == set(CODES)


def test_head_is_get_without_the_body(originals: Path) -> None:
    for target in ("/image/a.jpg?w=20", "/image/none", "/image/a.jpg?w=x"):
        get = both(originals, Row("", target, 0))
        head = both(originals, Row("", target, 0, method="HEAD"))
        assert head[:2] == get[:2]
        assert (get[2], head[2]) == (get[2], b"")
        assert dict(head[1])["content-length"] == str(len(get[2])) != "0"


def test_an_etag_is_answered_with_304_and_names_one_representation(originals: Path) -> None:
    def tag(target: str, **options: Any) -> str:
        return dict(both(originals, Row("", target, 0, options=options))[1])["etag"]

    wide = tag("/image/a.jpg?w=20")
    row = Row("", "/image/a.jpg?w=20", 304, headers={"If-None-Match": f'W/"x", {wide}'})
    status, headers, body = both(originals, row)
    assert (status, dict(headers)["etag"], body) == (304, wide, b"")
    same = tag("/image/a.jpg?fit=clip&q=75&w=20")
    # The accepted formats are part of the tag: a cache that ignores Vary cannot mix them up.
    row = Row("", "/image/a.jpg?w=20", 200, headers={"If-None-Match": wide, "Accept": BROWSER})
    status, headers, _ = both(originals, row)
    assert (status, dict(headers)["etag"] == wide) == (200, False)
    others = [
        tag("/image/a.jpg?w=21"),
        tag("/image/a.jpg?w=20&q=74"),
        tag("/image/a.jpg?w=20&fm=png"),
        tag("/image/sub/b.jpg?w=20"),
        tag("/image/a.jpg?w=20", namespace="x"),
    ]
    assert same == wide
    assert len({wide, *others}) == 6


def test_pictures_are_what_was_asked_for(originals: Path) -> None:
    def picture(target: str, **options: Any) -> bytes:
        return both(originals, Row("", target, 200, options=options))[2]

    assert opened(picture("/image/a.jpg?w=32")).size == (32, 24)
    third = opened(picture("/image/a.jpg", default="w=0.333333&fm=png"))
    assert (third.size, third.format) == ((21, 16), "PNG")
    assert opened(picture("/image/a.jpg?w=10", default="w=0.333333&fm=png")).format == "JPEG"
    assert opened(picture("/image/a.jpg?w=200")).size == (64, 48)
    assert opened(picture("/image/a.jpg?w=128&enlarge=1")).size == (128, 96)
    assert opened(picture("/image/a.jpg?w=10&dpr=2")).size == (20, 15)
    # EXIF 6: the stored top left (red) is shown at the top right.
    turned = pixels_of(picture("/image/turned.jpg?h=32"))
    assert turned.shape == (32, 24, 3)
    assert close(corners(turned)[:2], [YELLOW, RED])
    snapped = opened(picture("/image/a.jpg?w=30&enlarge=1", widths=(40, 80), snap=True))
    assert snapped.size == (40, 30)
    # Half transparent red over white.
    flat = pixels_of(picture("/image/clear.png?fm=jpg&q=100"))
    assert close(corners(flat)[0], [(c * 128 + 255 * 127) / 255 for c in RED])
    kept = pixels_of(picture("/image/clear.png?fm=png"), "RGBA")
    assert corners(kept)[1] == (*GREEN, 128)


def test_the_same_bytes_from_a_function_an_id_and_a_directory(originals: Path) -> None:
    data = (originals / "a.jpg").read_bytes()
    expected = both(originals, Row("", "/image/a.jpg?w=20", 200))[2]
    for give in (
        lambda id: originals / "a.jpg",
        lambda id: str(originals / "a.jpg"),
        lambda id: data,
    ):
        assert both(give, Row("", "/image/1?w=20", 200))[2] == expected
    assert both(lambda id: None, Row("", "/image/1", 404))[0] == 404


def test_an_integer_function_gets_an_int() -> None:
    seen: list[Any] = []

    def get_image_path(id: int) -> bytes | None:
        seen.append(id)
        return saved(quadrants(), "BMP") if id == 7 else None

    row = Row("", "/image/7", 200, options={"id_type": int, "default": "w=0.333333&fm=png"})
    assert opened(both(get_image_path, row)[2]).size == (21, 16)
    assert both(get_image_path, row._replace(target="/image/8"))[0] == 404
    assert both(get_image_path, row._replace(target="/image/x"))[0] == 404
    assert seen == [7, 7, 8, 8]


def test_a_function_of_uuids_gets_one() -> None:
    seen: list[Any] = []
    row = Row("", f"/image/{A_UUID}", 404, options={"id_type": UUID})
    assert both(seen.append, row)[0] == 404
    assert seen == [UUID(A_UUID)] * 2


def test_an_id_that_is_not_utf8_is_the_same_id_on_both() -> None:
    seen: list[str] = []
    both(seen.append, Row("", "/image/caf%E9%FF/%C3%28.jpg", 404))
    assert seen == ["caf\ufffd\ufffd/\ufffd(.jpg"] * 2


def test_v_makes_immutable_only_when_it_is_right(originals: Path) -> None:
    def caching(target: str) -> str:
        return dict(both(originals, Row("", target, 200))[1])["cache-control"]

    url = ImageService(originals).url("a.jpg", w=20)
    assert url.startswith("/image/a.jpg?w=20&v=")
    assert caching(url) == "public, max-age=31536000, immutable"
    assert caching("/image/a.jpg?w=20&v=wrong") == "public, max-age=300"
