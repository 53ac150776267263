"""A fork while other threads work: the child has none of them, and answers as if new."""

from __future__ import annotations

import _thread
import ast
import asyncio
import contextlib
import ctypes
import faulthandler
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

import imgmiddleware
from asking import get
from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.cache import forks
from imgmiddleware.cache.folder.index import Index
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.service.admission.deadline import WaitLimit
from imgmiddleware.service.admission.threads import Threads
from imgmiddleware.service.making import stills

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork: NO FORK IS TESTED HERE"),
]

#: Seconds in which a child has to have answered.
_SOON = 20
PICTURES = {str(i): np.full((300, 400, 3), i, np.uint8) for i in range(20)}

Fork = Callable[[], int]


def without_hooks() -> int:
    """A fork of which Python is not told, as uWSGI forks."""
    return int(ctypes.PyDLL(None).fork())


def in_child(work: Callable[[], None], fork: Fork | None = None) -> None:
    """The assertions of `work` hold in a child process, soon."""
    pid = (fork or os.fork)()
    if pid:
        assert os.waitpid(pid, 0)[1] == 0
        return
    status = 1
    try:
        faulthandler.dump_traceback_later(_SOON - 2, file=sys.__stderr__)
        signal.alarm(_SOON)
        work()
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)


class Blocked:
    """Decodes that do not end, in the threads of this process; a child's do."""

    def __init__(self) -> None:
        self._real, self._pid = stills.decode_original, os.getpid()
        self.begun, self.end = threading.Semaphore(0), threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        if os.getpid() == self._pid:
            self.begun.release()
            assert self.end.wait(60)
        return self._real(*arguments)


@contextlib.contextmanager
def threads(*work: Callable[[], object]) -> Iterator[None]:
    running = [threading.Thread(target=each) for each in work]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        for thread in running:
            thread.join(60)


def answers(service: ImageService, *ids: str) -> None:
    for id in ids:
        assert get(service, "w=100&fm=png", id).status == 200


