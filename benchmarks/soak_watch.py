"""What a server takes, looked at from outside: memory, descriptors, and the cache on its disk."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.messages import Result


def workers(server: int) -> list[int]:
    """The processes that a server has started, and that answer."""
    with suppress(OSError):
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [pid for pid in map(int, children) if _is_worker(pid)]
    return []


def _is_worker(pid: int) -> bool:
    """multiprocessing, which uvicorn starts its workers by, has a process of its own."""
    with suppress(OSError):
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def held(pid: int) -> int:
    """Bytes of a process; of what it shares with others, its share (PSS, proc(5))."""
    with suppress(OSError, IndexError):
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return 1024 * int(told.partition("\nPss:")[2].split()[0])
    return 0


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process lead to."""
    found: list[str] = []
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found.append(os.readlink(entry.path))
    return found


def on_disk(folder: Path) -> int:
    """Bytes as du counts them; a file of several names once."""
    blocks: dict[int, int] = {}
    for path in [folder, *folder.rglob("*")]:
        with suppress(OSError):
            status = path.lstat()
            blocks[status.st_ino] = status.st_blocks * 512
    return sum(blocks.values())


@dataclass
class Watch:
    """Looks every two seconds, in a thread of its own, until it is left."""

    server: int
    cache: Path
    most_of_one: int = 0
    most_of_all: int = 0
    most_on_disk: int = 0
    most_open: int = 0
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(2):
            there = workers(self.server)
            taken = [held(pid) for pid in there]
            self.most_of_one = max([self.most_of_one, *taken])
            self.most_of_all = max(self.most_of_all, sum(taken))
            self.most_open = max([self.most_open, *(len(open_files(pid)) for pid in there)])
            self.most_on_disk = max(self.most_on_disk, on_disk(self.cache))


def left_open(pid: int, photos: Path, cache: Path) -> list[str]:
    """Of a process that rests: files that it should have closed."""
    kept = ("index.sqlite", "index.sqlite-journal")
    return [
        path
        for path in open_files(pid)
        if path.startswith((str(photos), str(cache)))
        and (path.endswith("(deleted)") or not path.endswith(kept))
    ]


def shelf_faults(cache: Path, most: int) -> Iterator[str]:
    """What is wrong with the folder of a server that has ended; it is empty after this.

    The next process to put something removes what killed ones have left.
    """
    disk = DiskStore(cache, most)
    disk.put("soak", Result(b"soak", "image/none", ()), "soak", disk.era())
    claim = disk.claim("soak")
    if claim is None or not claim.excludes:
        yield "a claim that nobody has is not to be had"
    else:
        claim.release()
    for path in cache.glob("**/index.sqlite"):
        yield from _index_faults(path)
    if left := [path.name for path in (cache / "claims").glob("*")]:
        yield f"claims are left: {left[:3]}"
    disk.clear()
    time.sleep(0.1)
    left = [str(path.relative_to(cache)) for path in cache.glob("**/bodies/*")]
    if left:
        yield f"{len(left)} bodies are left of a cache that was cleared: {left[:3]}"
    disk.close()


def _index_faults(path: Path) -> Iterator[str]:
    where = path.parent.relative_to(path.parents[2] if "pyramids" in str(path) else path.parents[1])
    index = sqlite3.connect(path)
    if index.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        yield f"{where}: the index is damaged"
    rows = index.execute("SELECT key || '.' || checksum, standing, weight FROM entries").fetchall()
    taken = index.execute("SELECT entries, bytes FROM held").fetchall()
    index.close()
    bodies = {body.name for body in (path.parent / "bodies").iterdir()}
    named = {name for name, _, _ in rows}
    if bodies != named:
        yield f"{where}: {len(bodies - named)} files without a row, {len(named - bodies)} lost"
    if not all(standing for _, standing, _ in rows):
        yield f"{where}: rows of bodies that nobody writes"
    if taken != [(len(rows), sum(weight for _, _, weight in rows))]:
        yield f"{where}: it counts {taken}"
