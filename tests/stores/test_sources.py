"""Originals in every kind of store: real servers on loopback, a folder, memory."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
import pytest

from asking import get
from imgmiddleware import ImageService, ObjectSource, Source
from imgmiddleware.testing import SourceConformance
from pictures import opened, photo_like, saved
from storeservers import BUCKET, S3, Google, new_name

PAGE = (Path(__file__).parents[2] / "docs" / "buckets.md").read_text()
JPEG = saved(photo_like(600, 400), "JPEG", quality=80)


class InStore(SourceConformance):
    secrets = ("127.0.0.1", "photos", "seaweed", "devstore")

    def make_store(self) -> Any:
        raise NotImplementedError

    def make_source(self) -> Source:
        self.store = self.make_store()
        return ObjectSource(self.store, recheck=0)

    def write(self, source: Source, id: str, data: bytes) -> None:
        obstore.put(self.store, id, data)

    def test_it_is_closed(self) -> None:
        """There is nothing to close; connections are kept for the next."""


class TestS3(InStore):
    @pytest.fixture(autouse=True)
    def _server(self, server: S3) -> None:
        self.server = server

    def make_store(self) -> Any:
        return self.server.store(f"{new_name()}/deep")


class TestS3ByAURL(TestS3):
    @pytest.fixture(autouse=True)
    def _environment(self, server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)

    def make_source(self) -> Source:
        place = new_name()
        self.store = self.server.store(place)
        return ObjectSource(f"s3://{BUCKET}/{place}", recheck=0)


class TestAzure(InStore):
    @pytest.fixture(autouse=True)
    def _containers(self, containers: Callable[[str], Any]) -> None:
        self.containers = containers

    def make_store(self) -> Any:
        return self.containers(new_name())


class TestGoogleByAURL(InStore):
    """Whose server sends whatever condition was made: the versions are compared here."""

    @pytest.fixture(autouse=True)
    def _server(self, google_server: Google, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in google_server.environment.items():
            monkeypatch.setenv(name, value)
        self.google = google_server

    def make_source(self) -> Source:
        self.place = new_name()
        return ObjectSource(f"gs://{BUCKET}/{self.place}", recheck=0)

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.google.put(f"{self.place}/{id}", data)


def test_a_picture_is_made_of_an_object_of_google(
    google_server: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in google_server.environment.items():
        monkeypatch.setenv(name, value)
    place = new_name()
    google_server.put(f"{place}/2026/cat.jpg", JPEG)
    service = ImageService(f"gs://{BUCKET}/{place}", recheck=0.0)
    answer = get(service, "w=300&fm=png", id="2026/cat.jpg")
    assert answer.status == 200
    assert opened(answer.read()).size == (300, 200)
    assert get(service, id="2026/none.jpg").status == 404
    google_server.put(f"{place}/2026/cat.jpg", saved(photo_like(90, 60), "JPEG"))
    assert opened(get(service, "w=300&fm=png", id="2026/cat.jpg").read()).size == (90, 60)


class TestMemory(InStore):
    def make_store(self) -> Any:
        from obstore.store import MemoryStore

        return MemoryStore()


class TestFolder(InStore):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self) -> Any:
        from obstore.store import LocalStore

        return LocalStore(self.folder / new_name(), mkdir=True)


def test_a_picture_is_made_of_an_object(store: Any) -> None:
    obstore.put(store, "2026/cat.jpg", JPEG)
    answer = get(ImageService(store), "w=300&fm=png", id="2026/cat.jpg")
    assert answer.status == 200
    assert opened(answer.read()).size == (300, 200)
    assert get(ImageService(store), id="2026/none.jpg").status == 404


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    asked: list[Any] = []
    real = obstore.get

    def called(store: Any, name: str, *, options: Any = None) -> Any:
        asked.append(options)
        return real(store, name, options=options)

    monkeypatch.setattr(obstore, "get", called)
    yield asked


def test_a_small_file_costs_one_request_and_the_next_a_conditional_one(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstore.put(store, "a", JPEG)
    service = ImageService(store, recheck=0.0, cache_bytes=0, decoded_bytes=0)
    with counted(monkeypatch) as asked:
        assert get(service, "w=300").status == 200
        assert len(asked) == 1
        assert get(service, "w=200").status == 200
        assert len(asked) == 2
        assert asked[1]["if_none_match"]


def test_what_is_replaced_is_seen_and_never_mixed(store: Any) -> None:
    """A thread replaces it all the time, by files of equal length; each answer is of one of them."""
    files = [bytes([shade]) * 400_000 for shade in (1, 2)]
    obstore.put(store, "a", files[0])
    source, over = ObjectSource(store, recheck=0), threading.Event()

    def replace() -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            obstore.put(store, "a", files[turn % 2])

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        seen = [_read(source) for _ in range(60)]
    finally:
        over.set()
        thread.join()
    assert all(found == "changed" or len(found) == 1 for found in seen)
    assert _read(source) in ({1}, {2})


def _read(source: ObjectSource) -> Any:
    from imgmiddleware import ImageError

    original = source.open("a")
    assert original is not None
    buffer = bytearray(original.size)
    try:
        original.read_into(memoryview(buffer))
    except ImageError as error:
        assert error.code == "original-changed"
        return "changed"
    return set(buffer)


@pytest.mark.parametrize("options", [{"secret": "wrong"}, {"key": "wrong"}, {"port": 1}])
def test_a_store_that_cannot_be_asked_is_a_503_that_tells_nothing(
    server: S3, options: dict[str, Any]
) -> None:
    place = new_name()
    obstore.put(server.store(place), "a", JPEG)
    answer = get(ImageService(server.store(place, **options), source_timeout=1.0))
    body = answer.read().decode()
    assert (answer.status, json.loads(body)["code"]) == (503, "source-unavailable")
    for secret in ("127.0.0.1", BUCKET, place, "seaweed", "wrong", "SignatureDoesNotMatch"):
        assert secret not in body


def test_a_store_that_hangs_costs_its_time_and_is_back_when_it_is(server: S3) -> None:
    """Stopped, it takes connections and answers none of them."""
    place = new_name()
    obstore.put(server.store(place), "a", JPEG)
    service = ImageService(server.store(place), recheck=0.0, source_timeout=1.0)
    assert get(service, "w=300").status == 200
    server.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert get(service, "w=300").status == 200  # as it was, of the cache
        assert get(service, "w=301").status == 503
        assert time.monotonic() - began < 15
    finally:
        server.process.send_signal(signal.SIGCONT)
    until = time.monotonic() + 20
    while (status := get(service, "w=302").status) != 200 and time.monotonic() < until:
        time.sleep(0.2)
    assert status == 200


def test_the_page_does_what_it_says(server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    wsgi, given = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    obstore.put(server.store("originals"), "2026/cat.tif", saved(photo_like(60, 40), "TIFF"))
    names: dict[str, Any] = {"application": lambda environ, start: [b""]}
    exec(compile(wsgi, "buckets.md", "exec"), names)
    service = names["application"].service
    assert get(service, id="2026/cat.tif").status == 200
    exec(compile(given, "buckets.md", "exec"), names)
    assert get(names["service"], id="2026/cat.tif").status == 200
