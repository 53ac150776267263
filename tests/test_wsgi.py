"""The parts of WSGI alone: the same environ and start_response, dressed strings, async refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest

from counting import returned
from drivers import call_wsgi, plain_wsgi
from imgmiddleware import ImageService
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import quadrants, saved

DATA = saved(quadrants(), "JPEG")


def environ(path: str, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(made)
    return made | {f"wsgi.{name}": value for name, value in values.items()}


#: WebOb's warning of `cgi` is suppressed while it is imported, and no longer.
IMPORTING = """
import warnings
import imgmiddleware.wsgi
try:
    warnings.warn("'cgi' is deprecated", DeprecationWarning)
except DeprecationWarning:
    print("still an error")
"""


def test_it_is_imported_where_warnings_are_errors() -> None:
    """In a process of its own: here everything has been imported before."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTING], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("still an error\n", "")


def test_what_is_not_ours_passes_with_the_same_objects() -> None:
    seen: list[Any] = []
    answer = [b"body"]

    def app(*arguments: Any) -> Any:
        seen.append(arguments)
        return answer

    asked = {"PATH_INFO": "/other", "QUERY_STRING": "\udcff"}
    kept = dict(asked)
    start = object()
    assert WSGIImageMiddleware(app, lambda id: DATA)(asked, start) is answer
    assert WSGIImageMiddleware(app, lambda id: DATA)({}, start) is answer
    assert seen[0][0] is asked
    assert seen[0][1] is start
    assert asked == kept


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
    assert request.context["PATH_INFO"] == "/image/Ã©Ã©"  # the environ itself


def test_a_mount_that_is_not_utf_8_is_a_mount() -> None:
    """A dispatcher may have moved a part of the client's path there."""
    seen: list[Any] = []
    app = WSGIImageMiddleware(plain_wsgi, lambda id: None, authorize=seen.append)
    asked = environ("/image/a") | {"SCRIPT_NAME": "/\xff"}
    app(asked, lambda status, headers, error=None: None)
    assert seen[0].mount == "/\ufffd"


def test_authorize_gets_the_environ_that_the_application_would() -> None:
    seen: list[Any] = []
    app = WSGIImageMiddleware(plain_wsgi, lambda id: None, authorize=seen.append)
    asked = environ("/image/a", **{"of.the.session": "ann"})
    app(asked, lambda status, headers, error=None: None)
    assert seen[0].context is asked


def test_an_async_authorize_is_refused_when_built() -> None:
    async def may_see(request: Any) -> bool:
        return True

    with pytest.raises(ValueError, match=r"authorize: .* async, which needs ASGIImageMiddleware"):
        WSGIImageMiddleware(plain_wsgi, lambda id: DATA, authorize=may_see)


def test_a_server_that_does_not_start_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = WSGIImageMiddleware(plain_wsgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    call_wsgi(app, "/image/a")
    answers = returned(monkeypatch, app.service, "handle")

    def start_response(*arguments: Any) -> Any:
        raise OSError("the client has gone")

    with pytest.raises(OSError, match="has gone"):
        app(environ("/image/a", file_wrapper=FileWrapper), start_response)
    assert answers[0].body.file.closed


@pytest.mark.parametrize("field", ["bytes=0-0", "bytes=1-5", "bytes=0-"])
def test_a_part_of_a_file_has_no_length_that_is_taken_for_a_number_of_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """PEP 3333: of an iterable with `len() == 1` a server knows the Content-Length by itself."""
    monkeypatch.setattr("imgmiddleware.service.making.results._SMALL", 0)
    app = WSGIImageMiddleware(plain_wsgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    whole = call_wsgi(app, "/image/a")[2]
    for extra in ({}, {"file_wrapper": FileWrapper}):
        asked = environ("/image/a", **extra) | {"HTTP_RANGE": field}
        sent = app(asked, lambda status, headers, error=None: None)
        length = len(sent) if hasattr(sent, "__len__") else None
        blocks = list(sent)
        sent.close()
        assert length in (None, len(blocks))
        first, _, last = field.removeprefix("bytes=").partition("-")
        assert b"".join(blocks) == whole[int(first) : int(last or len(whole)) + 1]
