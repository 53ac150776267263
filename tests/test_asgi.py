"""The parts of ASGI alone: other scopes, clients that go, async sources, a loop that never waits."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from counting import returned
from drivers import asgi_scope, call_asgi, plain_asgi, plain_wsgi
from imgmiddleware import BytesOriginal, ImageRequest, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.asgi.scope import _encoded
from imgmiddleware.cache.folder.send_links import SendLinks
from imgmiddleware.messages import Result
from imgmiddleware.service.admission import bulkhead
from imgmiddleware.service.admission.deadline import Deadline
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware
from originals import Stored
from pictures import opened, quadrants, saved

DATA = saved(quadrants(), "JPEG")


def test_what_is_not_ours_passes_with_the_same_objects() -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.append(arguments)

    wrapped = ASGIImageMiddleware(app, lambda id: DATA)
    for scope in ({"type": "lifespan"}, {"type": "websocket", "path": "/image/a"}, asgi_scope("/")):
        arguments = (scope, object(), object())
        asyncio.run(wrapped(*arguments))
        assert all(one is other for one, other in zip(seen[-1], arguments, strict=True))
    assert len(seen) == 3


def test_missing_pass_hands_on_a_receive_that_was_never_used() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(await receive())

    async def receive() -> Any:
        return {"type": "http.request", "body": b"all of it"}

    wrapped = ASGIImageMiddleware(app, lambda id: None, missing="pass")
    asyncio.run(wrapped(asgi_scope("/image/up"), receive, None))
    assert seen == [{"type": "http.request", "body": b"all of it"}]


def test_an_async_function_runs_on_the_loop() -> None:
    threads: list[Any] = []

    async def find(id: str) -> bytes | None:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())
        return DATA if id == "a" else None

    class Finder:
        async def __call__(self, id: str) -> bytes | None:
            return await find(id)

    for source in (find, Finder()):
        app = ASGIImageMiddleware(plain_asgi, source)
        assert opened(call_asgi(app, "/image/a?w=20")[2]).size == (20, 15)
        assert call_asgi(app, "/image/b")[0] == 404
    assert set(threads) == {threading.main_thread()}


def test_a_route_asks_the_service_of_an_async_function_in_a_thread() -> None:
    """Some at once, and slowly: then the calls are made in threads that no loop has started."""
    threads: list[Any] = []

    async def find(id: str) -> bytes:
        threads.append(threading.current_thread())
        await asyncio.sleep(0.05)
        return DATA

    service = ASGIImageMiddleware(plain_asgi, find).service

    def route(number: int) -> tuple[int, bool]:
        answer = service.handle(ImageRequest("GET", f"/image/{number}", "w=20"))
        return answer.status, "v=" in service.url(str(number))

    async def ask_all() -> list[tuple[int, bool]]:
        routes = [to_thread.run_sync(route, number) for number in range(4)]
        return await asyncio.gather(*routes)

    assert asyncio.run(ask_all()) == [(200, True)] * 4
    assert set(threads) == {threading.main_thread()}


def test_an_async_open_runs_on_the_loop_and_what_it_opens_is_read_in_threads() -> None:
    threads: list[Any] = []

    class Read(BytesOriginal):
        def read_into(self, buffer: memoryview, offset: int = 0) -> int:
            threads.append(threading.current_thread())
            return super().read_into(buffer, offset)

    class Rows:
        async def open(self, id: str) -> BytesOriginal | None:
            assert threading.current_thread() is threading.main_thread()
            await asyncio.sleep(0)
            return Read(DATA) if id == "a" else None

        def __call__(self, id: str) -> None:
            raise AssertionError("what has `open` is a source by that")

    app = ASGIImageMiddleware(plain_asgi, Rows())
    assert opened(call_asgi(app, "/image/a?w=20")[2]).size == (20, 15)
    assert call_asgi(app, "/image/b")[0] == 404
    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("build", [ImageService, partial(WSGIImageMiddleware, plain_wsgi)])
def test_an_async_open_is_refused_where_there_is_no_loop(build: Any) -> None:
    class Rows:
        async def open(self, id: str) -> None: ...

    class Wrapped:
        def __init__(self) -> None:
            self.open = Rows().open

    for source in (Rows(), Wrapped()):
        with pytest.raises(TypeError, match="source: an async `open` needs ASGIImageMiddleware"):
            build(source)


def test_an_async_authorize_runs_on_the_loop_and_a_plain_one_never() -> None:
    threads: list[Any] = []

    async def later(request: Any) -> bool:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())
        return bool(request.id == "a")

    class Asked:
        async def __call__(self, request: Any) -> bool:
            return await later(request)

    def plain(request: Any) -> bool:
        threads.append(threading.current_thread())
        return bool(request.id == "a")

    for authorize in (later, Asked(), partial(later)):
        app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, authorize=authorize)
        for _ in range(2):  # of a hit in memory it is asked again
            assert call_asgi(app, "/image/a?w=20")[0] == 200
        assert call_asgi(app, "/image/b?w=20")[0] == 403
    assert set(threads) == {threading.main_thread()}
    threads.clear()
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, authorize=plain)
    assert [call_asgi(app, f"/image/{id}?w=20")[0] for id in "aab"] == [200, 200, 403]
    assert threading.main_thread() not in threads
    assert len(threads) == 3


def test_an_authorize_that_does_not_answer_is_a_503_and_no_picture() -> None:
    """Not a picture that was shown before either, though the source cannot be asked."""
    answers = [True]
    ended: list[bool] = []

    async def hanging(request: Any) -> bool:
        try:
            return answers.pop() if answers else bool(await asyncio.Event().wait())
        finally:
            ended.append(True)

    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, authorize=hanging, source_timeout=0.1)
    assert call_asgi(app, "/image/a?w=20")[0] == 200
    status, _, body = call_asgi(app, "/image/a?w=20")
    assert (status, json.loads(body)["code"]) == (503, "source-unavailable")
    assert "authorize has not answered within 0.1 seconds" in json.loads(body)["detail"]
    assert len(ended) == 2


def test_what_yields_is_no_authorize() -> None:
    """A dependency of FastAPI's would be a yes to every client: the value of its call is true."""

    async def later(request: Any) -> Any:
        yield False

    def now(request: Any) -> Any:
        yield False

    for yields in (later, now):

        def hidden(request: Any, made: Any = yields) -> Any:
            return made(request)

        with pytest.raises(ValueError, match=r"^authorize: "):
            ASGIImageMiddleware(plain_asgi, lambda id: DATA, authorize=yields)
        app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, authorize=hidden)
        with pytest.raises(TypeError, match=r"^authorize: .* must not yield"):
            call_asgi(app, "/image/a")


