"""A bucket that refuses writes, ignores conditions, is damaged or gone costs no answer."""

from __future__ import annotations

import logging
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

import parts
from imgmiddleware.cache.remote import bucket_claims
from imgmiddleware.cache.remote.bucket_link import CALL
from imgmiddleware.cache.remote.bucket_store import BucketStore
from imgmiddleware.messages import Result
from imgmiddleware.objects.store import ObjectStore
from shared.servers import free_port
from shared.test_redis import all_calls, put, seconds, wait_for
from storeservers import S3

parts.module("obstore")


@contextmanager
def opened(url: str, recheck: float = 0.1) -> Iterator[BucketStore]:
    store = BucketStore(url, recheck)
    try:
        yield store
    finally:
        store.close()


def repr_of_size(data: bytes) -> str:
    return f"{len(data)} bytes"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "another's", "text"])
def test_what_is_damaged_is_a_miss(bucket: str, damage: str) -> None:
    objects = ObjectStore(bucket)
    with opened(bucket) as store:
        put(store, "a", b"body of a")
        put(store, "b", b"body of b")
        part = objects.read("results/a")
        assert part is not None
        whole = bytes(part.data)
        other = objects.read("results/b")
        assert other is not None
        damaged = {
            "flipped": bytes([*whole[:-1], whole[-1] ^ 1]),
            "cut": whole[:-1],
            "emptied": b"",
            "another's": bytes(other.data),
            "text": b"somebody's own text",
        }[damage]
        assert store.get("a")
        objects.put("results/a", damaged)
        assert store.get("a") is None
        assert store.get("b")


def test_a_body_of_any_size(bucket: str) -> None:
    body = bytes(range(256)) * 80_000
    with opened(bucket) as store:
        put(store, "large", body)
        found = store.get("large")
        assert found is not None
        assert found.read() == body