@pytest.mark.parametrize("fork", [os.fork, without_hooks])
@pytest.mark.parametrize("slots", [1, 3])
def test_a_child_makes_what_its_parent_was_making(
    fork: Fork, slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All slots are taken, all bytes reserved, and all places in the queue."""
    blocked, rest = Blocked(), 0
    monkeypatch.setattr(stills, "decode_original", blocked)
    service = ImageService(PICTURES.get, render_slots=slots, max_waiting=2, max_wait=60)
    budget = service._pictures._admission._budget
    work = [lambda id=str(i): answers(service, id) for i in range(slots)]
    waiting = [lambda id=i: answers(service, id) for i in ("0", "9")]
    with threads(*work, *waiting):
        try:
            for _ in range(slots):
                assert blocked.begun.acquire(timeout=30)
            rest = budget.free
            assert budget.reserve(rest)
            until = time.monotonic() + 30
            while service._pictures._limit._taken.total() < 2:
                assert time.monotonic() < until
                time.sleep(0.01)
            in_child(lambda: answers(service, "0", "9", "10", "11"), fork)
        finally:
            budget.release(rest)
            blocked.end.set()


@pytest.mark.parametrize("cached", [False, True])
def test_a_fork_at_any_point(cached: bool, tmp_path: Path) -> None:
    options: dict[str, Any] = {"cache_dir": tmp_path} if cached else {"recheck": 0}
    service = ImageService(
        PICTURES.get, render_slots=1, max_memory=2**26, max_source_memory=2**26, **options
    )
    stop, number = threading.Event(), iter(range(10**9))

    def work() -> None:
        while not stop.is_set():
            get(service, f"w={next(number) % 300 + 1}&fm=png", str(next(number) % 20))

    def checked() -> None:
        for id in ("1", "2", str(next(number) % 20)):
            assert get(service, f"w={next(number) % 300 + 1}&fm=png", id).status == 200
        budget = service._pictures._admission._budget
        held = service.holding()
        assert budget._free + held["memory"].bytes + held["decoded"].bytes == budget.total

    with threads(work, work, work):
        try:
            for i in range(25):
                time.sleep(i % 5 * 0.002)
                in_child(checked)
        finally:
            stop.set()


def of(service: Callable[[], object]) -> tuple[Any, list[Any]]:
    """The objects that it makes, and all that begins anew in them."""
    before = set(forks._made)
    return service(), [made for made in list(forks._made) if made not in before]


class AnotherLock:
    """A stand-in for locks: it can do all that they can, and is none of them."""

    def __init__(self) -> None:
        lock = _thread.allocate_lock()
        self.acquire, self.release, self.locked = lock.acquire, lock.release, lock.locked

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *told: object) -> None:
        self.release()


def test_all_begins_anew_where_threads_become_greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under gunicorn's gevent worker with `--preload`, which patches them after it was forked."""
    limit, threads = WaitLimit(3), Threads()
    real = limit._lock
    forks.notice()
    assert limit._lock is real
    monkeypatch.setattr(threading, "Lock", AnotherLock)
    monkeypatch.setattr(queue, "SimpleQueue", queue.Queue)
    forks.notice()
    assert isinstance(limit._lock, AnotherLock)
    assert isinstance(threads._work, queue.Queue)
    monkeypatch.undo()
    forks.notice()
    assert isinstance(limit._lock, type(real))


def test_what_has_a_lock_begins_anew() -> None:
    """But a flight, which goes with the table of those that are under way."""
    primitives = {"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier"}
    found = {}
    for path in Path(imgmiddleware.__file__).parent.rglob("*.py"):
        for owner in ast.walk(ast.parse(path.read_text())):
            if isinstance(owner, ast.ClassDef):
                kept = {
                    part.value.func.attr
                    for part in ast.walk(owner)
                    if isinstance(part, ast.Assign | ast.AnnAssign)
                    and isinstance(getattr(part, "target", None) or part.targets[0], ast.Attribute)
                    and isinstance(part.value, ast.Call)
                    and isinstance(part.value.func, ast.Attribute)
                }
                if kept & primitives:
                    found[owner.name] = {getattr(base, "id", "") for base in owner.bases}
    assert len(found) >= 10
    assert [name for name, bases in found.items() if "Forkable" not in bases] == ["_Flight"]


def test_no_property_has_a_lock_of_the_parent() -> None:
    """`cached_property` has one before Python 3.12, for all objects of the class."""
    imports = "from functools import .*cached_property|functools.cached_property"
    package = list(Path(imgmiddleware.__file__).parent.rglob("*.py"))
    assert len(package) > 100
    assert [path.name for path in package if re.search(imports, path.read_text())] == []


@pytest.mark.parametrize("cached", [False, True])
def test_a_fork_while_any_lock_is_held(cached: bool, tmp_path: Path) -> None:
    """But that of an index: before a fork its connection is closed, which waits for its users."""
    options: dict[str, Any] = {"cache_dir": tmp_path} if cached else {}
    service, made = of(lambda: ImageService(PICTURES.get, serve_stale=60, **options))
    answers(service, "1")
    locks = [each._lock for each in made if hasattr(each, "_lock") and not isinstance(each, Index)]
    assert len(locks) >= (12 if cached else 11)
    end = threading.Event()
    held = threading.Semaphore(0)

    def hold(lock: Any) -> None:
        with lock:
            held.release()
            assert end.wait(60)

    for chosen in (*([lock] for lock in locks), locks):
        end.clear()
        with threads(*(lambda lock=lock: hold(lock) for lock in chosen)):
            try:
                for _ in chosen:
                    assert held.acquire(timeout=30)
                in_child(lambda: (answers(service, "1", "2"), service.purge("1")))
            finally:
                end.set()


def test_what_is_in_memory_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    service = ImageService(PICTURES.get)
    answers(service, "1")
    held = service.holding()

    def child() -> None:
        monkeypatch.setattr(stills, "decode_original", None)
        answers(service, "1")
        assert service.holding() == held

    in_child(child)


def test_what_was_being_changed_is_dropped_whole() -> None:
    budget = MemoryBudget(1000)
    cache: SizedLru[str, str] = SizedLru(800, budget)
    other: SizedLru[str, str] = SizedLru(800, budget)
    cache.put("a", "A", 100, "tag")
    other.put("b", "B", 30, "tag")
    assert budget.reserve(400)

    def child() -> None:
        assert (cache.get("a"), other.get("b")) == (None, "B")
        assert (budget.free, budget._reserved) == (970, 0)
        assert budget.reserve(1000)

    with cache._lock:
        in_child(child)


def test_forks_of_several_threads_at_once(tmp_path: Path) -> None:
    service = ImageService(PICTURES.get, cache_dir=tmp_path)
    answers(service, "1")
    failed: list[Any] = []

    def work() -> None:
        try:
            for _ in range(10):
                in_child(lambda: answers(service, "1", "2"))
                answers(service, "1", "3")
        except BaseException as error:
            failed.append(error)

    with threads(work, work, work):
        pass
    assert not failed


def test_threads_that_a_loop_of_the_parent_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ASGIImageMiddleware(lambda *_: None, PICTURES.get, max_waiting=0)

    async def borrow() -> None:
        for _ in range(app._threads.most):
            app._threads.limiter().acquire_on_behalf_of_nowait(object())

    async def ask() -> None:
        scope = {"type": "http", "method": "GET", "path": "/image/1", "query_string": b""}
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            await anyio.sleep_forever()
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await app({**scope, "headers": []}, receive, send)
        assert sent[0]["status"] == 200

    asyncio.run(borrow())
    in_child(lambda: asyncio.run(ask()))


_IMPORTS = """
import sys
import cv2, numpy as np
from imgmiddleware import ImageRequest, ImageService

picture = np.tile(np.arange(256, dtype=np.uint8), (900, 8))
files = {end: cv2.imencode("." + end, picture)[1].tobytes() for end in {formats}}
service = ImageService(lambda id: files[id], original_formats={formats})
before = set(sys.modules)
for id in files:
    for fm in ("avif", "bmp", "gif", "jpg", "png", "tif", "webp"):
        answer = service.handle(ImageRequest("GET", "/image/" + id, "w=300&fm=" + fm))
        assert answer.status == 200, answer.body
print(sorted(set(sys.modules) - before))
"""


def test_no_render_imports() -> None:
    """A child waits for ever for a module that a thread of its parent was importing."""
    formats = ("avif", "bmp", "jpeg", "png", "tiff", "webp")
    code = _IMPORTS.replace("{formats}", repr(formats))
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert found.stdout.strip() == "[]"
