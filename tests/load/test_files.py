"""Hits on disk through servers that send files themselves, and through those that do not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from imgmiddleware.cache.disk import DiskStore
from load.conftest import Site, until
from servers import processes
from servers.client import ask, parsed, request
from servers.processes import Command

#: A picture that fills many of a socket's buffers.
TARGET = "/image/noise.png?fm=bmp"


def gunicorn(port: int, folder: Path) -> list[str]:
    options = [*processes.gunicorn_options(port), "--threads", "4"]
    return [processes.program("gunicorn"), *options, "apps:wsgi"]


SERVERS: dict[str, Command] = {
    "gunicorn": gunicorn,
    "uvicorn": processes.uvicorn("httptools", "apps:asgi"),
    "granian-asgi": processes.granian("asgi", "apps:asgi"),
    "granian-wsgi": processes.granian("wsgi", "apps:wsgi"),
}


@pytest.fixture
def noisy(site: Site) -> Site:
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(site.folder / "photos" / "noise.png")
    return site


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS.keys())
def test_a_hit_on_disk_is_the_same_answer(noisy: Site, command: Command) -> None:
    with noisy.served(command, IMGMIDDLEWARE_TEST_MEMORY="0") as server:
        made, hit, again = (ask(server.port, TARGET) for _ in range(3))
        assert made.status == 200
        assert len(made.body) > 9_000_000
        assert made.own_headers == hit.own_headers == again.own_headers
        assert made.body == hit.body == again.body
        head = ask(server.port, TARGET, "HEAD")
        assert (head.own_headers, head.body) == (hit.own_headers, b"")
        assert len(noisy.made_by()) == 1


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS.keys())
def test_eviction_breaks_no_answer_under_way(noisy: Site, command: Command) -> None:
    with noisy.served(command, IMGMIDDLEWARE_TEST_MEMORY="0") as server:
        made = ask(server.port, TARGET)
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as slow:
            slow.sendall(request(TARGET, "GET", {"Connection": "close"}))
            received = bytearray(slow.recv(1000))
            disk = DiskStore(noisy.cache, 2**30)
            assert disk.clear() == 1
            disk.close()
            while part := slow.recv(1 << 16):
                received += part
        assert parsed(bytes(received)).body == made.body
        # A path that was sent a moment ago is sent again, for `recheck` seconds.
        until(lambda: ask(server.port, TARGET).body == made.body and len(noisy.made_by()) == 2)


def test_granian_is_handed_a_name_that_lasts(noisy: Site) -> None:
    with noisy.served(SERVERS["granian-asgi"], IMGMIDDLEWARE_TEST_MEMORY="0") as server:
        made, hit = ask(server.port, TARGET), ask(server.port, TARGET)
    assert made.body == hit.body
    assert [path.stat().st_size for path in (noisy.cache / "sending").glob("*/*")] == [
        len(made.body)
    ]
