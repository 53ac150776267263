"""The ASGI adapter around an application. The event loop never waits for a disk."""

import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Unpack

import anyio
from anyio import from_thread
from anyio.lowlevel import EventLoopToken, current_token
from starlette.types import ASGIApp, Receive, Scope, Send

from imgmiddleware.asgi.scope import path_of, read, send_response
from imgmiddleware.asgi.threads import LoopThreads
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse
from imgmiddleware.service import ImageService, Work, application, as_service
from imgmiddleware.service.admission.deadline import ClientGoneError, overdue
from imgmiddleware.settings import Options, Settings
from imgmiddleware.sources import AsyncSource, AsyncSourceLike
from imgmiddleware.sources.function import is_async
from imgmiddleware.sources.several import branches, made


@dataclass(frozen=True, slots=True)
class _Loop:
    """An event loop, and the thread that it runs in."""

    token: EventLoopToken
    thread: int


def _this_loop() -> _Loop:
    return _Loop(current_token(), threading.get_ident())


#: The loop of the request, for threads which it did not start itself.
_loop: ContextVar[_Loop | None] = ContextVar("loop", default=None)

_SOURCE = "the source"

#: Threads for answers that need no pixels. They are free even while all slots and queues are full.
_SPARE_THREADS = 16


@dataclass(frozen=True, slots=True)
class Route:
    """The route of all pictures, with the attributes of a route of Starlette's or FastAPI's."""

    path: str
    name: str = "imgmiddleware"

    @property
    def path_format(self) -> str:
        """The path once more, under the name that OpenTelemetry reads."""
        return self.path


class ASGIImageMiddleware:
    """An ASGI application that answers `/image/<ID>`, and leaves all other requests to `app`.

    It also leaves lifespan and websocket to it.

    >>> from starlette.applications import Starlette
    >>> app = ASGIImageMiddleware(Starlette(), "photos/", default="w=800")

    `source` is the source of the originals: a directory, a function `id -> path | bytes | numpy
    array | None`, a `Source`, a mapping of prefixes to these, or an `ImageService` to share, which
    has its options already. `options` are described at `Settings`. Functions, the `open` of a
    `Source` and `authorize` may be async. Raises `ValueError` or `TypeError` that names the wrong
    option.
    """

    def __init__(
        self,
        app: ASGIApp,
        source: AsyncSourceLike | ImageService,
        **options: Unpack[Options],
    ) -> None:
        self.app = application(app, "ASGI", "scope, receive, send", "WSGIImageMiddleware")
        """The wrapped application."""
        seconds = options.get("source_timeout", Settings.source_timeout)
        if authorize := options.get("authorize"):
            options["authorize"] = _in_threads(authorize, seconds, "authorize")
        in_threads = made(source, partial(_source_in_threads, seconds=seconds))
        self.service = as_service(in_threads, options)
        """The service, for its `url` and `purge`."""
        self._prefix = self.service.prefix
        self._route = Route(f"{self._prefix}{{id}}")
        # Watching for a disconnect takes messages from `receive`. An application to which the
        # request goes on would miss them.
        self._watches = self.service.settings.missing != "pass"
        # A thread that waits for a slot costs little, and the service bounds how many wait.
        settings = self.service.settings
        opening = settings.source_slots * len(branches(self.service.source))
        self._threads = LoopThreads(
            settings.slots + settings.max_waiting + opening + _SPARE_THREADS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Most requests are not for pictures, so the cheapest test comes first. It is `in`, as the
        # path may begin with that of a mount.
        if (
            scope["type"] != "http"
            or self._prefix not in scope["path"]
            or not path_of(scope).startswith(self._prefix)
        ):
            await self.app(scope, receive, send)
            return
        request = read(scope)
        # An answer that takes no file is made here: a thread would cost two thirds of the
        # throughput.
        response: ImageResponse | None = self.service.ready(request)
        if response is None:
            answer = await self._answered(request)
            if answer is None:
                await self.app(scope, receive, send)
                return
            try:
                response = await self._done(answer, receive)
            except ClientGoneError:
                return
        # For code around this that measures or traces requests by their routes.
        scope["route"] = self._route
        await send_response(response, scope, send, self._threads)

    async def _answered(self, request: ImageRequest) -> ImageResponse | Work | None:
        """The value of `_answer`, from a thread. If this is cancelled, the answer is closed."""
        handing = threading.Lock()
        given: list[ImageResponse | Work] = []
        gone = False

        def call() -> ImageResponse | Work | None:
            answer = self._answer(request)
            with handing:
                if answer is not None:
                    given.append(answer)
                    if gone:
                        answer.close()
            return answer

        _loop.set(_this_loop())
        try:
            return await self._threads.run(call)
        except BaseException:
            with handing:
                gone = True
                for answer in given:
                    answer.close()
            raise

    def _answer(self, request: ImageRequest) -> ImageResponse | Work | None:
        """The service's answer, with all work on the disk done: a file has the name to send."""
        answer = self.service.answer(request)
        if isinstance(answer, ImageResponse) and isinstance(answer.body, FileBody):
            if request.sends_files and answer.body.whole:
                return replace(answer, body=answer.body.named())
        return answer

    async def _done(self, answer: ImageResponse | Work, receive: Receive) -> ImageResponse:
        if isinstance(answer, ImageResponse):
            return answer
        gone = threading.Event()
        try:
            if self._watches:
                return await self._watching(answer, receive, gone)
            return await self._threads.run(answer.run, gone.is_set)
        finally:
            gone.set()  # tells the thread, which goes on if this is cancelled
            answer.close()

    async def _watching(self, work: Work, receive: Receive, gone: threading.Event) -> ImageResponse:
        """Run the work in a thread, and tell it as soon as the client has gone."""
        outcome: ImageResponse | Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch, receive, gone, tasks.cancel_scope)
            try:
                outcome = await self._threads.run(work.run, gone.is_set)
            except Exception as error:  # noqa: BLE001 - raised below, not inside of a group
                outcome = error
            tasks.cancel_scope.cancel()
        if gone.is_set():
            raise ClientGoneError
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None
        return outcome


