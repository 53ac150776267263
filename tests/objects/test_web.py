"""Files of a plain server, read by Python's own client."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPResponse

import pytest

from fileserver import FileServer
from imgmiddleware.objects.connection import Connection
from imgmiddleware.objects.errors import ChangedError, DownError, GoneError, RefusedError
from imgmiddleware.objects.part import Part
from imgmiddleware.objects.web import WebStore, _part

DATA = bytes(range(256)) * 1000


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        server.files["cat.jpg"] = DATA
        yield server


def read(server: FileServer, *arguments: int, name: str = "cat.jpg", **options: object) -> Part:
    part = WebStore(server.url, 2.0).read(name, *arguments, **options)  # type: ignore[arg-type]
    assert part is not None
    return part


def test_a_range_is_read_with_what_is_known_of_the_file(server: FileServer) -> None:
    part = read(server, 1000, 1003)
    assert (part.start, bytes(part.data)) == (1000, DATA[1000:1003])
    assert part.stat.size == len(DATA)
    assert part.stat.modified == 784111777  # RFC 9110, section 5.6.7
    assert part.stat.etag


def test_a_file_is_read_whole_and_to_its_end(server: FileServer) -> None:
    assert bytes(read(server).data) == DATA
    assert bytes(read(server, len(DATA) - 3, 10**9).data) == DATA[-3:]
    assert bytes(read(server, 255_000).data) == DATA[255_000:]


def test_a_server_without_ranges_sends_all_and_the_part_is_taken(server: FileServer) -> None:
    server.ranges = False
    assert bytes(read(server, 0, 9).data) == DATA[:9]
    assert bytes(read(server, 100_001, 100_009).data) == DATA[100_001:100_009]


def test_an_empty_file_has_no_ranges(server: FileServer) -> None:
    server.files["cat.jpg"] = b""
    part = read(server, 0, 100)
    assert (bytes(part.data), part.stat.size) == (b"", 0)


def test_what_has_not_changed_costs_one_conditional_request(server: FileServer) -> None:
    store = WebStore(server.url)
    known = read(server, 0, 9).stat
    del server.asked[:]
    assert store.read("cat.jpg", 0, 9, unless=known) is None
    server.files["cat.jpg"] = b"another"
    part = store.read("cat.jpg", 0, 9, unless=known)
    assert part is not None
    assert bytes(part.data) == b"another"
    assert [headers["If-None-Match"] for _, _, headers in server.asked] == [known.etag] * 2


@pytest.mark.parametrize("kind", ["strong", "weak", "none", "ignored"])
def test_what_was_replaced_is_noticed(server: FileServer, kind: str) -> None:
    """Also of a server that has weak ETags, none, or heeds no conditions."""
    server.weak, server.etags = kind == "weak", kind != "none"
    known = read(server, 0, 9).stat
    assert read(server, 9, 12, match=known).data == DATA[9:12]
    server.files["cat.jpg"] = DATA[::-1] + b"!"
    if kind == "ignored":
        server.before = lambda path: server._answer(path, {"Range": "bytes=9-11"})
    with pytest.raises(ChangedError):
        read(server, 9, 12, match=known)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, GoneError), (410, GoneError), (403, RefusedError), (401, DownError), (500, DownError)],
)
def test_what_goes_wrong_is_of_few_kinds_and_tells_nothing(
    server: FileServer, status: int, kind: type[Exception]
) -> None:
    server.before = lambda path: (status, {}, b"the secret of photos")
    with pytest.raises(kind) as found:
        read(server)
    for secret in ("secret", "photos", "cat", "127.0.0.1"):
        assert secret not in str(found.value)


@pytest.mark.parametrize(
    "answer",
    [
        (206, {"Content-Range": "bytes 5-9/100"}, b"1234567890"),
        (206, {"Content-Range": "bytes 0-9/*"}, b"1234567890"),
        (206, {}, b"1234567890"),
        (206, {"Content-Range": "bytes 0-9/5"}, b"1234567890"),
        (200, {"Content-Encoding": "gzip"}, b"1234567890"),
        (204, {}, b""),
        (304, {}, b""),
        (416, {"Content-Range": "bytes */100"}, b""),
    ],
)
def test_an_answer_to_something_else_is_none(
    server: FileServer, answer: tuple[int, dict[str, str], bytes]
) -> None:
    server.before = lambda path: answer
    with pytest.raises(DownError):
        read(server, 0, 10)


def test_a_redirect_is_followed_on_the_same_server_alone(server: FileServer) -> None:
    with FileServer() as other:
        other.files["cat.jpg"] = b"of another server"
        server.before = lambda path: (
            (302, {"Location": "/photos/cat.jpg"}, b"") if "old" in path else None
        )
        assert bytes(read(server, 0, 3, name="old.jpg").data) == DATA[:3]
        for place in (
            f"{other.url}/cat.jpg",
            f"//{other.place}/photos/cat.jpg",
            f"https://{server.place}/photos/cat.jpg",
            "file:///etc/passwd",
            "",
            "http://[",
        ):
            answer = 302, {"Location": place}, b""
            server.before = lambda path, answer=answer: answer if "old" in path else None  # type: ignore[misc]
            with pytest.raises(DownError):
                read(server, name="old.jpg")
        assert other.asked == []
        server.before = lambda path: (302, {"Location": path}, b"")
        del server.asked[:]
        with pytest.raises(DownError):
            read(server)
        assert len(server.asked) < 9


def test_a_failure_is_tried_again_in_the_time_that_there_is(server: FileServer) -> None:
    failing = iter([(503, {}, b""), (500, {}, b"")])
    server.before = lambda path: next(failing, None)
    assert bytes(read(server, 0, 3).data) == DATA[:3]
    assert len(server.asked) == 3
    server.before = lambda path: None
    server.seconds = 0.5
    with pytest.raises(DownError):
        WebStore(server.url, 0.1).read("cat.jpg")


def test_a_server_that_is_not_there_is_down() -> None:
    with FileServer() as server:
        pass
    with pytest.raises(DownError):
        read(server)


def test_a_connection_serves_again_and_may_have_been_closed(server: FileServer) -> None:
    store = WebStore(server.url)
    for _ in range(3):
        assert store.read("cat.jpg", 0, 5) is not None
    assert len(store._idle) == 1
    for _ in range(9):  # more than are tried again
        closed = Connection(server.place)
        closed.sock = socket.socket()
        closed.sock.close()
        store._idle.append((os.getpid(), closed))
    assert store.read("cat.jpg", 0, 5) is not None


def test_a_name_is_sent_as_it_is(server: FileServer) -> None:
    for name in ("é/雪 1+2%.png", "a?b#c", "%2e%2e", "~"):
        server.files[name] = name.encode()
        assert bytes(read(server, name=name).data) == name.encode()


#: The bytes that come at once, and those that follow, again and again.
DRIPS = {
    "head": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
    "refusal": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9999\r\n\r\n", b"x"),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n",
        b"1;",
    ),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 20, "-1", "1_0", "\xb2", ""])
def test_a_length_that_is_none_is_no_answer(length: str) -> None:
    """Also one that Python makes no number of, as its digits are too many."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode("latin-1")
    ours, theirs = socket.socketpair()
    with ours, theirs, HTTPResponse(ours, method="GET") as response:
        theirs.sendall(head)
        response.begin()
        with pytest.raises(DownError):
            _part(response, (0, 9))


