"""A thousand writers killed in the middle of a put: no wrong byte is ever served.

Four processes at a time put, get and purge in one folder, and are killed with SIGKILL after a
random time; another reads all the while. Which bytes are right follows from the key alone.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from disks import disk_use
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.claims import Claims
from imgmiddleware.messages import Result

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

KILLS = 1000
WRITERS = 4
MOST = 4 << 20
LARGEST = 200_000
KEYS = [f"key-{i:02}" for i in range(64)]
#: Two bodies a key, as one may take the place of the other.
BODIES = {
    key: [
        random.Random(f"{key} {i}").randbytes(random.Random(f"{i} {key}").randrange(LARGEST))
        for i in (0, 1)
    ]
    for key in KEYS
}


def check(disk: DiskStore, key: str) -> bool:
    """Whether there is an entry; all that it says has to be of one put."""
    found = disk.get(key)
    if found is None:
        return False
    which = BODIES[key].index(found.read())
    assert found.media_type == f"image/{which}"
    assert found.notes == (key, str(which))
    return True


def put(disk: DiskStore, key: str, which: int) -> None:
    result = Result(BODIES[key][which], f"image/{which}", (key, str(which)))
    disk.put(key, result, (key[-1],), disk.era())


def write_for_ever(folder: Path, seed: int, putting: mmap.mmap) -> None:
    disk, chance = DiskStore(folder, MOST), random.Random(seed)
    while True:
        putting[0] = 1
        put(disk, chance.choice(KEYS), chance.randrange(2))
        putting[0] = 0
        check(disk, chance.choice(KEYS))
        if chance.random() < 0.01:
            disk.purge(chance.choice("0123456789"))


def read_until(folder: Path, stop: mmap.mmap) -> None:
    disk, chance, hits = DiskStore(folder, MOST), random.Random(0), 0
    while not stop[0]:
        hits += check(disk, chance.choice(KEYS))
    assert hits


def start(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)


@pytest.fixture
def pids():
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_thousand_writers_are_killed(tmp_path: Path, pids: list[int]) -> None:
    folder = tmp_path / "cache"
    chance = random.Random(4)
    stop = mmap.mmap(-1, 1)
    reader = start(lambda: read_until(folder, stop))
    pids.append(reader)
    writers: dict[int, mmap.mmap] = {}
    killed = seeds = 0
    largest = 0
    while killed < KILLS:
        while len(writers) < WRITERS:
            seeds += 1
            putting = mmap.mmap(-1, 1)
            pid = start(lambda seed=seeds, putting=putting: write_for_ever(folder, seed, putting))
            writers[pid] = putting
            pids.append(pid)
        time.sleep(chance.uniform(0, 0.015))
        pid = chance.choice(list(writers))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        pids.remove(pid)
        assert os.WIFSIGNALED(status), "a writer was served a wrong byte, or raised"
        putting = writers.pop(pid)
        killed += putting[0]
        putting.close()
        if seeds % 10 == 0:
            largest = max(largest, disk_use(folder))
    stop[0] = 1
    pids.remove(reader)
    assert os.waitpid(reader, 0)[1] == 0, "the reader was served a wrong byte"
    for pid in writers:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pids.remove(pid)
    assert MOST // 2 < largest <= MOST + WRITERS * LARGEST
    disk = DiskStore(folder, MOST)
    there = sum(check(disk, key) for key in KEYS)
    assert there > 5
    everything_left_behind_goes(folder, disk)
    disk.close()


def everything_left_behind_goes(folder: Path, disk: DiskStore) -> None:
    put(disk, KEYS[0], 0)
    assert check(disk, KEYS[0])
    index = sqlite3.connect(next(folder.glob("*/index.sqlite")))
    assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = index.execute("SELECT key || '.' || checksum, standing, weight FROM entries").fetchall()
    index.close()
    assert {path.name for path in folder.glob("*/bodies/*")} == {name for name, _, _ in rows}
    assert all(standing for _, standing, _ in rows)
    held = disk.holding()["disk"]
    assert (held.entries, held.bytes) == (len(rows), sum(weight for _, _, weight in rows))


def test_makers_are_killed_and_the_others_take_over(tmp_path: Path, pids: list[int]) -> None:
    """Two processes never make at the same time, however many die while they do."""
    making = mmap.mmap(-1, 8)
    made = mmap.mmap(-1, 1)

    def make_for_ever() -> None:
        claims = Claims(tmp_path)
        own = os.getpid().to_bytes(8, "little")
        while True:
            while (claim := claims.take("key")) is None:
                time.sleep(0.0005)
            with claim:
                assert claim.excludes
                making[:8] = own
                time.sleep(0.0005)
                assert making[:8] == own
                made[0] = 1

    chance = random.Random(4)
    pids += [start(make_for_ever) for _ in range(4)]
    for _ in range(200):
        time.sleep(chance.uniform(0, 0.01))
        pid = pids.pop(chance.randrange(4))
        os.kill(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1]), "two processes made at the same time"
        pids.append(start(make_for_ever))
    made[0] = 0
    limit = time.monotonic() + 10
    while not made[0]:
        assert time.monotonic() < limit, "nobody took over"
        time.sleep(0.01)