async def _watch(receive: Receive, gone: threading.Event, waiting: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
    waiting.cancel()


def _source_in_threads(given: Any, seconds: float) -> Any:
    """A source for threads. An object with `open` is a source, even if it can be called."""
    opens = getattr(given, "open", None)
    if not callable(opens):
        return _in_threads(given, seconds, _SOURCE)
    return _OpenedOnLoop(given, seconds) if is_async(opens) else given


def _in_threads(given: Any, seconds: float, who: str) -> Any:
    """The same for threads."""
    return _OnLoop(given, seconds, who) if is_async(given) else given


class _OnLoop:
    """An async function for threads: it runs on the loop of the request, for so many seconds.

    A thread waits for it. Without a limit, a client that has hung up would hold the thread for
    ever.
    """

    def __init__(
        self, function: Callable[[Any], Coroutine[Any, Any, Any]], seconds: float, who: str
    ) -> None:
        self._function = function
        self._seconds = seconds
        self._who = who

    def note_loop(self) -> None:
        """Note the loop that has started this thread, if it is not known, as in a route of the
        application.

        Raises `RuntimeError` in other threads, and on the loop, which would wait for itself for
        ever.
        """
        self._known_loop()

    def __call__(self, given: Any) -> Any:
        return from_thread.run(self._awaited, given, token=self._known_loop().token)

    def _known_loop(self) -> _Loop:
        loop = _loop.get()
        try:
            if loop is None:
                loop = from_thread.run_sync(_this_loop)
                _loop.set(loop)
        except RuntimeError as error:
            raise self._misplaced() from error
        if loop.thread == threading.get_ident():
            raise self._misplaced()
        return loop

    def _misplaced(self) -> RuntimeError:
        return RuntimeError(
            f"{self._who} is async: an event loop runs it while a thread waits, so it cannot be "
            "asked from that loop itself. Make the view a plain function, or "
            "`await run_in_threadpool(...)`"
        )

    async def _awaited(self, given: Any) -> Any:
        with anyio.move_on_after(self._seconds):
            return await self._function(given)
        raise overdue(self._seconds, self._who)


class _OpenedOnLoop:
    """A source whose `open` is async, for threads, in the same way."""

    def __init__(self, source: AsyncSource, seconds: float) -> None:
        self.open = _OnLoop(source.open, seconds, _SOURCE)
        self.note_loop = self.open.note_loop
