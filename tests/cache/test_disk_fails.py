"""A disk that is full, read-only, gone or damaged: no cache, one warning, and never an exception."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from disks import get, put
from imgmiddleware.cache import circuit_breaker
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder import rows
from imgmiddleware.cache.folder.claims import Claims
from imgmiddleware.cache.folder.index import Index

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

MB = 1 << 20


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.name for record in caplog.records} <= {"imgmiddleware"}
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return [record.getMessage() for record in caplog.records]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed disk is tried again at the next use."""
    monkeypatch.setattr(circuit_breaker, "_PAUSE", 0.0)


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """A small tmpfs; skipped loudly where none can be mounted."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True
    )
    if made.returncode:
        pytest.skip(f"NO DISK COULD BE FILLED: mounting a tmpfs needs root: {made.stderr!r}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def in_child(work: Callable[[], None]) -> None:
    """Run this in a forked process; limits and user IDs that it sets end with it."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.usefixtures("at_once")
def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A 2 MB disk below a cache that thinks it has 16."""
    bodies = {f"key{i}": random.Random(i).randbytes(100_000) for i in range(40)}
    with mounted(tmp_path / "disk", "2m"):
        disk = DiskStore(tmp_path / "disk" / "cache", 16 * MB)
        for key, body in bodies.items():
            put(disk, key, body)
        there = [key for key, body in bodies.items() if get(disk, key) == body]
        assert there == list(bodies)[: len(there)]
        assert 15 <= len(there) <= 20  # of 100 kB in blocks of 4 KiB; 2 MiB hold 20
        assert all(get(disk, key) in (None, body) for key, body in bodies.items())
        [warning] = warnings(caplog)
        assert "no cache for now" in warning

        disk.clear()  # somebody makes room: it works again
        put(disk, "last", b"last")
        assert get(disk, "last") == b"last"
        assert disk.holding()["disk"].entries == 1
        disk.close()


@pytest.mark.usefixtures("at_once")
def test_a_full_disk_from_the_first_byte(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mounted(tmp_path / "disk", "64k"):
        (tmp_path / "disk" / "file").write_bytes(b"")
        with contextlib.suppress(OSError), (tmp_path / "disk" / "file").open("wb", 0) as file:
            while file.write(bytes(4096)):
                pass
        disk = DiskStore(tmp_path / "disk" / "cache", 16 * MB)
        for i in range(5):
            put(disk, f"key{i}", b"body")
            assert get(disk, f"key{i}") is None
        assert disk.purge("tag") == 0
        assert disk.holding()["disk"].entries == 0
        assert len(warnings(caplog)) == 1
        (tmp_path / "disk" / "file").unlink()
        put(disk, "key", b"body")
        assert get(disk, "key") == b"body"
        disk.close()


@pytest.mark.usefixtures("at_once")
def test_a_body_that_cannot_be_written_to_its_end(tmp_path: Path) -> None:
    """By a limit on the size of files, where no disk can be filled."""

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        disk = DiskStore(tmp_path, 16 * MB)
        put(disk, "small", b"small")
        put(disk, "large", bytes(300_000))
        assert disk.get("large") is None
        assert get(disk, "small") == b"small"
        assert disk.holding()["disk"].entries == 1
        assert len(list(tmp_path.glob("*/bodies/*"))) == 1

    in_child(work)


@pytest.mark.usefixtures("at_once")
def test_a_read_only_disk_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "disk"
    with mounted(folder, "4m"):
        disk = DiskStore(folder, 3 * MB)
        put(disk, "a", b"body")
        disk.close()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        disk = DiskStore(folder, 3 * MB)
        for _ in range(3):
            put(disk, "b", b"other")
            assert get(disk, "b") is None
            assert get(disk, "a") == b"body"
        with Claims(folder).take("a") as claim:
            assert not claim.excludes
        assert len(warnings(caplog)) == 1
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        put(disk, "b", b"other")
        assert get(disk, "b") == b"other"
        disk.close()


def test_a_folder_of_another_user(tmp_path: Path) -> None:
    """The folder can neither be made, nor is a foreign one trusted."""
    if os.geteuid():
        pytest.skip("NOT TESTED: only root can become another user")
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "closed").mkdir(mode=0o755)
    for path in (tmp_path, *list(tmp_path.parents)[:3]):
        if path.stat().st_mode & 0o1 == 0:
            path.chmod(path.stat().st_mode | 0o11)
    disk = DiskStore(tmp_path / "cache", MB)
    put(disk, "a", b"planted")
    disk.close()
    (tmp_path / "cache").chmod(0o777)
    for path in (tmp_path / "cache").rglob("*"):
        path.chmod(0o777)

    def work() -> None:
        os.setuid(65534)
        for folder in ("cache", "closed", "closed/below"):
            disk = DiskStore(tmp_path / folder, MB)
            assert disk.get("a") is None
            put(disk, "b", b"body")
            assert disk.get("b") is None
            assert disk.holding()["disk"].entries == 0

    in_child(work)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("again", [False, True])
def test_a_folder_that_is_removed_while_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, again: bool
) -> None:
    """`again`: another process has made it anew since."""
    disk = DiskStore(tmp_path / "cache", MB)
    put(disk, "a", b"first")
    assert get(disk, "a") == b"first"
    shutil.rmtree(tmp_path / "cache")
    other = DiskStore(tmp_path / "cache", MB)
    if again:
        put(other, "b", b"others")
    assert get(disk, "a") is None
    put(disk, "a", b"second")
    assert get(disk, "a") == b"second"
    assert get(other, "a") == b"second"
    assert get(disk, "b") == (b"others" if again else None)
    assert not warnings(caplog)
    disk.close()
    other.close()


def test_a_folder_that_is_made_anew_is_seen_by_who_only_reads(tmp_path: Path) -> None:
    disk, other = DiskStore(tmp_path / "cache", MB), DiskStore(tmp_path / "cache", MB)
    assert disk.get("a") is None
    shutil.rmtree(tmp_path / "cache")
    put(other, "a", b"body")
    assert get(disk, "a") == b"body"
    disk.close()
    other.close()


@pytest.mark.usefixtures("at_once")
def test_a_file_in_the_place_of_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").touch()
    disk = DiskStore(tmp_path / "cache", MB)
    put(disk, "a", b"body")
    assert disk.get("a") is None
    assert len(warnings(caplog)) == 1
    (tmp_path / "cache").unlink()
    put(disk, "a", b"body")
    assert get(disk, "a") == b"body"
    disk.close()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", ["1.1", "1.1/bodies", "1.1/index.sqlite"])
def test_a_symlink_in_the_folder_is_not_followed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    if name.endswith("sqlite"):
        elsewhere.touch()
    else:
        elsewhere.mkdir()
    path = tmp_path / "cache" / name
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    disk = DiskStore(tmp_path / "cache", MB)
    put(disk, "a", b"body")
    assert disk.get("a") is None
    assert len(warnings(caplog)) == 1
    assert elsewhere.stat().st_size == 0 if elsewhere.is_file() else not list(elsewhere.iterdir())


def scribble(path: Path, seed: int) -> None:
    """Random bytes over random places, in the file itself: other processes have it open."""
    chance = random.Random(seed)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(chance.choice([1, 4, 30])):
            file.seek(chance.randrange(size))
            file.write(chance.randbytes(chance.choice([1, 16, 4096])))


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("seed", range(24))
def test_a_damaged_index(tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    bodies = {f"key{i}": random.Random(i).randbytes(2000) for i in range(100)}
    disk, other = DiskStore(tmp_path, MB), DiskStore(tmp_path, MB)
    for key, body in bodies.items():
        put(disk, key, body)
    assert get(other, "key1") == bodies["key1"]
    scribble(next(tmp_path.glob("1.*/index.sqlite")), seed)
    for key, body in bodies.items():
        assert get(disk, key) in (None, body)
        put(other, key, body)
    for key, body in bodies.items():
        assert get(other, key) in (None, body)
    fresh = DiskStore(tmp_path, MB)  # a process that starts checks all of it
    for key, body in bodies.items():
        put(fresh, key, body)
        assert get(fresh, key) == body
        assert get(fresh, key) == body
    assert get(disk, "key1") == bodies["key1"]
    assert len(list(tmp_path.glob("1.*/bodies/*"))) == fresh.holding()["disk"].entries == 100
    assert len(list(tmp_path.glob("1.*"))) == 1
    assert len(warnings(caplog)) <= 3  # one each
    for one in (disk, other, fresh):
        one.close()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("data", [b"", b"not a database" * 99])
def test_an_index_that_is_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    disk = DiskStore(tmp_path, MB)
    put(disk, "a", b"body")
    disk.close()
    next(tmp_path.glob("1.*/index.sqlite")).write_bytes(data)
    put(disk, "b", b"other")
    assert get(disk, "b") == b"other"
    assert get(disk, "a") is None
    assert len(list(tmp_path.glob("1.*/bodies/*"))) == 1
    assert len(warnings(caplog)) == 1
    disk.close()


def test_a_disk_that_fails_is_left_alone_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def fail(path: str, *_: object, **__: object) -> None:
        tries.append(path)
        raise OSError(errno.EIO, "gone")

    now = 1000.0
    monkeypatch.setattr(circuit_breaker.time, "monotonic", lambda: now)
    disk = DiskStore(tmp_path / "cache", MB)
    monkeypatch.setattr(os, "makedirs", fail)
    for _ in range(5):
        put(disk, "a", b"body")
    assert len(tries) == 1
    now += circuit_breaker._PAUSE + 1
    put(disk, "a", b"body")
    assert len(tries) == 2
    now += circuit_breaker._QUIET + 1
    put(disk, "a", b"body")
    assert len(tries) == 3
    assert len(warnings(caplog)) == 1
    monkeypatch.undo()


def test_a_process_that_is_stopped_while_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result that was verified before is still served at once; nothing waits for ever."""
    import sqlite3

    monkeypatch.setattr(rows, "_TIMEOUT", 0.05)
    disk = DiskStore(tmp_path, MB)
    put(disk, "a", b"body")
    assert get(disk, "a") == b"body"
    stopped = sqlite3.connect(next(tmp_path.glob("1.*/index.sqlite")), isolation_level=None)
    stopped.execute("BEGIN EXCLUSIVE")
    put(disk, "b", b"other")
    assert get(disk, "a") == b"body"
    assert get(disk, "b") is None
    stopped.execute("ROLLBACK")
    stopped.close()
    disk.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")
def test_an_index_that_fails_after_the_body_was_opened_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DiskStore(tmp_path, 8 * MB), "key", b"body")

    def failing(index: Index) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    disk = DiskStore(tmp_path, 8 * MB)
    monkeypatch.setattr(Index, "latest", failing)
    assert disk.get("key") is None
    disk.close()
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    names = [os.readlink(link) for link in links if os.path.islink(link)]
    assert not [name for name in names if name.startswith(os.fspath(tmp_path))]