@pytest.mark.parametrize("kind", DRIPS)
def test_a_server_that_drips_is_as_slow_as_one_that_hangs(kind: str) -> None:
    """A timeout of a socket would begin anew with each byte."""
    first, rest = DRIPS[kind]
    gone = threading.Event()

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(9999)
            connection.sendall(first)
            for _ in range(400):  # 20 seconds
                connection.sendall(rest)
                time.sleep(0.05)
            return
        gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        with pytest.raises(DownError):
            WebStore(f"http://127.0.0.1:{listening.getsockname()[1]}", 0.2).read("cat.jpg", 0, 9)
        thread.join()
    assert gone.is_set()


def test_all_addresses_and_the_handshake_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that take no connection, and one that takes it and says nothing."""
    with ExitStack() as opened:
        places = [full(opened) for _ in range(3)]
        silent = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *asked, **options: [
                (socket.AF_INET, socket.SOCK_STREAM, 0, "", place)
                for place in (*places, silent.getsockname())
            ],
        )
        for scheme in ("http", "https"):
            began = time.monotonic()
            with pytest.raises(DownError):
                WebStore(f"{scheme}://many.example/a", 0.8).read("cat.jpg")
            assert time.monotonic() - began < 1.6  # it was 0.8 for each


def full(opened: ExitStack) -> tuple[str, int]:
    """Where a connection is neither made nor refused."""
    listening = opened.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    for _ in range(4):
        waiting = opened.enter_context(socket.socket())
        waiting.setblocking(False)
        with suppress(BlockingIOError):
            waiting.connect(listening.getsockname())
    return "127.0.0.1", int(listening.getsockname()[1])


def test_the_next_address_is_tried_where_one_refuses(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.place.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        gone = nobody.getsockname()
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *asked, **options: [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", place)
            for place in (gone, ("127.0.0.1", port))
        ],
    )
    assert bytes(read(server, 0, 3).data) == DATA[:3]
