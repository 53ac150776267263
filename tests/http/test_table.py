"""Conditional, range and negotiated requests, each with the section that decides its answer.

The expected statuses and headers come from the text of the RFCs, and the numbers of bytes from
arithmetic: a BMP of 4 x 3 pixels has a header of 54 bytes and three rows of 12, which makes 90.
Each row goes through both adapters, first where nothing is kept and then where the picture is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from drivers import both
from imgmiddleware import ImageService
from pictures import quadrants, saved

BMP = "/image/a.jpg?w=4&fm=bmp"  # 90 bytes
OPEN = "/image/a.jpg?w=9"  # its format is negotiated
CLEAR = "/image/clear.png?w=9"  # it has alpha

#: 5.6.7: one time in the three forms, and the second before and after it.
THEN, RFC850, ASCTIME = (
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
)
BEFORE, AFTER = "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"
WHEN = 784_111_777

MARKED = f"{BMP}&mark=/clear.png&mark-w=2"
LOGO: dict[str, Any] = {"overlays": {"logo": saved(quadrants(2, 2), "PNG")}}

#: The Accept of browsers for an <img>.
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI = "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
OLD = "image/png,image/*;q=0.8,*/*;q=0.5"

JPEG, PNG, WEBP, AVIF = (f"image/{kind}" for kind in ("jpeg", "png", "webp", "avif"))
VARY, NO_VARY = {"vary": "Accept"}, {"vary": None}


def part(first: int, last: int) -> dict[str, Any]:
    return {"content-range": f"bytes {first}-{last}/90", "content-length": str(last - first + 1)}


WHOLE = {"content-range": None, "content-length": "90", "accept-ranges": "bytes"}
NONE = {"content-range": "bytes */90", "accept-ranges": None, "etag": None}
UNCHANGED = {
    "content-type": None,
    "content-length": None,
    "content-range": None,
    "cache-control": "public, max-age=300",
    "content-disposition": None,
}


class Case(NamedTuple):
    section: str  # of RFC 9110, unless it names another
    name: str
    status: int
    headers: dict[str, str] = {}  # {etag} is the picture's, {other} that of another
    has: dict[str, Any] = {}  # headers of the answer; None: absent
    target: str = BMP
    method: str = "GET"
    options: dict[str, Any] = {}


def match(**fields: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in fields.items()}


CONDITIONAL = [
    Case("8.8.3", "no condition", 200, has={"last-modified": THEN, **WHOLE}),
    # If-Match: strong comparison, a list, or *.
    Case("13.1.1", "the same", 200, match(If_Match="{etag}")),
    Case("13.1.1", "another", 412, match(If_Match="{other}")),
    Case("13.1.1", "in a list", 200, match(If_Match='"x", {etag} ,"y"')),
    Case("13.1.1", "not in a list", 412, match(If_Match='"x", "y"')),
    Case("13.1.1", "*", 200, match(If_Match="*")),
    Case("8.8.3.2", "weak is not strong", 412, match(If_Match="W/{etag}")),
    Case("13.1.1", "no list of tags", 412, match(If_Match="{bare}")),
    Case("5.6.1.2", "empty elements", 200, match(If_Match=",, {etag},")),
    Case("13.1.1", "HEAD", 412, match(If_Match="{other}"), method="HEAD"),
    Case("15.5.13", "412 is no picture", 412, match(If_Match="{other}"), {"content-type": "application/problem+json", "cache-control": "no-store", "etag": None, "accept-ranges": None}),
    # If-None-Match: weak comparison, a list, or *.
    Case("13.1.2", "the same", 304, match(If_None_Match="{etag}"), {"etag": "{etag}", **UNCHANGED}),
    Case("13.1.2", "another", 200, match(If_None_Match="{other}"), WHOLE),
    Case("13.1.2", "in a list", 304, match(If_None_Match='"x", {etag}')),
    Case("13.1.2", "not in a list", 200, match(If_None_Match='"x", {other}')),
    Case("13.1.2", "*", 304, match(If_None_Match="*")),
    Case("8.8.3.2", "weak", 304, match(If_None_Match="W/{etag}")),
    Case("8.8.3.2", "weak, in a list", 304, match(If_None_Match='W/"x", W/{etag}')),
    Case("13.1.2", "no list of tags", 200, match(If_None_Match="{bare}")),
    Case("8.8.3", "W is upper case", 200, match(If_None_Match="w/{etag}")),
    Case("8.8.3", "a part of the tag", 200, match(If_None_Match='{etag}x"')),
    Case("13.1.2", "HEAD", 304, match(If_None_Match="{etag}"), UNCHANGED, method="HEAD"),
    Case("13.1.2", "HEAD of another", 200, match(If_None_Match="{other}"), WHOLE, method="HEAD"),
    # If-Modified-Since.
    Case("13.1.3", "of this second", 304, match(If_Modified_Since=THEN), {"last-modified": THEN, **UNCHANGED}),
    Case("13.1.3", "before", 200, match(If_Modified_Since=BEFORE), WHOLE),
    Case("13.1.3", "after", 304, match(If_Modified_Since=AFTER)),
    Case("5.6.7", "RFC 850's form", 304, match(If_Modified_Since=RFC850)),
    Case("5.6.7", "asctime's form", 304, match(If_Modified_Since=ASCTIME)),
    Case("5.6.7", "case-sensitive", 200, match(If_Modified_Since=THEN.lower())),
    Case("5.6.7", "GMT alone", 200, match(If_Modified_Since=THEN.replace("GMT", "+0000"))),
    Case("13.1.3", "no date", 200, match(If_Modified_Since="yesterday")),
    Case("13.1.3", "more than one", 200, match(If_Modified_Since=f"{THEN}, {THEN}")),
    Case("13.1.3", "HEAD", 304, match(If_Modified_Since=THEN), method="HEAD"),
    # If-Unmodified-Since.
    Case("13.1.4", "of this second", 200, match(If_Unmodified_Since=THEN)),
    Case("13.1.4", "before", 412, match(If_Unmodified_Since=BEFORE)),
    Case("13.1.4", "after", 200, match(If_Unmodified_Since=AFTER)),
    Case("13.1.4", "no date", 200, match(If_Unmodified_Since="0")),
    Case("13.1.4", "more than one", 200, match(If_Unmodified_Since=f"{BEFORE}, {BEFORE}")),
    # The order.
    Case("13.2.2", "1 before 3", 412, match(If_Match="{other}", If_None_Match="{etag}")),
    Case("13.2.2", "1 and 3", 304, match(If_Match="{etag}", If_None_Match="{etag}")),
    Case("13.2.2", "1 without 2", 200, match(If_Match="{etag}", If_Unmodified_Since=BEFORE)),
    Case("13.2.2", "1, not 2", 412, match(If_Match="{other}", If_Unmodified_Since=AFTER)),
    Case("13.2.2", "2 before 3", 412, match(If_Unmodified_Since=BEFORE, If_None_Match="{etag}")),
    Case("13.2.2", "2 before 4", 412, match(If_Unmodified_Since=BEFORE, If_Modified_Since=THEN)),
    Case("13.2.2", "3 without 4", 200, match(If_None_Match="{other}", If_Modified_Since=AFTER)),
    Case("13.2.2", "3, not 4", 304, match(If_None_Match="{etag}", If_Modified_Since=BEFORE)),
    Case("13.2.2", "3 before 5", 304, match(If_None_Match="{etag}", Range="bytes=0-3"), UNCHANGED),
    Case("13.2.2", "4 before 5", 304, match(If_Modified_Since=THEN, Range="bytes=0-3"), UNCHANGED),
    Case("13.2.2", "1 before 5", 412, match(If_Match="{other}", Range="bytes=0-3")),
    Case("13.2.2", "3 before a range of nothing", 304, match(If_None_Match="*", Range="bytes=90-")),
    Case("13.2.2", "1 before a range of nothing", 412, match(If_Match="{other}", Range="bytes=90-")),
    Case("13.2.2", "1, then 5", 206, match(If_Match="{etag}", Range="bytes=0-3"), part(0, 3)),
    Case("13.2.2", "3, then 5", 206, match(If_None_Match="{other}", Range="bytes=0-3"), part(0, 3)),
    Case("13.2.2", "1, 3 and 5 with its own", 200, match(If_Match="*", If_None_Match="{other}", If_Range="{other}", Range="bytes=0-3"), WHOLE),
    # An answer that would not be a 2xx without a condition is not one with it.
    Case("13.2.1", "404", 404, match(If_None_Match="*"), target="/image/none?fm=bmp"),
    Case("13.2.1", "404, If-Match", 404, match(If_Match='"x"'), target="/image/none?fm=bmp"),
    Case("13.2.1", "400", 400, match(If_None_Match="*"), target="/image/a.jpg?w=x"),
    Case("13.2.1", "405", 405, match(If_None_Match="*"), method="POST"),
    Case("13.2.1", "403", 403, match(If_None_Match="*"), options={"authorize": lambda request: False}),
    Case("13.2.1", "413", 413, match(If_None_Match="*"), options={"max_source_pixels": 99}),
    Case("13.2.1", "415", 415, match(If_None_Match="*"), target="/image/notes.txt"),
    Case("13.2.1", "too large a result", 400, match(If_None_Match="*"), options={"max_result_width": 3}),
    Case("13.2.1", "not for OPTIONS", 204, match(If_Match='"x"', If_None_Match="*"), method="OPTIONS"),
    Case("15.5.6", "405", 405, has={"allow": "GET, HEAD, OPTIONS"}, method="PUT"),
    Case("9.3.7", "OPTIONS", 204, has={"allow": "GET, HEAD, OPTIONS", "content-length": None}, method="OPTIONS"),
    # Caches.
    Case("9111, 5.2.2", "max-age", 200, has={"cache-control": "public, max-age=60"}, options={"max_age": 60}),
    Case("9111, 5.2.2.7", "private", 304, match(If_None_Match="*"), {"cache-control": "private, max-age=300"}, options={"authorize": lambda request: True}),
    Case("5861, 3", "stale", 200, has={"cache-control": "public, max-age=300, stale-while-revalidate=9"}, options={"stale_while_revalidate": 9}),
    Case("15.4.5", "stale, as 304", 304, match(If_None_Match="*"), {"cache-control": "public, max-age=300, stale-while-revalidate=9"}, options={"stale_while_revalidate": 9}),
    Case("9111, 5.2.2.5", "errors are not kept", 404, has={"cache-control": "no-store"}, target="/image/none"),
]  # fmt: skip

RANGES = [
    Case("14.1.2", "the first byte", 206, match(Range="bytes=0-0"), part(0, 0)),
    Case("14.1.2", "in the middle", 206, match(Range="bytes=54-65"), part(54, 65)),
    Case("14.1.2", "to the end", 206, match(Range="bytes=54-"), part(54, 89)),
    Case("14.1.2", "all of it", 206, match(Range="bytes=0-"), part(0, 89)),
    Case("14.1.2", "the last byte", 206, match(Range="bytes=89-89"), part(89, 89)),
    Case("14.1.2", "past the end", 206, match(Range="bytes=80-1000"), part(80, 89)),
    Case("14.1.2", "suffix", 206, match(Range="bytes=-5"), part(85, 89)),
    Case("14.1.2", "a suffix of all", 206, match(Range="bytes=-90"), part(0, 89)),
    Case("14.1.2", "a longer suffix", 206, match(Range="bytes=-91"), part(0, 89)),
    Case("14.1.2", "a numeral of 30 digits", 206, match(Range="bytes=80-" + "9" * 30), part(80, 89)),
    Case("14.1", "case of the unit", 206, match(Range="BYTES=0-0"), part(0, 0)),
    Case("5.6.1.2", "empty elements of Range", 206, match(Range="bytes=, 0-0,"), part(0, 0)),
    Case("15.3.7", "206 as its 200", 206, match(Range="bytes=0-0"), {"content-type": "image/bmp", "etag": "{etag}", "last-modified": THEN, "cache-control": "public, max-age=300"}),
    Case("15.5.17", "behind the end", 416, match(Range="bytes=90-"), NONE),
    Case("15.5.17", "far behind the end", 416, match(Range="bytes=1000-2000"), NONE),
    Case("14.1.2", "a suffix of nothing", 416, match(Range="bytes=-0"), NONE),
    Case("15.5.17", "its kind", 416, match(Range="bytes=90-"), {"content-type": "application/problem+json", "cache-control": "no-store"}),
    Case("14.2", "several", 200, match(Range="bytes=0-0,2-2"), WHOLE),
    Case("14.2", "several, none of it", 200, match(Range="bytes=90-,95-"), WHOLE),
    Case("14.2", "another unit", 200, match(Range="lines=0-3"), WHOLE),
    Case("14.1.1", "backwards", 200, match(Range="bytes=3-2"), WHOLE),
    Case("14.1.1", "no numbers", 200, match(Range="bytes=a-b"), WHOLE),
    Case("14.1.1", "no range", 200, match(Range="bytes="), WHOLE),
    Case("14.1.1", "no unit", 200, match(Range="0-3"), WHOLE),
    Case("14.1.1", "a dash", 200, match(Range="bytes=-"), WHOLE),
    Case("14.1.1", "white space", 200, match(Range="bytes=0 - 3"), WHOLE),
    Case("14.2", "HEAD", 200, match(Range="bytes=0-3"), WHOLE, method="HEAD"),
    Case("14.2", "HEAD of nothing", 200, match(Range="bytes=90-"), WHOLE, method="HEAD"),
    Case("14.2", "HEAD, If-Range", 200, match(Range="bytes=0-3", If_Range="{etag}"), WHOLE, method="HEAD"),
    Case("14.2", "404", 404, match(Range="bytes=0-3"), {"content-range": None}, target="/image/none"),
    Case("14.2", "OPTIONS", 204, match(Range="bytes=0-3"), {"content-range": None}, method="OPTIONS"),
    Case("14.3", "HEAD tells of ranges", 200, has={"accept-ranges": "bytes"}, method="HEAD"),
    Case("14.3", "errors have none", 404, has={"accept-ranges": None}, target="/image/none"),
    Case("13.1.5", "the same tag", 206, match(Range="bytes=0-3", If_Range="{etag}"), part(0, 3)),
    Case("13.1.5", "another tag", 200, match(Range="bytes=0-3", If_Range="{other}"), WHOLE),
    Case("13.1.5", "a weak tag", 200, match(Range="bytes=0-3", If_Range="W/{etag}"), WHOLE),
    Case("13.1.5", "a list", 200, match(Range="bytes=0-3", If_Range="{etag}, {other}"), WHOLE),
    Case("13.1.5", "*", 200, match(Range="bytes=0-3", If_Range="*"), WHOLE),
    Case("13.1.5", "the same date", 206, match(Range="bytes=0-3", If_Range=THEN), part(0, 3)),
    Case("13.1.5", "another form of it", 206, match(Range="bytes=0-3", If_Range=RFC850), part(0, 3)),
    Case("13.1.5", "a date before", 200, match(Range="bytes=0-3", If_Range=BEFORE), WHOLE),
    Case("13.1.5", "a date after", 200, match(Range="bytes=0-3", If_Range=AFTER), WHOLE),
    Case("13.1.5", "neither", 200, match(Range="bytes=0-3", If_Range="yesterday"), WHOLE),
    Case("13.1.5", "without Range", 200, match(If_Range="{other}"), WHOLE),
    Case("13.1.5", "true, of nothing", 416, match(Range="bytes=90-", If_Range="{etag}"), NONE),
    Case("13.1.5", "false, of nothing", 200, match(Range="bytes=90-", If_Range="{other}"), WHOLE),
    Case("13.1.5", "a unit unknown", 200, match(Range="lines=0-3", If_Range="{etag}"), WHOLE),
]  # fmt: skip


def accept(field: str, **more: str) -> dict[str, str]:
    return {"Accept": field, **match(**more)}


def seen(media_type: str) -> dict[str, Any]:
    return {"content-type": media_type, **VARY}


NEGOTIATED = [
    Case("12.5.1", "no Accept", 200, {}, seen(JPEG), OPEN),
    Case("12.5.1", "an empty one", 200, accept(""), seen(JPEG), OPEN),
    Case("12.5.1", "Chrome", 200, accept(CHROME), seen(AVIF), OPEN),
    Case("12.5.1", "Safari", 200, accept(SAFARI), seen(AVIF), OPEN),
    Case("12.5.1", "an old browser", 200, accept(OLD), seen(JPEG), OPEN),
    Case("12.5.1", "WebP", 200, accept("image/webp"), seen(WEBP), OPEN),
    Case("12.5.1", "AVIF", 200, accept("image/avif"), seen(AVIF), OPEN),
    Case("12.5.1", "any", 200, accept("*/*"), seen(JPEG), OPEN),
    Case("12.5.1", "any image", 200, accept("image/*"), seen(JPEG), OPEN),
    Case("8.3.1", "case of a type", 200, accept("Image/WebP"), seen(WEBP), OPEN),
    Case("12.4.2", "q=0", 200, accept("image/avif;q=0, image/webp"), seen(WEBP), OPEN),
    Case("12.4.2", "q=0.000", 200, accept("image/avif;q=0.000, image/webp"), seen(WEBP), OPEN),
    Case("12.4.2", "both q=0", 200, accept("image/avif;q=0, image/webp;q=0, */*"), seen(JPEG), OPEN),
    Case("12.4.2", "a low one", 200, accept("image/webp;q=0.001"), seen(WEBP), OPEN),
    Case("12.4.2", "case of q", 200, accept("image/avif;Q=0"), seen(JPEG), OPEN),
    Case("5.6.3", "white space", 200, accept(" image/avif ; q=0 ,\timage/webp"), seen(WEBP), OPEN),
    Case("12.4.2", "no weight", 200, accept("image/webp;q=2"), seen(JPEG), OPEN),
    Case("5.6.6", "a quoted string", 200, accept('text/html;a=",image/webp,"'), seen(JPEG), OPEN),
    Case("15.5.7", "never 406", 200, accept("text/html, */*;q=0"), seen(JPEG), OPEN),
    Case("12.5.1", "alpha, neither", 200, accept(OLD), seen(PNG), CLEAR),
    Case("12.5.1", "alpha, WebP", 200, accept("image/webp"), seen(WEBP), CLEAR),
    Case("12.5.1", "alpha, AVIF", 200, accept(CHROME), seen(AVIF), CLEAR),
    Case("12.5.1", "alpha, JPEG named", 200, accept("image/jpeg"), seen(PNG), CLEAR),
    Case("12.5.1", "too large for AVIF", 200, accept(CHROME), seen(JPEG), "/image/a.jpg?w=2048&h=1954&fit=scale&enlarge=1"),
    Case("12.5.1", "just not too large", 200, accept("image/webp"), seen(WEBP), "/image/a.jpg?w=2048&h=1953&fit=scale&enlarge=1"),
    Case("12.5.1", "formats=webp", 200, accept(CHROME), seen(WEBP), OPEN, options={"formats": ["webp"]}),
    Case("12.5.1", "of a preset", 200, accept("image/webp"), seen(WEBP), "/image/a.jpg?preset=s", options={"presets": {"s": "w=9"}}),
    Case("12.5.1", "of the default", 200, accept("image/webp"), seen(WEBP), "/image/a.jpg", options={"default": "w=9"}),
    # Vary: on every answer that was chosen by Accept, and on no other.
    Case("12.5.5", "HEAD", 200, accept(CHROME), seen(AVIF), OPEN, "HEAD"),
    Case("12.5.5", "304", 304, accept(CHROME, If_None_Match="*"), VARY, OPEN),
    Case("12.5.5", "412", 412, accept(CHROME, If_Match='"x"'), VARY, OPEN),
    Case("12.5.5", "206", 206, accept(CHROME, Range="bytes=0-3"), seen(AVIF), OPEN),
    Case("12.5.5", "416", 416, accept(CHROME, Range="bytes=99999-"), VARY, OPEN),
    Case("12.5.5", "404", 404, accept(CHROME), VARY, "/image/none"),
    Case("12.5.5", "413", 413, accept(CHROME), VARY, OPEN, options={"max_source_pixels": 99}),
    Case("12.5.5", "415", 415, accept(CHROME), VARY, "/image/notes.txt"),
    Case("12.5.5", "422", 422, accept(CHROME), VARY, "/image/half.jpg"),
    Case("12.5.5", "too large a result", 400, accept(CHROME), VARY, OPEN, options={"max_result_width": 3}),
    Case("12.5.5", "fm", 200, accept(CHROME), {"content-type": PNG, **NO_VARY}, "/image/a.jpg?w=9&fm=png"),
    Case("12.5.5", "fm, 304", 304, accept(CHROME, If_None_Match="*"), NO_VARY),
    Case("12.5.5", "fm, 412", 412, accept(CHROME, If_Match='"x"'), NO_VARY),
    Case("12.5.5", "fm, 206", 206, accept(CHROME, Range="bytes=0-3"), NO_VARY),
    Case("12.5.5", "fm, 416", 416, accept(CHROME, Range="bytes=90-"), NO_VARY),
    Case("12.5.5", "16 bits", 200, accept(CHROME), {"content-type": PNG, **NO_VARY}, "/image/a.jpg?w=9&depth=16"),
    Case("12.5.5", "formats=()", 200, accept(CHROME), {"content-type": JPEG, **NO_VARY}, OPEN, options={"formats": ()}),
    Case("12.5.5", "a wrong query", 400, accept(CHROME), NO_VARY, "/image/a.jpg?w=x"),
    Case("12.5.5", "a wrong method", 405, accept(CHROME), NO_VARY, OPEN, "POST"),
    Case("12.5.5", "forbidden", 403, accept(CHROME), NO_VARY, OPEN, options={"authorize": lambda request: False}),
    Case("12.5.5", "OPTIONS", 204, accept(CHROME), NO_VARY, OPEN, "OPTIONS"),
    # 8.8.3: a strong tag is of one representation.
    Case("8.8.3", "WebP's tag", 304, accept("image/webp", If_None_Match="{etag}"), VARY, OPEN),
    Case("8.8.3.3", "JPEG's tag for WebP", 200, accept("image/webp", If_None_Match="{plain}"), seen(WEBP), OPEN),
    Case("8.8.3.3", "a part of JPEG for WebP", 200, accept("image/webp", If_Range="{plain}", Range="bytes=0-3"), {"content-range": None, **seen(WEBP)}, OPEN),
]  # fmt: skip

#: Two originals: what holds of one holds of both.
OVERLAID = [
    Case("8.8.2", "the later of two times", 200, has={"last-modified": THEN, **WHOLE}, target=MARKED),
    Case("8.8.3", "a tag of its own", 200, match(If_None_Match="{bare}"), WHOLE, MARKED),
    Case("13.1.2", "two, the same", 304, match(If_None_Match="{etag}"), {"etag": "{etag}", **UNCHANGED}, MARKED),
    Case("13.1.1", "two, another", 412, match(If_Match="{other}"), target=MARKED),
    Case("13.1.3", "two, not since", 304, match(If_Modified_Since=THEN), UNCHANGED, MARKED),
    Case("13.1.3", "one without a time", 200, match(If_Modified_Since=THEN), {"last-modified": None, **WHOLE}, f"{BMP}&mark=logo", options=LOGO),
    Case("14.1.2", "a part of two", 206, match(Range="bytes=54-65"), part(54, 65), MARKED),
    Case("9.3.2", "HEAD of two", 200, has=WHOLE, target=MARKED, method="HEAD"),
    Case("15.5.4", "the second is not for you", 403, has={"cache-control": "no-store"}, target=MARKED, options={"authorize": lambda request: request.id == "a.jpg"}),
    Case("9111, 5.2.2.7", "both are", 200, has={"cache-control": "private, max-age=300"}, target=MARKED, options={"authorize": lambda request: True}),
    Case("15.5.5", "there is no second", 404, has={"cache-control": "no-store"}, target=f"{BMP}&mark=/none"),
    Case("15.5.5", "it is above", 404, target=f"{BMP}&mark=/../a.jpg"),
    Case("15.5.5", "it is no ID that passes", 404, target=f"{BMP}&mark=/none", options={"missing": "pass"}),
    Case("15.5.21", "the second is damaged", 422, target=f"{BMP}&mark=/half.jpg"),
    Case("15.5.16", "the second is none", 415, target=f"{BMP}&mark=/notes.txt"),
    Case("15.5.1", "nobody has registered it", 400, target=f"{BMP}&mark=logo"),
    Case("12.5.1", "two, negotiated", 200, accept(CHROME), seen(AVIF), f"{OPEN}&mark=/clear.png"),
]  # fmt: skip

CASES = [*CONDITIONAL, *RANGES, *NEGOTIATED, *OVERLAID]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    jpeg = saved(quadrants(), "JPEG")
    clear = np.dstack((quadrants(), np.full((48, 64), 128, np.uint8)))
    files = {
        "a.jpg": jpeg,
        "half.jpg": jpeg[: len(jpeg) // 2] + b"\xff\xd9",
        "clear.png": saved(clear, "PNG"),
        "notes.txt": b"no picture at all",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        os.utime(folder / name, (WHEN, WHEN))
    return folder


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 80
    assert all(re.match(r"(?:[0-9]{4}, )?[0-9]+\.?[0-9.]*", case.section) for case in CASES)
    named = [(case.section, case.name) for case in CASES]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.section} {c.name}" for c in CASES])
def test_both_adapters(case: Case, originals: Path) -> None:
    tags = {"other": '"other"'}
    whole = b""
    texts = [*case.headers.values(), *case.has.values()]
    if case.status == 206 or any("{" in text for text in texts if text):
        plain = ImageService(originals, **case.options)  # of its own: the row's keeps nothing yet
        get = case._replace(method="GET")
        kept = {name: value for name, value in case.headers.items() if name == "Accept"}
        _, fields, whole = both(plain, get.target, get.method, kept)
        tags |= {
            "etag": dict(fields)["etag"],
            "plain": dict(both(plain, get.target, get.method, {})[1])["etag"],
        }
        tags["bare"] = tags["etag"].strip('"')
        other = get._replace(target=get.target.replace("w=", "w=1"))
        tags["other"] = dict(both(plain, other.target, other.method, kept)[1])["etag"]
        assert len({tags["etag"], tags["other"]}) == 2
    sent = {name: value.format_map(tags) for name, value in case.headers.items()}
    status, answered, body = both(
        ImageService(originals, **case.options), case.target, case.method, sent
    )
    assert status == case.status
    fields = dict(answered)
    assert len(fields) == len(answered)
    for name, value in case.has.items():
        assert fields.get(name) == (value and value.format_map(tags)), name
    if case.method == "HEAD" or status in (204, 304):
        assert body == b""
    else:
        assert fields["content-length"] == str(len(body))
    if status in (200, 206, 304):
        assert re.fullmatch(r'"[\x21\x23-\x7e]+"', fields["etag"])
    if status == 206:
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", fields["content-range"])
        first, last, length = map(int, found.groups())
        assert body == whole[first : last + 1]
        assert length == len(whole)
