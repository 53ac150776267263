"""Workers and the processes that they belong to: whatever becomes of these, no worker is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asking import get
from imgmiddleware import ImageService
from imgmiddleware.service.isolated.isolated import Isolated
from pictures import photo_like, saved

PHOTO = saved(photo_like(90, 60), "png")
TESTS = str(Path(__file__).parents[1])

#: A server: it makes a picture, says which processes it has, and goes on as it is told.
PROGRAM = f"""
import os, sys, threading, time
sys.path.insert(0, {TESTS!r})
import deeds
from imgmiddleware import ImageRequest, ImageService
photo = bytes.fromhex({PHOTO.hex()!r})
service = ImageService(lambda id: photo, isolate=True, operations=deeds.OPERATIONS)
def ask(query):
    answer = service.handle(ImageRequest("GET", "/image/a", query))
    assert answer.status == 200, answer.body
def pids():
    return [worker.pid for worker in service._pictures._making._pool.workers]
"""


def workers_of(service: ImageService) -> list[int]:
    making = service._pictures._making
    assert isinstance(making, Isolated)
    return [worker.pid for worker in making._pool.workers]


def is_there(pid: int) -> bool:
    """Whether it runs: one that is dead and not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_there(pid)


@contextmanager
def program(text: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process of `PROGRAM` and this, which prints the number of a worker first."""
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + text], stdout=subprocess.PIPE, text=True
    )
    try:
        assert started.stdout
        yield started, int(started.stdout.readline())
    finally:
        started.kill()
        started.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
class TestTheParent:
    def test_it_ends(self) -> None:
        with program("ask('w=10'); print(*pids(), flush=True)") as (parent, worker):
            assert parent.wait(20) == 0
            assert gone(worker)

    def test_it_is_killed(self) -> None:
        with program("ask('w=10'); print(*pids(), flush=True); time.sleep(600)") as (it, worker):
            assert is_there(worker)
            it.kill()
            assert gone(worker)

    def test_it_is_killed_while_a_worker_computes(self) -> None:
        text = (
            "threading.Thread(target=ask, args=('spins=1',), daemon=True).start()\n"
            "while not pids(): time.sleep(.01)\n"
            "service._pictures._making._pool.workers[0].ready()\n"
            "print(*pids(), flush=True); time.sleep(600)"
        )
        text = "ask('w=10')\n" + text  # it has started by then
        with program(text) as (parent, worker):
            time.sleep(0.3)
            parent.kill()
            assert gone(worker)

    def test_the_thread_ends_in_which_the_first_picture_was_made(self) -> None:
        text = (
            "thread = threading.Thread(target=ask, args=('w=10',)); thread.start(); thread.join()\n"
            "first = pids(); time.sleep(.3); ask('w=11'); assert pids() == first\n"
            "print(*pids(), flush=True)"
        )
        with program(text) as (parent, _):
            assert parent.wait(20) == 0

    def test_it_forks_and_both_go_on(self) -> None:
        text = (
            "ask('w=10'); mine = pids()\n"
            "child = os.fork()\n"
            "ask('w=12')\n"
            "assert (pids() == mine) == bool(child), pids()\n"
            "if not child: os._exit(0)\n"
            "assert os.waitpid(child, 0)[1] == 0\n"
            "ask('w=13'); assert pids() == mine\n"
            "print(*mine, flush=True)"
        )
        with program(text) as (parent, worker):
            assert parent.wait(60) == 0
            assert gone(worker)

    def test_a_child_ends_and_the_worker_stays(self) -> None:
        text = (
            "ask('w=10'); mine = pids(); child = os.fork()\n"
            "if not child: sys.exit(0)\n"
            "os.waitpid(child, 0); time.sleep(.2); ask('w=13'); assert pids() == mine\n"
            "print(*mine, flush=True)"
        )
        with program(text) as (parent, _):
            assert parent.wait(60) == 0


def test_a_service_that_nobody_has_leaves_none() -> None:
    service = ImageService(lambda id: PHOTO, isolate=True)
    assert get(service, "w=10").status == 200
    (worker,) = workers_of(service)
    del service
    assert gone(worker)


def test_one_that_was_killed_by_others_is_no_originals_fault() -> None:
    service = ImageService(lambda id: PHOTO, isolate=True, cache_bytes=0)
    assert get(service, "w=10").status == 200
    (worker,) = workers_of(service)
    os.kill(worker, signal.SIGKILL)
    assert gone(worker)
    assert get(service, "w=10").status == 200
    assert workers_of(service) != [worker]


def test_one_original_is_decoded_in_one_worker() -> None:
    photo = saved(photo_like(90, 60), "jpeg")
    service = ImageService(lambda id: photo, isolate=True, cache_bytes=0, render_slots=3)
    # Many at once, of originals that were never decoded: three workers are started for them.
    asked = [threading.Thread(target=get, args=(service, "w=30", f"{n % 3}")) for n in range(12)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    for width in range(31, 40):
        for number in range(3):
            assert get(service, f"w={width}", f"{number}").status == 200
    assert service.holding()["decoded"].entries == 3


def test_a_purge_reaches_them() -> None:
    service = ImageService(lambda id: PHOTO, isolate=True, cache_bytes=0)
    assert get(service, "w=10").status == 200
    assert service.holding()["decoded"].entries == 1
    service.purge("a")
    assert get(service, "w=10", "b").status == 200
    assert service.holding()["decoded"].entries == 1  # that of b alone


def test_what_is_found_and_told_is_what_this_process_finds() -> None:
    """Faces, tones and colours; reading the date of a photo takes a module of Python's own."""
    here, there = ImageService(lambda id: PHOTO), ImageService(lambda id: PHOTO, isolate=True)
    for query in (
        *("fm=json&colors=2", "fm=json&faces=1&keep=exif", "w=50&auto=enhance&fm=png"),
        *("w=40&h=40&fit=facearea&fm=png", "w=40&h=10&fit=crop&crop=faces,edges&fm=png"),
    ):
        expected, found = (get(service, query) for service in (here, there))
        assert (found.status, found.read()) == (200, expected.read()), query


@pytest.mark.parametrize("slots", [1, 2, 4, 8])
def test_what_one_process_would_hold_a_worker_holds(slots: int) -> None:
    photo = saved(photo_like(1000, 600), "webp")  # 1.8 MB decoded, of three channels
    given = {"isolate": True, "cache_bytes": 0, "render_slots": slots}
    for held, entries in ((4 * 1_810_000, 1), (4 * 1_790_000, 0)):
        service = ImageService(lambda id: photo, decoded_bytes=held, **given)
        assert get(service, "w=900").status == 200
        assert service.holding()["decoded"].entries == entries, held
