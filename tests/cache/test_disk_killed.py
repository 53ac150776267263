"""A process killed at each step of a put: its remains are counted, are never served, and go."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from disks import get, put
from imgmiddleware.cache import disk as disk_module
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder import eviction, shelf, writer

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

MOST = 1 << 20
OLD, NEW = b"old" * 5000, b"newer" * 4000


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def half_written(body: bytes, descriptor: int) -> None:
    os.write(descriptor, body[: len(body) // 2])
    die()


def before(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, killed before its first effect."""
    return die


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **named: Any) -> None:
        function(*arguments, **named)
        die()

    return done


STEPS: dict[str, Callable[[], None]] = {
    "file removed, row not": lambda: setattr(eviction, "remove_body", after(eviction.remove_body)),
    "file made, row not": lambda: setattr(writer, "insert", die),
    "row made, not written": lambda: setattr(disk_module, "write_all", die),
    "half written": lambda: setattr(disk_module, "write_all", half_written),
    "written, not shown": lambda: setattr(writer.Writer, "_finish", die),
    "all done": lambda: setattr(writer.Writer, "_finish", after(writer.Writer._finish)),
}


def killed(folder: Path, step: str) -> None:
    pid = os.fork()
    if not pid:
        try:
            STEPS[step]()
            put(DiskStore(folder, MOST), "key", NEW)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL


def on_the_disk(folder: Path) -> tuple[set[str], set[str], int, int]:
    """Names of files, names of rows, unfinished rows, bytes counted too many."""
    index = sqlite3.connect(next(folder.glob("*/index.sqlite")))
    rows = index.execute("SELECT key || '.' || checksum, standing, weight FROM entries").fetchall()
    [(entries, held)] = index.execute("SELECT entries, bytes FROM held").fetchall()
    index.close()
    assert entries == len(rows)
    return (
        {path.name for path in folder.glob("*/bodies/*")},
        {name for name, _, _ in rows},
        sum(not standing for _, standing, _ in rows),
        held - sum(weight for _, _, weight in rows),
    )


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("same_key", [False, True])
def test_killed_at_a_step(tmp_path: Path, step: str, same_key: bool) -> None:
    disk = DiskStore(tmp_path, MOST)
    put(disk, "key", OLD)
    put(disk, "other", OLD)
    disk.close()
    killed(tmp_path, step)

    # A running process serves right results, and counts all files.
    assert get(disk, "key") in (None, OLD, NEW)
    assert get(disk, "other") == OLD
    files, rows, _, _ = on_the_disk(tmp_path)
    assert all(
        (next(tmp_path.glob("*/bodies")) / name).stat().st_size == 0 for name in files - rows
    )
    if same_key:
        put(disk, "key", NEW)
        assert get(disk, "key") == NEW

    # A process that starts later sweeps.
    late = DiskStore(tmp_path, MOST)
    put(late, "late", NEW)
    assert get(late, "late") == NEW
    assert get(late, "key") in ((NEW,) if same_key else (None, OLD, NEW))
    files, rows, unfinished, too_many = on_the_disk(tmp_path)
    assert files == rows
    assert (unfinished, too_many) == (0, 0)
    disk.close()
    late.close()


def test_what_is_being_written_is_left_to_its_writer(tmp_path: Path) -> None:
    """A second put of the key does nothing, a sweep neither; purging it leaves nothing behind."""
    slow, fast = DiskStore(tmp_path, MOST), DiskStore(tmp_path, MOST)
    put(slow, "first", OLD)
    original = disk_module.write_all
    seen: list[bytes | None] = []

    def write(body: bytes, descriptor: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(disk_module, "write_all", original)
            put(fast, "key", OLD)  # sweeps, and finds the key taken
            seen.append(get(fast, "key"))
        original(body, descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_module, "write_all", write)
        put(slow, "key", NEW)
    assert seen == [None]
    assert get(fast, "key") == NEW

    def purged(body: bytes, descriptor: int) -> None:
        assert fast.purge("tag") == 3
        original(body, descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_module, "write_all", purged)
        put(slow, "third", NEW)
    assert get(slow, "third") is None
    assert on_the_disk(tmp_path) == (set(), set(), 0, 0)
    slow.close()
    fast.close()


def test_older_shelves_go(tmp_path: Path) -> None:
    for name in ("0.7", "1.1", "1.9", "1.10", "2.1", "other"):
        (tmp_path / name / "bodies").mkdir(parents=True)
        (tmp_path / name / "bodies" / "left").touch()
    (tmp_path / "1.10" / "bodies" / "left").unlink()
    disk = DiskStore(tmp_path, MOST)
    put(disk, "key", NEW)
    assert get(disk, "key") == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"1.10", "2.1", "other"}
    disk.close()


def test_a_count_that_is_wrong_is_counted_again(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path, MOST)
    put(disk, "first", OLD)
    index = sqlite3.connect(next(tmp_path.glob("*/index.sqlite")))
    with index:
        index.execute("UPDATE held SET entries = 7, bytes = ?", (2 * MOST,))
    index.close()
    put(disk, "key", NEW)  # everything is let go, and there is room
    assert get(disk, "key") == NEW
    assert disk.holding()["disk"].entries == 1
    assert on_the_disk(tmp_path)[3] == 0
    disk.close()


def test_no_locks_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system without them: nothing is said to be written by another."""

    def refused(descriptor: int) -> bool:
        raise OSError("no locks")

    monkeypatch.setattr(shelf, "lock", refused)
    disk = DiskStore(tmp_path, MOST)
    put(disk, "key", NEW)
    assert get(disk, "key") == NEW
    [path] = tmp_path.glob("*/bodies/*")
    assert not shelf.is_being_written(str(path))
    disk.close()
