"""Every server sends the service's answer: equal status, headers and body, byte for byte.

The service itself, asked in this process for the same originals, says what each server must send;
so all of them are equal to one another too. Taken out of the comparison are the headers of the
connection and of the server (client.OF_THE_SERVER).

Where a server differs it is for a reason that stands here, in its row.
"""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from imgmiddleware import ImageRequest, ImageResponse, ImageService
from servers import processes
from servers.client import Answer, ask, parsed, request
from servers.processes import Command, Running, running

WSGI = "wsgi_app:application"
ASGI = "asgi_app:application"


@dataclass(frozen=True)
class Server:
    name: str
    command: Command
    behind_nginx: bool = False
    #: Whether a connection serves a second request. uWSGI's `http-socket` closes after each answer.
    keeps_alive: bool = True
    #: Whether `..` in a path is resolved before the application sees it. uWSGI does so; all others
    #: hand the path on as it was sent (RFC 3986, section 6.2.2.3 leaves it to them), and nginx does
    #: where `proxy_pass` names no path of its own.
    resolves_dots: bool = False


SERVERS = [
    Server("gunicorn", processes.gunicorn(WSGI)),
    Server("nginx-gunicorn", processes.gunicorn(WSGI), behind_nginx=True),
    Server("waitress", processes.waitress(WSGI)),
    Server("uwsgi", processes.uwsgi(WSGI), keeps_alive=False, resolves_dots=True),
    Server("granian-wsgi", processes.granian("wsgi", WSGI)),
    Server("granian-asgi", processes.granian("asgi", ASGI)),
    Server("uvicorn-h11", processes.uvicorn("h11", ASGI)),
    Server("uvicorn-httptools", processes.uvicorn("httptools", ASGI)),
    Server("hypercorn", processes.hypercorn(ASGI)),
    Server("daphne", processes.daphne(ASGI)),
]


@pytest.fixture(scope="module", params=SERVERS, ids=lambda server: server.name)
def kind(request: pytest.FixtureRequest) -> Server:
    return request.param


