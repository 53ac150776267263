"""Scripts of other origins (the Fetch standard), through both adapters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import drivers
from imgmiddleware.http import cors
from pictures import quadrants, saved

A, B, C = "https://a.example", "http://b.example:8080", "https://c.example"
PICTURE = "/image/a.jpg?w=9&fm=png"
PREFLIGHT = {"Origin": A, "Access-Control-Request-Method": "GET"}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(saved(quadrants(), "JPEG"))
    return tmp_path


def both(
    source: Any, target: str, headers: Mapping[str, str] = {}, method: str = "GET", **options: Any
) -> tuple[int, dict[str, str], bytes]:
    status, fields, body = drivers.both(source, target, method, headers, **options)
    assert len(dict(fields)) == len(fields)
    return status, dict(fields), body


def sharing(fields: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    names = ("access-control-allow-origin", "timing-allow-origin", "vary")
    return tuple(fields.get(name) for name in names)  # type: ignore[return-value]


def test_nothing_is_shared_unasked(photos: Path) -> None:
    _, fields, _ = both(photos, PICTURE, {"Origin": A})
    assert sharing(fields) == (None, None, None)
    assert "cross-origin-resource-policy" not in fields
    status, fields, _ = both(photos, PICTURE, PREFLIGHT, "OPTIONS")
    assert status == 204
    assert not [name for name in fields if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("allowed", "origin", "named", "vary"),
    [
        ("*", A, "*", None),
        ("*", None, "*", None),
        (["*"], A, "*", None),
        # One origin is the same for all, so that caches need not tell requests apart.
        (A, A, A, None),
        ([A], C, A, None),
        ([A], None, A, None),
        ([A, B], A, A, "Origin"),
        ([A, B], B, B, "Origin"),
        ([A, B], C, None, "Origin"),
        ([A, B], None, None, "Origin"),
        ([A, B], A + ".evil.example", None, "Origin"),
        ([A, B], A.upper(), None, "Origin"),
        ([A, B], "null", None, "Origin"),
        ([A, B], f"{A}, {B}", None, "Origin"),
    ],
)
def test_who_may_read(
    photos: Path, allowed: Any, origin: str | None, named: str | None, vary: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    for target, more, expected in (
        (PICTURE, {}, 200),
        (PICTURE, {"If-None-Match": "*"}, 304),
        (PICTURE, {"Range": "bytes=0-3"}, 206),
        (PICTURE, {"Range": "bytes=9999-"}, 416),
        (PICTURE, {"If-Match": '"x"'}, 412),
        ("/image/none?fm=png", {}, 404),
        ("/image/a.jpg?w=x", {}, 400),
    ):
        status, fields, _ = both(photos, target, headers | more, allow_origin=allowed)
        assert status == expected
        assert sharing(fields) == (named, named, vary)
        assert fields["cross-origin-resource-policy"] == "cross-origin"
        exposed = fields.get("access-control-expose-headers", "").split(", ")
        assert ("ETag" in exposed and "Content-Range" in exposed) == bool(named)
        assert "access-control-allow-credentials" not in fields


def test_the_origin_is_beside_accept_in_vary(photos: Path) -> None:
    _, fields, _ = both(photos, "/image/a.jpg?w=9", {"Origin": A}, allow_origin=[A, B])
    assert fields["vary"] == "Accept, Origin"
    _, other, _ = both(photos, "/image/a.jpg?w=9", {"Origin": C}, allow_origin=[A, B])
    assert other["etag"] == fields["etag"]


def test_a_preflight(photos: Path) -> None:
    status, fields, body = both(photos, PICTURE, PREFLIGHT, "OPTIONS", allow_origin=[A, B])
    assert (status, body) == (204, b"")
    assert sharing(fields) == (A, A, "Origin")
    assert fields["access-control-allow-methods"] == "GET, HEAD"
    headers = fields["access-control-allow-headers"].split(", ")
    # The headers that Fetch does not allow unasked, and that these answers use.
    assert {"Range", "If-None-Match", "If-Match", "If-Range"} <= {*headers}
    assert "Authorization" not in headers
    assert fields["access-control-max-age"] == str(2 * 3600)  # Chromium cuts what is longer
    # The same question about what we do not do; the browser then sees that POST is not allowed.
    asked = PREFLIGHT | {"Access-Control-Request-Method": "POST"}
    assert both(photos, PICTURE, asked, "OPTIONS", allow_origin=[A, B])[:2] == (204, fields)
    _, others, _ = both(photos, PICTURE, PREFLIGHT | {"Origin": C}, "OPTIONS", allow_origin=[A, B])
    assert sharing(others) == (None, None, "Origin")
    _, plain, _ = both(photos, PICTURE, {"Origin": A}, "OPTIONS", allow_origin=[A, B])
    assert plain["allow"] == "GET, HEAD, OPTIONS"
    assert "access-control-allow-methods" not in plain


@pytest.mark.parametrize("missing", ["404", "pass"])
def test_a_preflight_never_has_credentials(photos: Path, missing: str) -> None:
    asked: list[Any] = []
    opened: list[Any] = []

    def authorize(request: Any) -> bool:
        asked.append(request)
        return False

    options: dict[str, Any] = {"authorize": authorize, "missing": missing}
    preflight = both(opened.append, PICTURE, PREFLIGHT, "OPTIONS", allow_origin=A, **options)
    status, fields, _ = preflight
    assert (status, asked, opened) == (204, [], [])
    assert "Authorization" in fields["access-control-allow-headers"].split(", ")
    # Whatever is no preflight is asked, and without sharing the preflight too.
    assert both(photos, PICTURE, {"Origin": A}, "OPTIONS", allow_origin=A, **options)[0] == 403
    assert both(photos, PICTURE, PREFLIGHT, allow_origin=A, **options)[0] == 403
    assert both(photos, PICTURE, PREFLIGHT, "OPTIONS", **options)[0] == 403


def test_a_preflight_of_what_is_not_ours_goes_on(photos: Path) -> None:
    options: dict[str, Any] = {"allow_origin": "*", "missing": "pass"}
    assert both(photos, "/image/up", PREFLIGHT, "OPTIONS", **options)[2] == b"app OPTIONS /image/up"
    assert both(photos, "/form", PREFLIGHT, "OPTIONS", **options)[2] == b"app OPTIONS /form"
    assert both(photos, PICTURE, PREFLIGHT, "OPTIONS", **options)[0] == 204


@pytest.mark.parametrize("text", [A, B, "http://[::1]:8000", "http://localhost", "app://x"])
def test_an_origin(text: str) -> None:
    assert cors.ORIGIN.fullmatch(text)


@pytest.mark.parametrize(
    "text", ["null", "a.example", A + "/", A + "/x", "https://A.example", "https://", "https://a b"]
)
def test_no_origin(text: str) -> None:
    assert not cors.ORIGIN.fullmatch(text)
