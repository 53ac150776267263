"""The stand-in for an original that is missing, or cannot be shown."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivers import both, call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service import Work
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import moving, noise, opened, pixels_of, quadrants, saved

FALLBACK = saved(quadrants(120, 80), "PNG")
GOOD = saved(noise(60, 40), "PNG")
IMG = {"Accept": "image/avif,image/webp,image/*,*/*;q=0.8"}
FOUND = {
    "good": GOOD,
    "damaged": GOOD[: len(GOOD) // 2],
    "text": b"no picture at all",
    "large": saved(noise(300, 200), "PNG"),
}


def service(**options: Any) -> ImageService:
    options = {"fallback": FALLBACK, "max_source_pixels": 50_000, **options}
    return ImageService(FOUND.get, **options)


@pytest.mark.parametrize(
    ("id", "status"), [("none", 404), ("damaged", 422), ("text", 415), ("large", 413)]
)
def test_the_status_stays_and_the_picture_is_made_as_asked(id: str, status: int) -> None:
    images = service()
    for _ in range(2):  # made, and kept
        answer = both(images, f"/image/{id}?w=60&fm=png&v=anything&dl=1")
        assert answer[0] == status
        assert dict(answer[1]) == {
            "content-type": "image/png",
            "content-length": str(len(answer[2])),
            "x-content-type-options": "nosniff",
            "cache-control": "public, max-age=60",
        }
        shown = pixels_of(answer[2])
        assert shown.shape == (40, 60, 3)
        assert np.array_equal(shown[::39, ::59], pixels_of(FALLBACK)[::79, ::119])
    head = both(images, f"/image/{id}?w=60&fm=png", "HEAD")
    assert head == (status, answer[1], b"")
    assert both(images, "/image/good?w=60&fm=png")[0] == 200


@pytest.mark.parametrize("query", ["fm=json", "fm=json&colors=2", "palette=css", "palette=json"])
def test_nothing_is_told_of_another_picture(query: str) -> None:
    status, headers, _ = both(service(), f"/image/damaged?{query}")
    assert (status, dict(headers)["content-type"]) == (422, "application/problem+json")
    assert json.loads(both(service(), f"/image/none?{query}")[2])["code"] == "not-found"
    uri = both(service(), "/image/none?fm=lqip")
    assert (uri[0], uri[2][:23]) == (404, b"data:image/webp;base64,")  # what a page shows meanwhile


def test_it_is_negotiated() -> None:
    status, headers, body = both(service(), "/image/none?w=60", headers=IMG)
    told = dict(headers)
    assert (status, told["content-type"], told["vary"]) == (404, "image/avif", "Accept")
    assert opened(body).size == (60, 40)


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1"},  # RFC 9110, section 14.2: only where the answer is a 200
        {"Range": "bytes=999999-"},
        {"If-None-Match": "*"},  # 13.2.1: preconditions are ignored where it is no 2xx
        {"If-Match": '"a"'},
        {"If-Modified-Since": "Sun, 06 Nov 2044 08:49:37 GMT"},
        {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"},
    ],
)
@pytest.mark.parametrize("id", ["none", "damaged"])
def test_conditions_and_ranges_are_ignored(id: str, headers: dict[str, str]) -> None:
    images = service()
    plain = both(images, f"/image/{id}?w=60&fm=png")
    assert both(images, f"/image/{id}?w=60&fm=png", headers=headers) == plain
    names = {name for name, _ in plain[1]}
    assert not names & {"etag", "last-modified", "accept-ranges", "content-range"}


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        ("/image/none?w=abc", "GET", 400),
        ("/image/none", "POST", 405),
        ("/image/", "POST", 404),
        ("/image/good?w=60&page=5", "GET", 400),
        ("/image/?w=abc", "GET", 404),  # the path is decided first, and there is no size to make
    ],
)
def test_what_is_wrong_with_the_request_is_told(target: str, method: str, status: int) -> None:
    answer = both(service(), target, method)
    assert (answer[0], dict(answer[1])["content-type"]) == (status, "application/problem+json")
    assert dict(answer[1])["cache-control"] == "no-store"


@pytest.mark.parametrize("id", ["", "x", "007", "%FF", "9" * 30])
def test_a_path_without_an_id_has_it_too(id: str) -> None:
    images = service(id_type=int)
    answer = both(images, f"/image/{id}?w=60&fm=png")
    assert (answer[0], opened(answer[2]).size) == (404, (60, 40))


def test_what_is_said_of_one_original_alone_is_not_said_of_it() -> None:
    for query in ("page=7", "rect=500,500,20,20", "orient=6", "page=2&anim=1"):
        answer = both(service(), f"/image/none?w=60&fm=png&{query}")
        assert (answer[0], opened(answer[2]).size) == (404, (60, 40)), query
    frames = moving([noise(30, 20), noise(30, 20).rotate(180)], "GIF")
    answer = both(service(fallback=frames), "/image/none?anim=1&page=5&fm=webp")
    assert opened(answer[2]).n_frames == 2


def test_what_nobody_may_see_has_none() -> None:
    images = service(authorize=lambda request: request.id != "secret")
    status, headers, _ = both(images, "/image/secret?w=60")
    assert (status, dict(headers)["content-type"]) == (403, "application/problem+json")
    allowed = dict(both(images, "/image/none?w=60")[1])
    assert allowed["cache-control"] == "private, max-age=60"
    assert dict(both(service(private=True), "/image/none")[1])["cache-control"].startswith(
        "private"
    )


def test_it_is_kept_no_longer_than_a_picture_and_purged_with_its_original() -> None:
    images = service(max_age=5, stale_while_revalidate=99, surrogate_keys=True)
    told = dict(both(images, "/image/none?w=60")[1])
    assert told["cache-control"] == "public, max-age=5"
    assert told["surrogate-key"] == told["cache-tag"] == images.surrogate_key("none")
    assert "surrogate-key" not in dict(both(images, "/image/?w=60")[1])


def test_what_passes_still_passes() -> None:
    images = service(missing="pass")
    for call, adapter, app in (
        (call_wsgi, WSGIImageMiddleware, plain_wsgi),
        (call_asgi, ASGIImageMiddleware, plain_asgi),
    ):
        wrapped: Any = adapter(app, images)  # type: ignore[operator]
        assert call(wrapped, "/image/none")[2] == b"app GET /image/none"
        status, headers, _ = call(wrapped, "/image/damaged?fm=png")
        assert (status, dict(headers)["content-type"]) == (422, "image/png")


def test_scripts_and_servers_in_front_get_what_they_need(tmp_path: Path) -> None:
    """nginx answers a file that it is told to send with 200, so this one is never handed over."""
    images = service(
        cache_dir=tmp_path, x_accel_redirect="/files/", allow_origin="*", cache_bytes=0
    )
    headers = {"X-Sendfile-Type": "X-Accel-Redirect", "Origin": "https://a.example"}
    for _ in range(3):
        status, told, body = both(images, "/image/none?w=60&fm=png", headers=headers)
        assert (status, opened(body).size) == (404, (60, 40))
        assert "x-accel-redirect" not in dict(told)
        assert dict(told)["access-control-allow-origin"] == "*"


def test_it_is_made_once_and_is_no_originals() -> None:
    images = service()
    for id in ("none", "other", "", "damaged"):
        both(images, f"/image/{id}?w=60&fm=png")
    assert images.holding()["memory"].entries == 1
    both(images, "/image/good?w=60&fm=png")
    assert images.purge("good") == 1
    first = images.answer(ImageRequest("GET", "/image/none", "w=61&fm=png"))
    assert isinstance(first, Work)  # on ASGI it is made in a thread
    assert first.run().status == 404
    assert not isinstance(images.answer(ImageRequest("GET", "/image/x", "w=61&fm=png")), Work)


def test_a_file_is_looked_at_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "fällback.png"
    path.write_bytes(FALLBACK)
    images = service(fallback=path, cache_bytes=0)
    assert opened(both(images, "/image/none")[2]).size == (120, 80)
    path.with_name("new").write_bytes(GOOD)
    path.with_name("new").replace(path)
    assert opened(both(images, "/image/none")[2]).size == (60, 40)
    path.write_bytes(GOOD[:99])
    for gone in (False, True):
        if gone:
            path.unlink()
        caplog.clear()
        with caplog.at_level(logging.WARNING, "imgmiddleware"):
            status, headers, body = both(images, "/image/none")
        assert (status, json.loads(body)["code"]) == (404, "not-found")
        assert dict(headers)["cache-control"] == "no-store"
        assert "the fallback cannot be shown" in caplog.text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("nowhere.png", "No such file"),
        (".", "not a regular file"),
        (b"no picture", "known"),
        (saved(quadrants(), "JPEG")[:-99], "[Pp]remature end|could not read"),
        (FOUND["large"], "max_source_pixels"),
        (3, "path"),
        ("", "path"),
        (b"", "empty"),
    ],
    ids=["none", "folder", "text", "cut", "large", "int", "nowhere", "empty"],
)
def test_one_that_cannot_be_shown_is_refused_when_it_is_built(given: Any, why: str) -> None:
    with pytest.raises(ValueError, match=f"fallback.*(?:{why})"):
        service(fallback=given)


def test_for_development_the_message_wins() -> None:
    images = service(debug_images=True)
    told = dict(both(images, "/image/none", headers=IMG)[1])
    assert told["content-type"] == "image/svg+xml"
    assert dict(both(images, "/image/none?fm=png")[1])["content-type"] == "image/png"


def test_the_log_says_what_was_refused(caplog: pytest.LogCaptureFixture) -> None:
    images = service()
    with caplog.at_level(logging.INFO, "imgmiddleware"):
        images.handle(ImageRequest("GET", "/image/damaged", "w=60"))
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "refused id='damaged' status=422 code=damaged-original"
    ]
