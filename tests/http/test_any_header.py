"""Whatever a client sends in its headers: an answer that the RFCs know, and no header of its own."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from imgmiddleware import ImageRequest, ImageResponse, ImageService
from pictures import quadrants, saved

ETAG = re.compile(r'"[\w-]+"')
PIECES = (
    "bytes=", "0-1", "-5", "9-", ",", "*", '"', "W/", "on", "image/avif", "image/webp", ";q=0",
    "Sun, 06 Nov 1994 08:49:37 GMT", "https://a.example", "640", "1.5", " ", "\t", "\\", "{etag}",
)  # fmt: skip
WHOLE = ("bytes=0-1", "bytes=-5", "bytes=99999-", "{etag}", "*", "image/webp", "https://a.example")
TEXT = st.one_of(
    st.sampled_from(WHOLE),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(st.characters(max_codepoint=255), max_size=40),
)
NAMES = (
    "accept", "range", "if-range", "if-match", "if-none-match", "if-modified-since",
    "if-unmodified-since", "sec-ch-width", "width", "sec-ch-dpr", "dpr", "save-data", "origin",
    "access-control-request-method",
)  # fmt: skip


@cache
def service() -> ImageService:
    data = saved(quadrants(), "PNG")
    return ImageService(
        lambda id: data,
        client_hints=("width", "dpr", "save-data"),
        allow_origin=("https://a.example", "https://b.example"),
        surrogate_keys=True,
        server_timing=True,
        stale_while_revalidate=9,
    )


def answer(method: str, query: str, headers: dict[str, str]) -> ImageResponse:
    found = service().handle(ImageRequest(method, "/image/a", query, headers))
    assert found is not None
    return found


@cache
def plain() -> Any:
    return answer("GET", "w=9", {}).header("etag")


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(("GET", "HEAD", "OPTIONS", "POST")),
    st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=5),
    st.one_of(st.none(), st.text(max_size=30)),
)
def test_any_header(method: str, drawn: dict[str, str], dl: str | None) -> None:
    query = "w=9" if dl is None else "w=9&dl=" + quote(dl, errors="ignore")
    headers = {name: text.replace("{etag}", plain()) for name, text in drawn.items()}
    found = answer(method, query, headers)
    assert found.status in {200, 204, 206, 304, 400, 405, 412, 416}
    assert (found.status == 204) == (method == "OPTIONS")
    assert (found.status == 405) == (method == "POST")
    assert (found.status == 400) == (
        dl is not None and query.endswith("dl=") and method in ("GET", "HEAD")
    )
    for name, value in found.headers:
        assert re.fullmatch(r"[A-Za-z-]+", name)
        assert re.fullmatch(r"[ -~]+", value)  # no text of a client is in it but as it was escaped
    assert len({name.lower() for name, _ in found.headers}) == len(found.headers)
    if method == "HEAD" or found.status in (204, 304):
        assert found.body == b""
    if found.status == 206:
        assert method == "GET"
        assert "range" in headers
        without = {name: text for name, text in headers.items() if name != "range"}
        whole = answer("GET", query, without)
        assert whole.status == 200
        first, last, length = map(int, re.findall(r"\d+", found.header("content-range")))
        assert (found.body, length) == (whole.body[first : last + 1], len(whole.body))
        assert found.header("etag") == whole.header("etag")
    if found.status in (200, 206, 304):
        assert ETAG.fullmatch(found.header("etag") or "")
        assert "Accept" in found.header("vary").split(", ")