@pytest.mark.parametrize("path", ["/image/new", "/other"])
@pytest.mark.parametrize("ask", ["url", "handle"])
@pytest.mark.parametrize("is_async", ["source", "authorize"])
def test_who_asks_on_the_loop_is_told_and_not_waited_for(
    path: str, ask: str, is_async: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop would wait for itself: no request would be answered any more, without a word."""
    monkeypatch.setattr(bulkhead, "_QUICK", 60.0)
    asked: list[Any] = []

    async def find(id: str) -> bytes | None:
        return None if id == "new" else DATA

    async def allow(request: ImageRequest) -> bool:
        return True

    async def view(*arguments: Any) -> None:
        service = app.service
        try:
            if ask == "url":
                asked.append(service.url("a", w=20))
            else:
                asked.append(service.handle(ImageRequest("GET", "/image/a", "w=20")))
        except RuntimeError as error:
            asked.append(str(error))
        await plain_asgi(*arguments)

    plain = {"source": lambda id: None if id == "new" else DATA, "authorize": None}
    options = {**plain, is_async: find if is_async == "source" else allow}
    app = ASGIImageMiddleware(view, **options, missing="pass")
    asking = threading.Thread(target=call_asgi, args=(app, path), daemon=True)
    asking.start()
    asking.join(30)
    assert not asking.is_alive()
    if ask == "url" and is_async == "authorize":  # nobody need be allowed to have a link
        assert asked[0].startswith("/image/a?w=20&v=")
    else:
        assert re.match(
            rf"(the )?{is_async} is async: .* make the view a plain", asked[0], re.IGNORECASE
        )


def test_authorize_gets_the_scope_that_the_application_would() -> None:
    seen: list[Any] = []
    app = ASGIImageMiddleware(plain_asgi, lambda id: None, authorize=seen.append)
    scope = asgi_scope("/image/a") | {"session": {"user": "ann"}}

    async def send(message: Any) -> None: ...

    asyncio.run(app(scope, never, send))
    assert seen[0].context is scope


@pytest.mark.parametrize("is_async", [False, True])
def test_what_authorize_raises_propagates_as_itself(is_async: bool) -> None:
    def broken(request: Any) -> bool:
        raise ZeroDivisionError

    async def broken_later(request: Any) -> bool:
        raise ZeroDivisionError

    app = ASGIImageMiddleware(
        plain_asgi, lambda id: DATA, authorize=broken_later if is_async else broken
    )
    with pytest.raises(ZeroDivisionError):
        call_asgi(app, "/image/a")


def test_what_a_source_raises_propagates_as_itself() -> None:
    def broken(id: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call_asgi(ASGIImageMiddleware(plain_asgi, broken), "/image/a")


def test_a_client_that_goes_while_queued_is_not_rendered_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered: list[Any] = []
    started, finish = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Result:
        rendered.append(arguments[1].size)
        started.set()
        assert finish.wait(30)
        return Result(b"body", "image/jpeg")

    monkeypatch.setattr(stills, "render", slow)
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, render_slots=1)

    async def ask(target: str, gone: asyncio.Event) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(asgi_scope(target), receive, send)
        return sent

    async def run() -> tuple[list[Any], list[Any]]:
        stays, goes = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(ask("/image/a?w=10", stays))
        await asyncio.to_thread(started.wait, 30)
        second = asyncio.create_task(ask("/image/a?w=20", goes))
        await asyncio.sleep(0.2)
        goes.set()
        gone = await asyncio.wait_for(second, 30)
        finish.set()
        return await asyncio.wait_for(first, 30), gone

    answered, gone = asyncio.run(run())
    assert answered[1]["body"] == b"body"
    assert gone == []
    assert rendered == [(10, 8)]


def test_cheap_answers_do_not_wait_behind_dear_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = threading.Event()
    monkeypatch.setattr(
        stills, "render", lambda *arguments: finish.wait(30) and Result(b"body", "image/jpeg")
    )
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, render_slots=1, max_waiting=100)

    async def ask(**headers: str) -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await app(asgi_scope("/image/a", headers=headers), receive, send)
        return int(sent[0]["status"])

    async def run() -> tuple[int, list[int]]:
        dear = [asyncio.create_task(ask()) for _ in range(101)]
        await asyncio.sleep(0.5)
        cheap = await asyncio.wait_for(ask(**{"If-None-Match": "*"}), 20)
        finish.set()
        return cheap, await asyncio.gather(*dear)

    assert asyncio.run(run()) == (304, [200] * 101)


def test_a_client_that_goes_during_its_render_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        stills, "render", lambda *arguments: time.sleep(0.2) or Result(b"body", "image/jpeg")
    )
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(asgi_scope("/image/a"), receive, send))
    assert sent == []


def test_the_loop_goes_on_while_pixels_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        stills, "render", lambda *arguments: time.sleep(0.5) or Result(b"body", "image/jpeg")
    )
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA)
    ticks = 0

    async def run() -> None:
        nonlocal ticks

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None: ...

        task = asyncio.create_task(app(asgi_scope("/image/a"), receive, send))
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await task

    asyncio.run(run())
    assert ticks > 5


def test_a_service_is_shared_and_has_its_own_options() -> None:
    shared = ImageService(lambda id: DATA)
    assert ASGIImageMiddleware(plain_asgi, shared).service is shared
    with pytest.raises(TypeError, match="prefix"):
        ASGIImageMiddleware(plain_asgi, shared, prefix="/x")


def test_headers_that_came_twice_are_joined() -> None:
    seen: list[Any] = []

    def look(request: Any) -> bool:
        seen.append((request.headers, request.host, request.mount, request.scheme))
        return True

    scope = asgi_scope("/image/a", mount="/site")
    scope["headers"] += [(b"x", b"1"), (b"x", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None: ...

    app = ASGIImageMiddleware(plain_asgi, lambda id: None, authorize=look)
    asyncio.run(app(scope, receive, send))
    fields = {"host": "testserver", "x": "1, 2", "cookie": "a=1; b=2"}
    assert seen == [(fields, "testserver", "/site", "http")]


def test_a_mount_ends_at_a_slash() -> None:
    """A path that only looks as if it were under the mount is not cut."""
    scope = asgi_scope("/image/a")
    scope["root_path"] = "/im"
    seen: list[str] = []
    app = ASGIImageMiddleware(plain_asgi, seen.append)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None: ...

    asyncio.run(app(scope, receive, send))
    assert seen == ["a"]


async def cancelled(app: Any, during: Callable[[], bool]) -> None:
    """As a server does that gives a request so much time, or ends."""

    async def send(message: Any) -> None:
        raise AssertionError

    asking = asyncio.create_task(app(asgi_scope("/image/a"), never, send))
    await until(during)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_who_is_cancelled_before_the_answer_leaves_no_original_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, go = Stored(DATA), threading.Event()
    app = ASGIImageMiddleware(plain_asgi, source)
    real = app.service.answer
    monkeypatch.setattr(
        app.service, "answer", lambda *all, **more: (real(*all, **more), go.wait(30))[0]
    )

    async def run() -> None:
        await cancelled(app, lambda: source.opens == 1)
        go.set()
        await until(lambda: source.closes == 1)

    asyncio.run(run())


@pytest.mark.parametrize("missing", ["404", "pass"])
def test_who_is_cancelled_while_queued_leaves_the_queue(missing: str) -> None:
    source = Stored(DATA)
    app = ASGIImageMiddleware(plain_asgi, source, render_slots=1, missing=missing)
    admission = app.service._pictures._admission

    async def run() -> None:
        with admission.admitted(0, Deadline(30, lambda: False)):
            await cancelled(app, lambda: bool(admission._queue))
            await until(lambda: not admission._queue)
        await until(lambda: source.closes == 1)

    asyncio.run(run())


def test_who_is_cancelled_takes_nothing_from_who_waits_for_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, go, begun = Stored(DATA), threading.Event(), threading.Event()
    real = stills.decode_original

    def slow(original: Any, *others: Any) -> Any:
        begun.set()
        assert go.wait(30)
        open_now.append(source.closes == 0)
        return real(original, *others)

    open_now: list[bool] = []
    monkeypatch.setattr(stills, "decode_original", slow)
    app = ASGIImageMiddleware(plain_asgi, source)

    async def run() -> None:
        await cancelled(app, begun.is_set)
        go.set()
        await until(lambda: source.closes == 1)

    asyncio.run(run())
    assert open_now == [True]


async def never() -> Any:
    await asyncio.Event().wait()


def with_paths(target: str) -> Any:
    return asgi_scope(target) | {"extensions": {"http.response.pathsend": {}}}


def test_a_file_gets_its_name_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[threading.Thread] = []
    real = SendLinks.path
    monkeypatch.setattr(
        SendLinks, "path", lambda *all: (named.append(threading.current_thread()), real(*all))[1]
    )
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    made = call_asgi(app, "/image/a")[2]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(with_paths("/image/a"), never, send))
    assert [message["type"] for message in sent] == [
        "http.response.start",
        "http.response.pathsend",
    ]
    assert Path(sent[1]["path"]).read_bytes() == made
    assert len(named) == 1
    assert named[0] is not threading.main_thread()  # it makes a link, and removes thousands


def sent_by_path(app: Any, target: str = "/image/a", **more: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({**with_paths(target), **more}, never, send))
    return sent


def content_of(messages: list[Any]) -> bytes:
    return b"".join(
        Path(one["path"]).read_bytes() if "path" in one else one.get("body", b"")
        for one in messages
    )


def test_a_path_that_was_sent_a_moment_ago_is_sent_again_without_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    made = call_asgi(app, "/image/a")[2]
    first = sent_by_path(app)
    answers = returned(monkeypatch, app.service, "answer")
    assert sent_by_path(app) == first
    assert content_of(first) == made
    assert not answers

    # An answer that needs the bytes, or another server, takes a thread as before.
    part = sent_by_path(app, headers=[(b"range", b"bytes=2-5")])
    assert (part[0]["status"], content_of(part)) == (206, made[2:6])
    assert call_asgi(app, "/image/a")[2] == made
    assert len(answers) == 2
    head = sent_by_path(app, method="HEAD")
    assert head[0] == first[0]
    assert content_of(head) == b""


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_path_that_was_sent_is_forgotten_by_a_purge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    app, other = (
        ASGIImageMiddleware(plain_asgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
        for _ in range(2)
    )
    call_asgi(app, "/image/a")
    sent_by_path(app)
    (other if elsewhere else app).service.purge("a")
    app.service._recall.forget()  # `recheck` seconds have passed
    call_asgi(app, "/image/a")  # which makes it anew
    answers = returned(monkeypatch, app.service, "answer")
    sent_by_path(app)
    assert len(answers) == 1


@pytest.mark.parametrize("paths", [True, False])
def test_a_client_that_goes_before_its_answer_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: bool
) -> None:
    monkeypatch.setattr("imgmiddleware.service.making.results._SMALL", 0)
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, cache_dir=tmp_path, cache_bytes=0)
    call_asgi(app, "/image/a")
    answers = returned(monkeypatch, app.service, "answer")

    async def send(message: Any) -> None:
        raise OSError("the client has gone")

    with pytest.raises(OSError, match="has gone"):
        asyncio.run(app(with_paths("/image/a") if paths else asgi_scope("/image/a"), never, send))
    assert answers[0].body.file.closed


def test_what_is_sent_again_is_not_encoded_again_though_its_timing_differs() -> None:
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, server_timing=True)
    call_asgi(app, "/image/a")
    call_asgi(app, "/image/a")
    before = _encoded.cache_info()
    for _ in range(5):
        assert "cache;dur=" in dict(call_asgi(app, "/image/a")[1])["server-timing"]
    after = _encoded.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (5, 0)


def test_several_loops_share_one_application() -> None:
    """More requests on each than it has threads: a waiting task is woken on its own loop."""
    app = ASGIImageMiddleware(plain_asgi, lambda id: DATA, render_slots=1, source_slots=1)
    app._threads.most = 2
    statuses: list[int] = []

    async def ask(width: int) -> None:
        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(asgi_scope(f"/image/a?w={width}"), receive, send)

    async def many(first: int) -> None:
        await asyncio.gather(*(ask(first + width) for width in range(30)))

    def loop(first: int) -> None:
        asyncio.run(many(first))

    loops = [threading.Thread(target=loop, args=(n * 30 + 1,), daemon=True) for n in range(3)]
    for thread in loops:
        thread.start()
    for thread in loops:
        thread.join(60)
    assert statuses == [200] * 90