def test_what_is_large_and_none_of_ours_is_not_read(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result with another size in its head is not read to its end."""
    brought: list[int] = []

    def counted(data: Any) -> memoryview:
        found = memoryview(data)
        brought.append(len(found))
        return found

    objects = ObjectStore(bucket)
    with opened(bucket) as store:
        put(store, "a")
        for kind in (b"text", bytes(4), b"\xff\xff\xff\xff", b"\x20\0\0\0" + b"[" * 100):
            objects.put("results/a", kind + bytes(24 << 20))
            with monkeypatch.context() as patched:
                patched.setattr("imgmiddleware.objects.store.memoryview", counted, raising=False)
                assert store.get("a") is None
        assert 0 < sum(brought) <= 8 << 20
        put(store, "a")
        assert store.get("a")


@pytest.mark.parametrize(
    "foreign", [b"", b"text", b"0123456789ABCDEF", bytes(20 << 20)], ids=repr_of_size
)
def test_what_others_put_in_the_place_of_the_era_is_replaced(
    bucket: str, caplog: pytest.LogCaptureFixture, foreign: bytes
) -> None:
    objects = ObjectStore(bucket)
    with opened(bucket, recheck=0) as store, opened(bucket, recheck=0) as follower:
        put(store, "a")
        before = follower.era()
        objects.put("era", foreign)
        assert store.get("a")
        assert store.era() not in (before, foreign)
        assert follower.era() == store.era()
        assert follower.purged_since(before) is None, "some may have been among what is lost"
        since = follower.era()
        assert store.purge("tag") == 1
        assert store.get("a") is None
        # None within the second of the first, of which no time says which was before.
        assert follower.purged_since(since) in (None, {"tag"})
    assert len(warnings(caplog)) == 1


def test_what_others_put_among_the_purges_is_none(bucket: str) -> None:
    objects = ObjectStore(bucket)
    with opened(bucket, recheck=0) as store:
        era = store.era()
        store.purge("tag")
        for name in ("x", "x/y", "0123456789abcdef/x", "0123456789abcdef/t/x", "é/t%ff"):
            objects.put(f"purges/{name}", b"nonsense")
        assert store.purged_since(era) == {"tag"}
        store.purge("other")
        assert store.purged_since(era) == {"tag", "other"}


def test_what_others_put_in_the_place_of_a_claim_is_not_read_and_taken_away(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_claims, "TTL", 0.3)
    ObjectStore(bucket).put("claims/a", bytes(8 << 20))
    with opened(bucket) as store:
        with monkeypatch.context() as patched:
            patched.setattr(ObjectStore, "read", lambda *_, **__: pytest.fail("it is read"))
            wait_for(lambda: store.wait("a", 0.1) or store.claim("a"))
        with opened(bucket) as other:
            assert other.claim("a") is None


def test_a_bucket_that_refuses_writes_is_read_with_one_warning(
    bucket: str,
    bucket_server: S3,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with opened(bucket) as store:
        put(store, "a")
    for name, value in bucket_server.readers_environment.items():
        monkeypatch.setenv(name, value)
    with opened(bucket) as store:
        for _ in range(5):
            all_calls(store)
            put(store, "b")
            assert store.get("a")
            assert store.get("b") is None
    assert len(warnings(caplog)) == 1


def test_a_server_that_is_gone_costs_its_time_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-ours")
    with opened("s3://gone/results") as store:
        assert seconds(lambda: [all_calls(store) for _ in range(50)]) < CALL + 2
        assert store.get("a") is None
        assert not store.is_up()
    assert len(warnings(caplog)) == 1
    assert "secret-of-ours" not in caplog.text


class LooksAlike(BaseHTTPRequestHandler):
    """An S3 that keeps and gives objects, and has never heard of conditions."""

    kept: dict[str, bytes] = {}
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200)

    def do_GET(self) -> None:
        found = self.kept.get(urlsplit(self.path).path)
        self.answer(404 if found is None else 200, found or b"")

    def do_POST(self) -> None:
        """Of S3's DeleteObjects."""
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall("<Key>(.*?)</Key>", asked)
        for key in keys:
            self.kept.pop(f"{urlsplit(self.path).path.rstrip('/')}/{key}", None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hash(body):x}"')
        self.send_header("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def test_where_conditions_are_ignored_claims_keep_nobody_out_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), LooksAlike) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        for name, value in (
            ("ALLOW_HTTP", "true"),
            ("ACCESS_KEY_ID", "a"),
            ("SECRET_ACCESS_KEY", "b"),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)
        with opened("s3://alike/results") as store, opened("s3://alike/results") as other:
            for _ in range(3):
                first, second = store.claim("a"), other.claim("a")
                assert first is not None
                assert second is not None, "it is kept out"
                with first, second:
                    pass
            assert not store.excludes()
            put(store, "a")
            assert other.get("a")
        server.shutdown()
    assert len(warnings(caplog)) == 2, "one of each of the two"
    assert all("If-None-Match" in each for each in warnings(caplog))


HOLDER = """
import sys, time
from imgmiddleware.cache.remote import bucket_claims
from imgmiddleware.cache.remote.bucket_store import BucketStore
bucket_claims.TTL = 1.0
store = BucketStore(sys.argv[1], 0.1)
claim = store.claim("held")
print("held", flush=True)
time.sleep(60)
"""


def test_a_claim_is_renewed_and_outlives_its_holder_by_little(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_claims, "TTL", 1.0)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, bucket], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with opened(bucket) as store, opened(bucket) as other:
            for _ in range(30):
                assert store.claim("held") is None
                store.wait("held", 0.1)
            holder.send_signal(signal.SIGSTOP)
            claims: list[object] = []
            assert (
                seconds(lambda: wait_for(lambda: claims.append(store.claim("held")) or claims[-1]))
                < 10
            )
            assert other.claim("held") is None
    finally:
        holder.kill()
        holder.communicate()


def test_others_hear_of_a_purge_and_follow_the_list(bucket: str) -> None:
    with opened(bucket) as store, opened(bucket, recheck=0) as other:
        put(store, "a")
        era = store.era()
        other.purge("tag")
        other.purge("a/b?c%.")
        put(other, "b", tag="\udcff")  # of an ID that is no UTF-8
        assert other.purge("\udcff") == 1
        wait_for(lambda: store.era() == other.era())
        assert store.purged_since(era) == {"tag", "a/b?c%.", "\udcff"}
        newest = store.era()
        other.clear()
        assert other.purged_since(newest) is None


def test_the_list_of_purges_is_bounded(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgmiddleware.cache.remote.bucket_store._LISTED", 2)
    with opened(bucket) as store:
        era = store.era()
        for number in range(5):
            store.purge(f"tag{number}")
        assert len(list(ObjectStore(bucket).names("purges"))) <= 4
        assert store.purged_since(era) is None


def test_nothing_is_asked_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*arguments: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(ObjectStore, "_store", asked)
    with opened("s3://nowhere/results") as store:
        assert store.takes(10**10)


def test_a_result_that_was_put_with_notes(bucket: str) -> None:
    with opened(bucket) as store:
        made = Result(b"", "image/x", ("a", 'b "c"'))
        store.put("k", made, ("tag",), store.era())
        assert store.get("k") == made
