"""A source that does not answer: pictures from before are shown, all others are refused."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from anyio import to_thread

from asking import get, request
from drivers import asgi_scope, call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import (
    ArrayOriginal,
    BytesOriginal,
    ChainSource,
    ImageError,
    ImageResponse,
    ImageService,
)
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.service.admission import bulkhead
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import noise, opened, saved

DATA = saved(noise(60, 40), "WEBP")
OTHER = saved(noise(80, 40), "WEBP")


class Source:
    """A function that hangs, or fails, for as long as it is told to."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {"a": DATA}
        self.answers = threading.Event()
        self.answers.set()
        self.error: Exception | None = None
        self.running = 0

    def __call__(self, id: str) -> bytes | None:
        assert self.answers.wait(60)
        if self.error is not None:
            raise self.error
        return self.found.get(id)

    async def later(self, id: str) -> bytes | None:
        self.running += 1
        try:
            while not self.answers.is_set():
                await asyncio.sleep(0.005)
        finally:
            self.running -= 1
        return self(id)


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.answers.set()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch, source: Source) -> None:
    """Never by the thread of the request: only there a source may hang until it is told to end.

    The time of a call is over only while the source hangs: what answers may take as long as it
    takes on a machine that is busy with others.
    """

    class Call(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            try:
                return super().result(timeout)
            except TimeoutError:
                if not source.answers.is_set():
                    raise
            return super().result(60)

    monkeypatch.setattr(bulkhead, "Future", Call)
    monkeypatch.setattr(bulkhead, "_QUICK", 0.0)
    monkeypatch.setattr(bulkhead, "_SLOW", 0.05)
    monkeypatch.setattr(bulkhead, "_GRACE", 0.01)


def hung(source: Source, **options: Any) -> ImageService:
    """A service of which `?w=30` was asked before its source hangs."""
    service = ImageService(source, **({"recheck": 0, "source_timeout": 0.1} | options))
    get(service, "w=30")
    source.answers.clear()
    return service


def code(answer: ImageResponse) -> str:
    assert answer.status == 503
    assert answer.header("Retry-After") == "1"
    assert answer.header("Cache-Control") == "no-store"
    return str(json.loads(answer.read())["code"])


def test_what_was_shown_before_is_shown(source: Source) -> None:
    before = get(ImageService(source), "w=30")
    service = hung(source)
    answer = get(service, "w=30")
    assert (answer.status, answer.body) == (200, before.body)
    etag = answer.header("ETag")
    assert etag == before.header("ETag")
    # It may be outdated by now: a cache that keeps it asks again next time (RFC 9111, 5.2.2.4).
    assert answer.header("Cache-Control") == "public, no-cache"
    assert get(service, "w=30", if_none_match=etag).status == 304
    part = get(service, "w=30", range="bytes=0-9")
    assert (part.status, part.body) == (206, before.body[:10])
    assert service.handle(request("w=30", method="HEAD")).status == 200


def test_all_else_is_told_to_come_back(source: Source) -> None:
    service = hung(source)
    assert code(get(service, "w=31")) == "source-unavailable"
    assert code(get(service, "w=30", "b")) == "source-unavailable"
    assert code(get(service, "w=30", if_match='"other"')) in ("busy", "source-unavailable")
    assert service.handle(request("w=30", method="POST")).status == 405


def test_past_the_bound_at_once(source: Source) -> None:
    service = hung(source, source_slots=2, source_timeout=30)
    asking = [threading.Thread(target=get, args=(service, f"w={w}")) for w in (31, 32)]
    for each in asking:
        each.start()
    until(lambda: len(service._originals._bulkhead._calls) == 2)
    began = time.monotonic()
    assert code(get(service, "w=33")) == "busy"
    assert get(service, "w=30").status == 200
    assert time.monotonic() - began < 15
    source.answers.set()
    for each in asking:
        each.join(60)
    assert get(service, "w=33").status == 200


def test_beside_a_source_that_hangs_others_answer(source: Source) -> None:
    """Each prefix has its own slots, however deep it stands."""
    asked: list[str] = []

    def far(id: str) -> bytes | None:
        asked.append(id)
        return source(id)

    near = {"far": far, "near": {"b": lambda id: DATA}}
    service = ImageService({"x": near, "": lambda id: DATA}, source_slots=2, source_timeout=60)
    get(service, "w=9", "x/far/a")  # by the thread of the request, and no other from here on
    source.answers.clear()
    asking = [threading.Thread(target=get, args=(service, "w=9", f"x/far/{n}")) for n in range(2)]
    for each in asking:
        each.start()
    until(lambda: len(asked) == 3)
    assert code(get(service, "w=9", "x/far/3")) == "busy"
    for id, status in {"x/near/b/1": 200, "1": 200, "x/1": 404, "x/near/1": 404}.items():
        assert get(service, "w=9", id).status == status
    source.answers.set()
    for each in asking:
        each.join(60)


def test_threads_of_a_loop_are_enough_for_all_that_may_hang(source: Source) -> None:
    def threads(given: Any) -> int:
        return ASGIImageMiddleware(plain_asgi, given, source_slots=7)._threads.most

    alone = threads(source)
    assert threads({"a": source}) == threads(ChainSource(source, source)) == alone
    assert threads({"a": source, "b": {"c": source, "d": source}}) == alone + 2 * 7


def test_what_has_left_the_cache_is_not_shown(source: Source) -> None:
    service = hung(source, cache_bytes=0)
    assert code(get(service, "w=30")) == "source-unavailable"


def test_what_has_left_the_cache_is_waited_for(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkhead, "_SLOW", 0.0)
    service = hung(source, cache_bytes=0, source_timeout=60)
    threading.Timer(0.1, source.answers.set).start()
    assert get(service, "w=30").status == 200


def test_what_was_purged_is_not_shown(source: Source) -> None:
    service = hung(source)
    service.purge("a")
    assert code(get(service, "w=30")) in ("busy", "source-unavailable")


def until(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("found", [{}, {"a": OTHER}])
def test_what_is_known_to_be_another_is_not_shown(source: Source, found: dict[str, bytes]) -> None:
    """It is told by whatever asks for the original: here by another size of it."""
    service = ImageService(source, recheck=0, source_timeout=0.1)
    get(service, "w=30")
    source.found = found
    get(service, "w=20")
    source.answers.clear()
    assert code(get(service, "w=30")) in ("busy", "source-unavailable")


@pytest.mark.parametrize(("found", "status"), [({}, 404), ({"a": OTHER}, 200)])
def test_what_comes_late_is_heeded(source: Source, found: dict[str, bytes], status: int) -> None:
    service = hung(source, source_timeout=0.2)
    source.found = found
    assert get(service, "w=30").status == 200
    source.answers.set()
    until(lambda: not service._originals._bulkhead._calls)
    until(lambda: service._recall.last_seen(request("w=30")) is None)
    source.answers.clear()
    assert code(get(service, "w=30")) == "source-unavailable"
    source.answers.set()
    answer = get(service, "w=30")
    assert answer.status == status
    if status == 200:
        assert opened(answer.body).size == (30, 15)


def test_a_source_that_says_that_it_fails(source: Source) -> None:
    service = hung(source)
    source.answers.set()
    source.error = ImageError("source-unavailable", "the database is down")
    assert get(service, "w=30").header("Cache-Control") == "public, no-cache"
    assert code(get(service, "w=31")) == "source-unavailable"
    source.error = ImageError("not-found", "it is gone")
    assert get(service, "w=30").status == 404
    source.error = LookupError("a fault")
    with pytest.raises(LookupError):
        get(service, "w=30")


class Allowing:
    def __init__(self) -> None:
        self.error: Exception | None = None
        self.said = True

    def __call__(self, request: Any) -> bool:
        if self.error is not None:
            raise self.error
        return self.said


def test_only_to_who_may_see_it(source: Source) -> None:
    allow = Allowing()
    service = hung(source, authorize=allow)
    assert get(service, "w=30").header("Cache-Control") == "private, no-cache"
    allow.said = False
    assert get(service, "w=30").status == 403
    allow.error = ImageError("busy", "the database of users has no connection left")
    assert code(get(service, "w=30")) == "busy"


def test_serve_stale_to_who_may_see_it(source: Source) -> None:
    allow = Allowing()
    service = ImageService(source, authorize=allow, serve_stale=60, recheck=0)
    before = get(service, "w=30")
    source.found["a"] = OTHER
    answer = get(service, "w=30")
    assert (answer.header("ETag"), answer.header("Cache-Control")) == (
        before.header("ETag"),
        "private, no-cache",
    )
    allow.said = False
    assert get(service, "w=30").status == 403


def test_a_link_is_without_a_version(source: Source) -> None:
    service = hung(source)
    began = time.monotonic()
    assert [service.url("a", w=30) for _ in range(20)] == ["/image/a?w=30"] * 20
    assert time.monotonic() - began < 15
    source.answers.set()
    until(lambda: not service._originals._bulkhead._calls)
    assert "v=" in service.url("a", w=30)


def test_missing_pass(source: Source) -> None:
    """The path may be ours; the application must not answer for a picture of ours."""
    service = hung(source, missing="pass")
    assert get(service, "w=30").status == 200
    assert code(get(service, "w=30", "b")) == "source-unavailable"


def test_both_adapters(source: Source) -> None:
    service = hung(source)
    wsgi = WSGIImageMiddleware(plain_wsgi, service)
    asgi = ASGIImageMiddleware(plain_asgi, service)
    for target in ("/image/a?w=30", "/image/b"):
        first, second = call_wsgi(wsgi, target), call_asgi(asgi, target)
        assert first[0] == second[0]
        assert first == second or first[0] == 503


class Opens:
    def __init__(self, source: Source) -> None:
        self.source = source

    async def open(self, id: str) -> BytesOriginal | None:
        data = await self.source.later(id)
        return None if data is None else BytesOriginal(data)


class Loop:
    """An application on an event loop, whose source is an async function or has an async `open`."""

    def __init__(self, source: Source, opens: bool = False, **options: Any) -> None:
        given: Any = Opens(source) if opens else source.later
        self.app = ASGIImageMiddleware(plain_asgi, given, recheck=0, **options)

    async def ask(self, target: str) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(asgi_scope(target), receive, send)
        return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("opens", [False, True])
def test_an_async_source(source: Source, opens: bool) -> None:
    loop = Loop(source, opens, source_timeout=0.1)

    async def run() -> None:
        first = await loop.ask("/image/a?w=30")
        assert first[0] == 200
        source.answers.clear()
        asked = [loop.ask(f"/image/a?w={width}") for width in (30, 31, 30, 30)]
        answers = await asyncio.gather(*asked)
        assert [status for status, _ in answers] == [200, 503, 200, 200]
        assert answers[0] == first
        while source.running:  # they are cancelled on the loop
            await asyncio.sleep(0.005)
        source.answers.set()
        assert (await loop.ask("/image/a?w=31"))[0] == 200

    asyncio.run(asyncio.wait_for(run(), 60))


def test_the_loop_answers_while_every_slot_waits(source: Source) -> None:
    loop = Loop(source, source_slots=3, source_timeout=60)

    async def run() -> None:
        await loop.ask("/image/a?w=30")
        source.answers.clear()
        waiting = [asyncio.create_task(loop.ask(f"/image/a?w={w}")) for w in range(1, 9)]
        await asyncio.sleep(0.1)
        for _ in range(50):
            assert (await loop.ask("/image/a?w=30"))[0] == 200
        assert not all(task.done() for task in waiting)
        source.answers.set()
        statuses = [status for status, _ in await asyncio.gather(*waiting)]
        assert statuses.count(200) >= 3

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("around", [None, nullcontext])
@pytest.mark.parametrize("opens", [False, True])
def test_a_link_of_an_async_source(source: Source, opens: bool, around: Any) -> None:
    app = Loop(source, opens, source_timeout=0.05, around=around).app

    async def run() -> None:
        assert "v=" in await to_thread.run_sync(app.service.url, "a")
        source.answers.clear()
        assert "v=" not in await to_thread.run_sync(app.service.url, "a")

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("declared", [{}, {"shape": (40, 60), "dtype": "u1"}])
def test_the_function_of_an_array_is_a_call_of_the_source(source: Source, declared: Any) -> None:
    def make() -> Any:
        assert source.answers.wait(60)
        return np.zeros((40, 60), np.uint8)

    def array(id: str) -> ArrayOriginal:
        return ArrayOriginal(make, version=id, **declared)

    service = ImageService(array, source_timeout=0.2, render_slots=1, recheck=0)
    shown = get(service, "w=30", "shown")
    source.answers.clear()
    assert get(service, "w=30", "other").status == 503
    assert get(service, "w=30", "shown").body == shown.body
    source.answers.set()
    assert get(service, "w=30", "third").status == 200  # the slot is free


class Slow(BytesOriginal):
    """An original that opens at once, and of which nothing can be read for now."""

    def __init__(self, source: Source) -> None:
        super().__init__(DATA)
        self.source, self.closes = source, 0

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        assert self.source.answers.wait(60)
        assert not self.closes
        return super().read_into(buffer, offset)

    def __exit__(self, *error: object) -> None:
        self.closes += 1


def test_a_header_that_cannot_be_read(source: Source) -> None:
    """A call that still reads an original closes it, and nothing closes it before."""
    made: list[Slow] = []

    class Originals:
        def open(self, id: str) -> Slow:
            made.append(Slow(source))
            return made[-1]

    service = ImageService(Originals(), source_timeout=0.05, source_slots=2)
    service._originals._bulkhead._quick.clear()
    source.answers.clear()
    answers = [code(get(service, "w=30")) for _ in range(3)]
    assert answers == ["source-unavailable", "source-unavailable", "busy"]
    assert [each.closes for each in made] == [0, 0]
    source.answers.set()
    until(lambda: [each.closes for each in made] == [1, 1])
    assert get(service, "w=30").status == 200
    assert [each.closes for each in made] == [1, 1, 1]


def test_a_slow_function_that_gives_what_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    """Its header took a moment, and the function would then be called by the request's thread."""
    monkeypatch.setattr(bulkhead, "_QUICK", 0.005)

    def find(id: str) -> bytes | None:
        time.sleep(0.02)
        return DATA if id == "a" or source.answers.wait(2) else None

    service = ImageService(find, source_timeout=0.1)
    assert get(service, "w=30").status == 200
    source.answers.clear()
    assert code(get(service, "w=30", id="b")) == "source-unavailable"


def test_a_link_of_an_async_source_with_a_context(source: Source) -> None:
    app = Loop(source, around=nullcontext).app

    async def run() -> None:
        app.service._originals._bulkhead._quick.clear()
        assert "v=" in await to_thread.run_sync(app.service.url, "a")

    asyncio.run(asyncio.wait_for(run(), 60))
