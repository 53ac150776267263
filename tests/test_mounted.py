"""Pictures as an application of their own, mounted in another or alone: equal through both protocols."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from drivers import Answer, asgi_scope, call_asgi, call_wsgi
from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageApp
from imgmiddleware.service.making import stills as service_stills
from imgmiddleware.wsgi import WSGIImageApp
from pictures import opened, quadrants, saved

DATA = saved(quadrants(), "JPEG")


def find(id: str) -> bytes | None:
    return DATA if id in ("cat.jpg", "sub/cat.jpg") else None


def both(target: str, mount: str = "/image", source: Any = find, **options: Any) -> Answer:
    answer = call_wsgi(WSGIImageApp(source, **options), target, mount=mount)
    assert answer == call_asgi(ASGIImageApp(source, **options), target, mount=mount)
    return answer


@pytest.mark.parametrize("mount", ["", "/image", "/a/image", "/bildér"])
def test_a_mount_takes_the_place_of_the_prefix(mount: str) -> None:
    for id in ("cat.jpg", "sub/cat.jpg"):
        status, _, body = both(f"/{id}?w=20", mount=mount)
        assert (status, opened(body).size) == (200, (20, 15))


@pytest.mark.parametrize("target", ["/", "", "/none.jpg", "/none", "//cat.jpg", "/image/cat.jpg"])
def test_all_else_is_a_problem_document(target: str) -> None:
    status, headers, body = both(target)
    assert status == 404
    assert dict(headers)["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == "not-found"


def test_the_mount_itself_is_told_that_an_id_is_missing() -> None:
    told = {json.loads(both(target)[2])["detail"] for target in ("", "/")}
    assert told == {"the path ends where an ID should follow"}


def test_a_prefix_that_is_given_stays() -> None:
    assert both("/thumbs/cat.jpg", prefix="/thumbs/")[0] == 200
    status, headers, body = both("/cat.jpg", prefix="/thumbs/")
    assert (status, dict(headers)["content-type"]) == (404, "application/problem+json")
    assert "below '/thumbs/'" in json.loads(body)["detail"]


def test_a_link_below_a_mount_leads_to_the_picture() -> None:
    app = ASGIImageApp(find)
    link = app.service.url("sub/cat.jpg", mount="/a/image", w=20)
    assert link.startswith("/a/image/sub/cat.jpg?w=20&v=")
    status, headers, _ = both(link.removeprefix("/a/image"), mount="/a/image")
    assert (status, dict(headers)["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_a_service_that_is_given_has_its_own_prefix() -> None:
    shared = ImageService(find)
    assert ASGIImageApp(shared).service is shared is WSGIImageApp(shared).service
    assert both("/image/cat.jpg", mount="", source=shared)[0] == 200
    assert both("/cat.jpg", source=ImageService(find, prefix="/"))[0] == 200
    for app in (ASGIImageApp, WSGIImageApp):
        with pytest.raises(TypeError, match="max_age"):
            app(shared, max_age=3)


@pytest.mark.parametrize("app", [ASGIImageApp, WSGIImageApp])
def test_there_is_nothing_to_pass_to(app: Any) -> None:
    with pytest.raises(ValueError, match=r"missing: 'pass'"):
        app(find, missing="pass")
    with pytest.raises(ValueError, match=r"missing: 'pass'"):
        app(ImageService(find, missing="pass"))


def test_an_environ_without_a_path_is_a_404() -> None:
    """PEP 3333: a server may leave out empty variables."""
    started: list[Any] = []
    asked = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/image", "wsgi.url_scheme": "http"}
    asked |= {"SERVER_NAME": "a", "SERVER_PORT": "80"}
    WSGIImageApp(find)(asked, lambda status, headers, error=None: started.append(status))
    assert started == ["404 Not Found"]


async def found_later(id: str) -> bytes | None:
    return find(id)


async def allowed_later(request: Any) -> bool:
    return request.id == "cat.jpg"


def test_async_functions_run_on_asgi() -> None:
    app = ASGIImageApp(found_later, authorize=allowed_later)
    assert [call_asgi(app, target)[0] for target in ("/cat.jpg", "/sub/cat.jpg")] == [200, 403]


def scoped(path: str, root_path: str, **others: str) -> dict[str, Any]:
    return asgi_scope(path) | {"root_path": root_path, **others}


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        # ASGI: the path has the mount at its beginning.
        (scoped("/image/cat.jpg", "/image"), 200),
        (scoped("/api/image/cat.jpg", "/api/image", app_root_path="/api"), 200),
        # As Starlette had it before 0.33: the path is the rest.
        (scoped("/cat.jpg", "/image"), 200),
        # A proxy cut "/api" away, of which FastAPI was told; Starlette's own mount still stands.
        (scoped("/image/cat.jpg", "/api/image", app_root_path="/api"), 200),
        (scoped("/image", "/image"), 404),
        (scoped("/images/cat.jpg", "/image"), 404),
    ],
)
def test_the_mount_is_found_in_the_path_whoever_put_it_there(
    scope: dict[str, Any], status: int
) -> None:
    assert asked(ASGIImageApp(find), scope)[0]["status"] == status


def asked(app: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """The application's messages to a sender of these."""
    sent: list[dict[str, Any]] = []
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 30))
    return sent


def test_a_server_can_start_and_stop_it() -> None:
    messages = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert asked(ASGIImageApp(find), {"type": "lifespan"}, *messages) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


def test_a_websocket_is_closed_before_it_is_accepted() -> None:
    scope = {"type": "websocket", "path": "/cat.jpg"}
    assert asked(ASGIImageApp(find), scope) == [{"type": "websocket.close"}]


def test_a_protocol_that_is_not_known_is_refused() -> None:
    """The specification wants an error, by which the server knows."""
    with pytest.raises(ValueError, match="'trailers'"):
        asked(ASGIImageApp(find), {"type": "trailers"})


def test_a_large_picture_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgmiddleware.service.making.results._SMALL", 0)
    kept: dict[str, Any] = {"cache_dir": tmp_path, "cache_bytes": 0}
    assert both("/cat.jpg", **kept) == both("/cat.jpg", **kept)


def test_a_fallback_where_no_id_can_be_is_made_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options: dict[str, Any] = {"prefix": "/thumbs/", "fallback": DATA}
    status, headers, body = both("/else?w=20&fm=png", **options)
    assert (status, dict(headers)["content-type"]) == (404, "image/png")
    assert opened(body).size == (20, 15)
    threads: list[threading.Thread] = []
    real = service_stills.render
    monkeypatch.setattr(
        service_stills,
        "render",
        lambda *all: (threads.append(threading.current_thread()), real(*all))[1],
    )
    assert call_asgi(ASGIImageApp(find, **options), "/else?w=20&fm=png")[2] == body
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