@pytest.fixture(scope="module")
def server(
    kind: Server, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(kind.name)
    environment = {"IMGMIDDLEWARE_TEST_PHOTOS": str(photos)}
    with ExitStack() as stack:
        started = stack.enter_context(running(kind.command, folder / "server", environment))
        if kind.behind_nginx:
            proxy = processes.nginx(started.port)
            started = stack.enter_context(running(proxy, folder / "nginx", {}))
        yield started


@pytest.fixture(scope="module")
def service(photos: Path) -> ImageService:
    return ImageService(photos)


def _response(service: ImageService, path: str, query: str = "", **more: object) -> ImageResponse:
    response = service.handle(ImageRequest("GET", path, query, **more))
    assert response is not None
    return response


def _assert_sent(answer: Answer, expected: ImageResponse, *, body: bool = True) -> None:
    headers = sorted((name.lower(), value) for name, value in expected.headers)
    assert (answer.status, answer.own_headers) == (expected.status, headers)
    assert answer.body == (expected.body if body else b"")
    assert answer.header("transfer-encoding") is None


TARGET = "/image/caf%C3%A9.jpg?w=600&fm=png"
PATH, QUERY = "/image/café.jpg", "w=600&fm=png"


def test_an_image_with_a_non_ascii_id(server: Running, service: ImageService) -> None:
    answer = ask(server.port, TARGET)
    _assert_sent(answer, _response(service, PATH, QUERY))
    assert answer.status == 200
    assert answer.header("content-type") == "image/png"
    assert Image.open(io.BytesIO(answer.body)).size == (600, 400)
    assert len(answer.body) > 2**18, "too small to see how a server sends in parts"


def test_head(server: Running, service: ImageService) -> None:
    answer = ask(server.port, TARGET, "HEAD")
    _assert_sent(answer, _response(service, PATH, QUERY), body=False)
    assert answer.header("content-length") == str(len(ask(server.port, TARGET).body))


def test_head_of_an_error(server: Running, service: ImageService) -> None:
    answer = ask(server.port, "/image/none.jpg", "HEAD")
    _assert_sent(answer, _response(service, "/image/none.jpg"), body=False)


def test_head_leaves_the_connection_usable(
    kind: Server, server: Running, service: ImageService
) -> None:
    """A body that is sent after a HEAD would be read as the head of the next answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        stream = connection.makefile("rb")
        connection.sendall(request(TARGET, "HEAD", {}))
        head = _head(stream)
        length = head.header("content-length")
        assert length is not None
        if not kind.keeps_alive:
            assert stream.read() == b""
            return
        connection.sendall(request(TARGET, "GET", {}))
        again = _head(stream)
        assert again.own_headers == head.own_headers
        assert stream.read(int(length)) == _response(service, PATH, QUERY).body


def _head(stream: io.BufferedReader) -> Answer:
    lines = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return parsed(b"".join(lines) + b"\r\n")


def test_a_304_by_etag_and_by_date(server: Running, service: ImageService) -> None:
    picture = ask(server.port, TARGET)
    etag, date = picture.header("etag"), picture.header("last-modified")
    assert etag
    assert date
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": date}):
        lower = {name.lower(): value for name, value in headers.items()}
        expected = _response(service, PATH, QUERY, headers=lower)
        for method in ("GET", "HEAD"):
            answer = ask(server.port, TARGET, method, headers)
            assert answer.status == 304
            _assert_sent(answer, expected)
            assert answer.header("etag") == etag


@pytest.mark.parametrize(
    ("field", "status"), [("bytes=100-", 206), ("bytes=-7", 206), ("bytes=999999999-", 416)]
)
def test_a_range(server: Running, service: ImageService, field: str, status: int) -> None:
    whole = ask(server.port, TARGET).body
    answer = ask(server.port, TARGET, "GET", {"Range": field})
    assert answer.status == status
    _assert_sent(answer, _response(service, PATH, QUERY, headers={"range": field}))
    if status == 206:
        first = 100 if field == "bytes=100-" else len(whole) - 7
        assert answer.body == whole[first:]
        assert answer.header("content-range") == f"bytes {first}-{len(whole) - 1}/{len(whole)}"
    ignored = ask(server.port, TARGET, "HEAD", {"Range": field})
    _assert_sent(ignored, _response(service, PATH, QUERY), body=False)


def test_a_404(server: Running, service: ImageService) -> None:
    answer = ask(server.port, "/image/none.jpg")
    assert answer.status == 404
    _assert_sent(answer, _response(service, "/image/none.jpg"))
    assert json.loads(answer.body)["code"] == "not-found"


@pytest.mark.parametrize(("method", "body"), [("DELETE", b""), ("POST", b"unread by us")])
def test_a_405(server: Running, service: ImageService, method: str, body: bytes) -> None:
    answer = ask(server.port, TARGET, method, body=body)
    assert answer.status == 405
    expected = service.handle(ImageRequest(method, PATH, QUERY))
    assert expected is not None
    _assert_sent(answer, expected)
    assert answer.header("allow") == "GET, HEAD, OPTIONS"


def test_options(server: Running, service: ImageService) -> None:
    answer = ask(server.port, TARGET, "OPTIONS")
    assert answer.status == 204
    expected = service.handle(ImageRequest("OPTIONS", PATH, QUERY))
    assert expected is not None
    _assert_sent(answer, expected)


@pytest.mark.parametrize("query", ["w=abc", "w=1&w=2", "width=5", "w=%FF"])
def test_a_query_error(server: Running, service: ImageService, query: str) -> None:
    answer = ask(server.port, f"/image/caf%C3%A9.jpg?{query}")
    assert answer.status == 400
    _assert_sent(answer, _response(service, PATH, query))


def test_an_encoded_slash_is_a_slash(server: Running, service: ImageService) -> None:
    plain = ask(server.port, "/image/sub/dot.png?w=30&fm=png")
    encoded = ask(server.port, "/image/sub%2Fdot.png?w=30&fm=png")
    assert plain.status == 200
    _assert_sent(plain, _response(service, "/image/sub/dot.png", "w=30&fm=png"))
    assert (encoded.status, encoded.own_headers, encoded.body) == (
        plain.status,
        plain.own_headers,
        plain.body,
    )


def test_an_id_that_is_not_utf_8_is_unknown(server: Running, service: ImageService) -> None:
    _assert_sent(ask(server.port, "/image/caf%E9.jpg"), _response(service, "/image/caf\ufffd.jpg"))


@pytest.mark.parametrize(
    "target",
    ["/image/%2e%2e/secret.png", "/image/sub%2F..%2F..%2Fsecret.png", "/image/%2Fsecret.png"],
)
def test_no_way_out_of_the_folder(server: Running, service: ImageService, target: str) -> None:
    answer = ask(server.port, target)
    assert answer.status == 404
    _assert_sent(answer, _response(service, "/image/none.jpg"))


def test_plain_dots_in_a_path(kind: Server, server: Running, service: ImageService) -> None:
    """`/image/../secret.png` is no original; where dots are resolved it is not even ours."""
    answer = ask(server.port, "/image/../secret.png")
    if kind.resolves_dots:
        assert answer.body == b"own: GET  "
    else:
        _assert_sent(answer, _response(service, "/image/none.jpg"))


@pytest.mark.parametrize(
    ("target", "method", "body", "said"),
    [
        ("/own?a=%C3%A9", "GET", b"", b"own: GET a=%C3%A9 "),
        ("/own", "POST", b"a body", b"own: POST  a body"),
        ("/images/caf%C3%A9.jpg", "GET", b"", b"own: GET  "),
        ("/image", "GET", b"", b"own: GET  "),
    ],
)
def test_what_is_not_ours(
    server: Running, target: str, method: str, body: bytes, said: bytes
) -> None:
    answer = ask(server.port, target, method, body=body)
    assert (answer.status, answer.body) == (200, said)
    assert answer.own_headers == [
        ("content-length", str(len(said))),
        ("content-type", "text/plain"),
    ]
