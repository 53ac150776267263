"""What only WSGI has: the same environ and start_response, dressed strings, async refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from drivers import call_wsgi, plain_wsgi
from imgmiddleware import ImageService
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import quadrants, saved

DATA = saved(quadrants(), "JPEG")


def test_what_is_not_ours_passes_with_the_same_objects() -> None:
    seen: list[Any] = []
    answer = [b"body"]

    def app(*arguments: Any) -> Any:
        seen.append(arguments)
        return answer

    environ = {"PATH_INFO": "/other", "QUERY_STRING": "\udcff"}
    kept = dict(environ)
    start = object()
    assert WSGIImageMiddleware(app, lambda id: DATA)(environ, start) is answer
    assert WSGIImageMiddleware(app, lambda id: DATA)({}, start) is answer
    assert seen[0][0] is environ
    assert seen[0][1] is start
    assert environ == kept


def test_a_prefix_may_be_non_ascii() -> None:
    app = WSGIImageMiddleware(plain_wsgi, lambda id: DATA, prefix="/bildér/")
    assert call_wsgi(app, "/bild%C3%A9r/a?w=9")[0] == 200
    assert call_wsgi(app, "/bilder/a?w=9")[2] == b"app GET /bilder/a"


def test_an_async_function_is_refused_when_built() -> None:
    async def find(id: str) -> None: ...

    with pytest.raises(TypeError, match="ASGI"):
        WSGIImageMiddleware(plain_wsgi, find)


def test_a_service_is_shared_and_has_its_own_options() -> None:
    shared = ImageService(lambda id: DATA)
    assert WSGIImageMiddleware(plain_wsgi, shared).service is shared
    with pytest.raises(TypeError, match="prefix"):
        WSGIImageMiddleware(plain_wsgi, shared, prefix="/x")


def test_what_the_request_says() -> None:
    seen: list[Any] = []
    app = WSGIImageMiddleware(plain_wsgi, lambda id: None, authorize=seen.append)
    assert call_wsgi(app, "/image/é%C3%A9?a=%C3%A9", headers={"X-A": "b"}, mount="/site")[0] == 403
    (request,) = seen
    assert (request.method, request.query) == ("GET", "a=%C3%A9")
    assert (request.scheme, request.host, request.mount) == ("http", "testserver", "/site")
    assert request.path == "/image/éé"
    assert request.headers == {"host": "testserver", "x-a": "b"}


def test_a_server_that_does_not_start_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = WSGIImageMiddleware(plain_wsgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    call_wsgi(app, "/image/a")
    answers: list[Any] = []
    real = app.service.handle
    monkeypatch.setattr(
        app.service, "handle", lambda request: (answers.append(real(request)), answers[-1])[1]
    )

    def start_response(*arguments: Any) -> Any:
        raise OSError("the client has gone")

    environ: dict[str, Any] = {"PATH_INFO": "/image/a"}
    setup_testing_defaults(environ)
    with pytest.raises(OSError, match="has gone"):
        app(environ, start_response)
    assert answers[0].body.file.closed
