"""`imgmiddleware warm`: make pictures before any client asks for them."""

import argparse
import itertools
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event, Lock
from urllib.parse import quote

import anyio
from anyio import to_thread

from imgmiddleware import (
    ImageError,
    ImageRequest,
    ImageResponse,
    ImageService,
)
from imgmiddleware.cli.arguments import UsageError
from imgmiddleware.cli.pages.listing import every_id
from imgmiddleware.cli.targets import service_of
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.service.warming import accept_fields, down, for_operator

_WIDTH = 30


def warm(arguments: argparse.Namespace) -> int:
    service = for_operator(service_of(arguments))
    ids = _ids(service, arguments)
    queries = _queries(service, arguments)
    accepts = arguments.accepts or accept_fields(service.settings)
    # Errors are printed when the bar is done. If they were logged too, they would be there twice.
    logging.getLogger("imgmiddleware").addHandler(logging.NullHandler())
    warming = _Warming(partial(_problem, service, accepts), ids, queries)
    refused = anyio.run(warming.run, service.settings.slots)
    lost = [f"{place} cannot be used: pictures are not kept there" for place in down(service)]
    for line in (*refused, *lost):
        print(f"imgmiddleware: {line}", file=sys.stderr)
    return 1 if refused or lost else 0


def _ids(service: ImageService, arguments: argparse.Namespace) -> list[str]:
    """The given IDs, or all of directories. Raises `UsageError`."""
    if "ids" in arguments:
        return _read_ids(arguments.ids)
    ids = every_id(service.source, service.settings)
    if ids is not None:
        return ids
    raise UsageError(
        f"{arguments.source} lists no IDs: give them with --ids FILE, one a line; "
        "- is standard input"
    )


def _queries(service: ImageService, arguments: argparse.Namespace) -> list[str]:
    """The given queries, or the empty one. Raises `UsageError`."""
    grammar = QueryGrammar(service.settings)
    queries = [query.removeprefix("?") for query in arguments.queries or [""]]
    for query in queries:
        try:
            grammar.parse(query)
        except ImageError as error:
            raise UsageError(f"--query: {error.detail}") from error
    return queries


def _read_ids(file: str) -> list[str]:
    """The lines of a file, each once: an ID is any text without a line end."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as opened:
                data = opened.read()
        lines = data.decode("utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(f"--ids: {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"--ids: {file}: line {line} is not UTF-8") from error
    return [id for id in dict.fromkeys(line.removesuffix("\r") for line in lines) if id]


def _problem(service: ImageService, accepts: Sequence[str], id: str, query: str) -> str | None:
    """Make the pictures for each kind of client; the problem, if there is one."""
    for accept in accepts:
        # Not as an <img>, for which the message of an error might be drawn.
        headers = {"accept": accept, "sec-fetch-dest": "empty"}
        answer = service.handle(ImageRequest("GET", f"{service.prefix}{id}", query, headers))
        if answer is None:  # it would go on to the application
            return "not-found: there is no original of this ID"
        answer.close()
        if answer.status != 200:
            return _said(answer)
        if "Accept" not in (answer.header("Vary") or "").split(", "):
            break  # all clients get the same, and the source may be slow
    return None


def _said(answer: ImageResponse) -> str:
    if answer.header("Content-Type") != "application/problem+json":
        return f"status {answer.status}"
    problem = json.loads(answer.read())
    return f"{problem['code']}: {problem['detail']}"


class _Warming:
    """Asks for each query of each ID, in several threads, and shows its progress."""

    def __init__(
        self, problem: Callable[[str, str], str | None], ids: list[str], queries: list[str]
    ) -> None:
        self._problem = problem
        self._left = itertools.product(ids, queries)
        self._all = len(ids) * len(queries)
        self._done = 0
        self._refused: list[str] = []
        self._lock = Lock()
        self._stopped = Event()

    async def run(self, threads: int) -> list[str]:
        """A line for each refusal, sorted. An event loop is there for async sources."""
        limiter = anyio.CapacityLimiter(threads)
        work = partial(to_thread.run_sync, self._work, abandon_on_cancel=True, limiter=limiter)
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(threads):
                    tasks.start_soon(work)
        finally:
            self._stopped.set()  # on Ctrl-C each thread ends after its present picture
        return sorted(self._refused)

    def _work(self) -> None:
        for id, query in self._taken():
            try:
                problem = self._problem(id, query)
            except Exception as error:  # noqa: BLE001 - of the application's source; others go on
                problem = f"{type(error).__name__}: {error}"
            with self._lock:
                if problem is not None:
                    self._refused.append(f"{quote(id)}{query and '?'}{query}: {problem}")
                self._done += 1
                _show(self._done, self._all)

    def _taken(self) -> Iterator[tuple[str, str]]:
        while not self._stopped.is_set():
            with self._lock:
                taken = next(self._left, None)
            if taken is None:
                return
            yield taken


def _show(done: int, all: int) -> None:
    """Show the bar: all the time on a terminal, otherwise only at the end."""
    if sys.stderr.isatty() or done == all:
        filled = _WIDTH * done // all
        bar = "#" * filled + "." * (_WIDTH - filled)
        end = "\n" if done == all else ""
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}[{bar}] {done:,}/{all:,}", end=end, file=sys.stderr, flush=True)
