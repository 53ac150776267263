"""Objects of every kind of store: real servers on loopback, a folder, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, cast

import pytest

from imgmiddleware.objects.errors import ChangedError, DownError, GoneError, StoreError
from imgmiddleware.objects.store import ObjectStore
from imgmiddleware.objects.stores import store_of
from storeservers import BUCKET, S3, new_name

HERE = Path(__file__).parent
DATA = bytes(range(256)) * 1000
#: No message may have them.
SECRETS = ("127.0.0.1", "secret", "cat.jpg", "prefix", "seaweed", "devstore")


def read(objects: ObjectStore, name: str, *arguments: int, **options: Any) -> bytes:
    part = objects.read(name, *arguments, **options)
    assert part is not None
    return bytes(part.data)


def test_ranges_are_read_of_what_was_put(store: Any) -> None:
    objects = ObjectStore(store)
    assert objects.put("a/cat.jpg", DATA)
    part = objects.read("a/cat.jpg", 1000, 1003)
    assert part is not None
    assert (part.start, bytes(part.data), part.stat.size) == (1000, DATA[1000:1003], len(DATA))
    assert part.stat.version
    assert abs((part.stat.modified or 0) - time.time()) < 60
    assert read(objects, "a/cat.jpg") == DATA
    assert read(objects, "a/cat.jpg", 255_999, 10**9) == DATA[-1:]
    assert read(objects, "a/cat.jpg", 255_999) == DATA[-1:]


def test_an_object_without_bytes_is_one(store: Any) -> None:
    objects = ObjectStore(store)
    objects.put("cat.jpg", b"")
    assert read(objects, "cat.jpg", 0, 100) == b""


def test_names_are_kept_as_they_are(store: Any) -> None:
    objects = ObjectStore(store)
    names = ("é/雪 1+2%.png", "a?b#c", "%2e%2e", "%61", "~", ".hidden", "a/b/c")
    for name in names:
        objects.put(name, name.encode())
    for name in names:
        assert read(objects, name) == name.encode()
    assert {name for name, _ in objects.names()} == set(names)
    assert [name for name, _ in objects.names("a/b")] == ["a/b/c"]
    with pytest.raises(GoneError):
        read(objects, "a")


def test_what_has_not_changed_is_not_sent_again(store: Any) -> None:
    objects = ObjectStore(store)
    objects.put("cat.jpg", DATA)
    part = objects.read("cat.jpg", 0, 9)
    assert part is not None
    assert objects.read("cat.jpg", 0, 9, unless=part.stat) is None
    objects.put("cat.jpg", b"another")
    assert read(objects, "cat.jpg", 0, 9, unless=part.stat) == b"another"


def test_what_was_replaced_is_noticed(store: Any) -> None:
    objects = ObjectStore(store)
    objects.put("cat.jpg", DATA)
    part = objects.read("cat.jpg", 0, 9)
    assert part is not None
    objects.put("cat.jpg", DATA[::-1])
    with pytest.raises(ChangedError):
        objects.read("cat.jpg", 9, 20, match=part.stat)
    objects.put("cat.jpg", b"")
    with pytest.raises(ChangedError):
        objects.read("cat.jpg", 9, 20, match=part.stat)


def test_the_first_of_those_that_put_only_what_is_new_is_told(store: Any) -> None:
    objects = ObjectStore(store)
    assert objects.heeds_only_new()
    assert objects.put("cat.jpg", b"1", only_new=True)
    assert not objects.put("cat.jpg", b"2", only_new=True)
    assert read(objects, "cat.jpg") == b"1"
    assert [name for name, _ in objects.names()] == ["cat.jpg"]


def test_what_ignores_the_condition_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import obstore
    from obstore.store import MemoryStore

    put = obstore.put
    monkeypatch.setattr(obstore, "put", lambda store, name, data, **options: put(store, name, data))
    objects = ObjectStore(MemoryStore())
    assert not objects.heeds_only_new()
    assert list(objects.names()) == []


def test_what_is_removed_is_gone_and_may_be_already(store: Any) -> None:
    objects = ObjectStore(store)
    objects.put("cat.jpg", DATA)
    objects.delete("cat.jpg", "none.jpg")
    with pytest.raises(GoneError) as found:
        read(objects, "cat.jpg")
    tells_nothing(found.value)


def tells_nothing(error: BaseException) -> None:
    for secret in SECRETS:
        assert secret not in str(error)


@pytest.mark.parametrize("options", [{"secret": "wrong"}, {"key": "wrong"}, {"port": 1}])
def test_a_store_that_cannot_be_asked_is_down(server: S3, options: dict[str, Any]) -> None:
    place = new_name()
    ObjectStore(server.store(place)).put("cat.jpg", DATA)
    objects = ObjectStore(server.store(place, **options), 1.0)
    began = time.monotonic()
    with pytest.raises(DownError) as found:
        objects.read("cat.jpg")
    tells_nothing(found.value)
    with pytest.raises(StoreError) as refused:
        objects.put("cat.jpg", b"")
    tells_nothing(refused.value)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("kind", ["error", "close"])
def test_what_is_tried_again_ends_with_the_time(kind: str) -> None:
    """A failure just before the end of it, which was tried again for all of it once more."""
    said = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

    class Failing(StreamRequestHandler):
        def handle(self) -> None:
            while kind == "error" and self.rfile.readline() not in (b"\r\n", b""):
                pass
            time.sleep(0.85)
            self.wfile.write(said if kind == "error" else b"")

    with ThreadingTCPServer(("127.0.0.1", 0), Failing) as failing:
        failing.daemon_threads = True
        threading.Thread(target=failing.serve_forever, args=(0.02,), daemon=True).start()
        store = S3(failing.server_address[1], cast("Any", None)).store("")
        began = time.monotonic()
        with pytest.raises(DownError):
            ObjectStore(store, 1.0).read("cat.jpg")
        assert time.monotonic() - began < 1.4  # it was 1.75
        failing.shutdown()


def test_a_bucket_that_is_not_there_is_not_a_missing_object(server: S3) -> None:
    with pytest.raises(DownError):
        ObjectStore(server.store("", "no-such-bucket")).read("cat.jpg")


def test_a_url_takes_its_credentials_from_the_environment(
    server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    place = f"{new_name()}/deep/down"
    ObjectStore(server.store(place)).put("cat.jpg", DATA)
    part = store_of(f"s3://{BUCKET}/{place}").read("cat.jpg", 0, 4)
    assert part is not None
    assert part.data == DATA[:4]


def test_a_store_is_opened_in_the_child_and_what_was_used_before_a_fork_refuses(
    server: S3,
) -> None:
    """In a process that has asked none: its child has a store of its own, theirs is told at once."""
    place = new_name()
    ObjectStore(server.store(place)).put("cat.jpg", DATA)
    program = [sys.executable, HERE / "forking.py", f"s3://{BUCKET}/{place}"]
    environment = {**os.environ, **server.environment}
    done = subprocess.run(program, env=environment, timeout=30, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (
        ["child:256000", "parent:256000", "late:down"],
        "",
    )


@pytest.mark.parametrize("kind", ["HTTPStore", "none"])
def test_what_is_no_store_of_ours_is_refused_when_it_is_built(kind: str) -> None:
    from obstore.store import HTTPStore

    given = HTTPStore("https://files.example") if kind == "HTTPStore" else "s3:///"
    with pytest.raises(ValueError, match=r"^source: "):
        ObjectStore(given)
