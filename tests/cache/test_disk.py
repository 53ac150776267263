"""The disk cache: the entries that it holds, that it lets go, and that it does not trust."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from disks import get, put
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder import eviction, writer
from imgmiddleware.cache.store import Holding
from imgmiddleware.messages import Result

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

MB = 1 << 20


def du(folder: Path) -> int:
    return int(
        subprocess.run(["du", "-s", "-B1", folder], capture_output=True, check=True).stdout.split()[
            0
        ]
    )


def body_file(folder: Path, key: str) -> Path:
    [path] = folder.glob(f"*/bodies/{key}.*")
    return path


@pytest.fixture
def disk(tmp_path: Path):
    disk = DiskStore(tmp_path / "cache", 8 * MB)
    yield disk
    disk.close()


def test_what_is_put_is_got(disk: DiskStore) -> None:
    assert disk.get("a") is None
    made = Result(b"\0body", "image/avif", ("first", 'é "second"\ud800'))
    disk.put("a", made, ("id",), disk.era())
    result = disk.get("a")
    assert (result.media_type, result.notes) == (made.media_type, made.notes)
    assert (len(result.body), result.body.whole) == (5, True)
    assert Path(result.body.path()).read_bytes() == b"\0body"
    assert result.read() == b"\0body"
    put(disk, "empty", b"")
    assert get(disk, "empty") == b""
    assert disk.get("b") is None


def test_it_survives_a_restart_and_is_seen_by_others(disk: DiskStore, tmp_path: Path) -> None:
    put(disk, "a", b"1" * 9999)
    other = DiskStore(tmp_path / "cache", 8 * MB)
    assert get(other, "a") == b"1" * 9999
    put(other, "b", b"2")
    assert get(disk, "b") == b"2"
    disk.close()
    assert get(disk, "a") == b"1" * 9999
    other.close()


def test_a_second_body_of_a_key_takes_the_place_of_the_first(disk: DiskStore) -> None:
    put(disk, "a", b"old")
    assert get(disk, "a") == b"old"
    put(disk, "a", b"newer")
    assert get(disk, "a") == b"newer"
    assert disk.holding()["disk"].entries == 1


def test_files_are_the_users_alone(disk: DiskStore, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        put(disk, "a", b"1")
    finally:
        os.umask(old)
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (tmp_path / "cache").rglob("*")}
    assert {oct(mode) for path, mode in modes.items() if path.is_dir()} == {"0o700"}
    assert {oct(mode) for path, mode in modes.items() if path.is_file()} == {"0o600"}
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize("key", ["", "../a", "a/b", "a.b", "a" * 65, "a\n", "é", "a\0"])
def test_a_key_that_is_no_digest_is_refused(disk: DiskStore, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        disk.get(key)
    with pytest.raises(ValueError, match="no key"):
        put(disk, key, b"")


def test_an_original_is_purged(disk: DiskStore, tmp_path: Path) -> None:
    for i in range(500):
        put(disk, f"a{i}", b"1", tag="a")
    put(disk, "b", b"2", tag="b")
    assert disk.purge("a") == 500
    assert disk.purge("a") == 0
    assert get(disk, "a1") is None
    assert get(disk, "b") == b"2"
    assert disk.holding()["disk"].entries == 1
    assert len(list((tmp_path / "cache").glob("*/bodies/*"))) == 1


def test_it_is_cleared(disk: DiskStore, tmp_path: Path) -> None:
    for i in range(300):
        put(disk, f"a{i}", b"1")
    assert disk.clear() == 300
    assert disk.holding()["disk"] == Holding(0, 0, 8 * MB)
    assert not list((tmp_path / "cache").glob("*/bodies/*"))


def test_the_least_recently_read_goes_first(disk: DiskStore, tmp_path: Path) -> None:
    """The first half of 16 MB of bodies is gone, but for those that were read all the while."""
    bodies = {f"key{i}": random.Random(i).randbytes(64 << 10) for i in range(256)}
    kept = [f"key{i}" for i in range(0, 32, 3)]
    reader = DiskStore(tmp_path / "cache", 8 * MB)  # as another process would
    for i, (key, body) in enumerate(bodies.items()):
        put(disk, key, body)
        assert get(reader, kept[i % len(kept)]) in (bodies[kept[i % len(kept)]], None)
        if i == 63:
            assert disk.holding()["disk"].entries == 64  # nothing goes before it must
        assert du(tmp_path / "cache") <= 8 * MB
    there = [key for key in bodies if get(disk, key) is not None]
    assert set(kept) <= set(there)
    assert [key for key in there if key not in kept] == list(bodies)[256 - len(there) + len(kept) :]
    assert disk.holding()["disk"].bytes > 7.5 * MB
    reader.close()


def test_small_bodies_count_as_the_blocks_that_they_take(disk: DiskStore, tmp_path: Path) -> None:
    for i in range(1600):
        put(disk, f"key{i}", b"%d" % i)
    assert du(tmp_path / "cache") <= 8 * MB
    assert 1000 < disk.holding()["disk"].entries < 1600
    for i in range(130):  # neither index nor folder stay as large as they were
        put(disk, f"large{i}", bytes(64 << 10))
    assert 7.5 * MB < du(tmp_path / "cache") <= 8 * MB


def test_a_body_larger_than_a_fourth_of_the_bytes_is_not_held(disk: DiskStore) -> None:
    put(disk, "a", bytes(2 * MB))
    assert disk.get("a") is None
    assert not disk.takes(2 * MB)
    assert disk.takes(MB)


def test_a_smaller_bound_holds_from_the_next_put_on(disk: DiskStore, tmp_path: Path) -> None:
    for i in range(100):
        put(disk, f"key{i}", bytes(64 << 10))
    smaller = DiskStore(tmp_path / "cache", MB)
    put(smaller, "last", b"1")
    assert du(tmp_path / "cache") <= MB
    assert get(smaller, "last") == b"1"
    assert get(smaller, "key99")
    assert get(smaller, "key50") is None
    smaller.close()


def test_a_body_cut_short_after_it_was_opened_is_not_read(disk: DiskStore, tmp_path: Path) -> None:
    put(disk, "key", b"0123456789")
    found = disk.get("key")
    assert found is not None
    os.truncate(body_file(tmp_path / "cache", "key"), 5)
    with pytest.raises(OSError, match="cut short"):
        found.read()


def test_what_is_read_stays_readable_when_it_is_evicted(disk: DiskStore) -> None:
    put(disk, "a", b"first" * 999)
    found = disk.get("a")
    disk.clear()
    assert disk.get("a") is None
    assert found.read() == b"first" * 999


def flip(path: Path) -> None:
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def becomes(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


def truncate(path: Path) -> None:
    os.truncate(path, 10)


def symlink(path: Path) -> None:
    """To a file with the very same bytes: it is not followed all the same."""
    twin = path.parents[2] / "twin"
    shutil.copy(path, twin)
    path.unlink()
    path.symlink_to(twin)


DAMAGE: list[Callable[[Path], None]] = [
    flip,
    truncate,
    symlink,
    Path.unlink,
    becomes(Path.mkdir),
    becomes(lambda path: (path / "below").mkdir(parents=True)),
    becomes(os.mkfifo),
]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("seen", [False, True])
def test_a_damaged_entry_is_none_and_goes(
    disk: DiskStore, tmp_path: Path, damage: Callable[[Path], None], seen: bool
) -> None:
    put(disk, "a", bytes(range(256)) * 40)
    path = body_file(tmp_path / "cache", "a")
    if seen:
        assert get(disk, "a")
    damage(path)
    assert disk.get("a") is None
    assert disk.holding()["disk"].entries == 0
    assert not os.path.lexists(path)
    put(disk, "a", b"again")
    assert get(disk, "a") == b"again"


def test_what_the_index_says_is_believed_only_with_the_body(
    disk: DiskStore, tmp_path: Path
) -> None:
    import sqlite3

    for change in (
        "media_type = 'text/html'",
        "notes = '[\"x\"]'",
        "size = size + 1",
        "checksum = '../../../../../../etc/pa'",
        "checksum = 'AAAAAAAAAAAAAAAAAAAAAA'",
        "media_type = x'ff'",
        "notes = 7",
    ):
        put(disk, "a", b"body")
        index = sqlite3.connect(next((tmp_path / "cache").glob("*/index.sqlite")))
        with index:
            index.execute(f"UPDATE entries SET {change}")
        index.close()
        assert disk.get("a") is None, change
        assert disk.holding()["disk"].entries == 0, change
    put(disk, "a", b"body")
    assert get(disk, "a") == b"body"


def test_a_clock_that_goes_backwards_changes_no_order(
    disk: DiskStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = DiskStore(tmp_path / "cache", 8 * MB)  # as another process would
    now = time.time_ns() + 10**18  # a clock in the future, so that the file system's own is behind
    for i in range(60):
        monkeypatch.setattr(time, "time_ns", lambda i=i: now - i * 10**15)
        put(disk, f"key{i}", bytes(100_000))
    assert get(reader, "key0")
    reader.close()
    for i in range(60, 120):
        put(disk, f"key{i}", bytes(100_000))
    there = [i for i in range(120) if get(disk, f"key{i}") is not None]
    assert there[0] == 0
    assert there[1:] == list(range(121 - len(there), 120))
    assert len(there) > 60


def test_threads_share_it(disk: DiskStore) -> None:
    failed = []

    def work(seed: int) -> None:
        random_ = random.Random(seed)
        for _ in range(150):
            i = random_.randrange(60)
            body = random.Random(i).randbytes(50_000 + i)
            if random_.random() < 0.5:
                put(disk, f"key{i}", body)
            elif get(disk, f"key{i}") not in (None, body):
                failed.append(i)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert disk.holding()["disk"].entries == 60


def test_a_fork_shares_it(disk: DiskStore) -> None:
    put(disk, "a", b"parent")
    assert get(disk, "a") == b"parent"
    pid = os.fork()
    if not pid:
        status = 1
        with contextlib.suppress(BaseException):
            assert get(disk, "a") == b"parent"
            put(disk, "b", b"child")
            assert get(disk, "b") == b"child"
            status = 0
        os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert get(disk, "b") == b"child"
    put(disk, "c", b"parent again")
    assert get(disk, "c") == b"parent again"


def test_processes_share_it(disk: DiskStore, tmp_path: Path) -> None:
    """Four put, read and purge; a reader never sees half of a body, and the bound holds."""
    bodies = {f"key{i}": random.Random(i).randbytes(4000 * i) for i in range(100)}

    def work(seed: int) -> None:
        own, chance = DiskStore(tmp_path / "cache", 4 * MB), random.Random(seed)
        for _ in range(200):
            key = chance.choice(list(bodies))
            put(own, key, bodies[key], tag=key[-1])
            key = chance.choice(list(bodies))
            assert get(own, key) in (None, bodies[key])
            if chance.random() < 0.02:
                own.purge(key[-1])

    pids = []
    for seed in range(4):
        pid = os.fork()
        if not pid:
            status = 1
            try:
                work(seed)
                status = 0
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(status)
        pids.append(pid)
    hits = 0
    for i in range(1000):
        key = f"key{i % 100}"
        body = get(disk, key)
        assert body in (None, bodies[key])
        hits += body is not None
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert hits
    assert 2 * MB < du(tmp_path / "cache") <= 4 * MB
    held = disk.holding()["disk"]
    files = [path.stat().st_size for path in (tmp_path / "cache").glob("*/bodies/*")]
    assert held.entries == len(files)
    assert held.bytes >= sum(files)


def test_a_put_ends_though_everything_was_read_since(
    disk: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a number of looks eviction is no longer exact: otherwise one put pays for all reads."""
    monkeypatch.setattr(eviction, "_BATCH", 5)
    monkeypatch.setattr(writer, "_EXACT_BATCHES", 2)
    for i in range(115):
        put(disk, f"key{i}", bytes(64 << 10))
    for i in range(115):
        assert get(disk, f"key{i}")
    looked: list[Path] = []
    original = eviction._read_time
    monkeypatch.setattr(eviction, "_read_time", lambda *a: looked.append(a) or original(*a))
    put(disk, "large", bytes(1 << 20))
    assert get(disk, "large")
    assert len(looked) == 10
    assert 90 < disk.holding()["disk"].entries < 110


def test_a_fork_in_the_middle_of_another_threads_work(disk: DiskStore) -> None:
    """The child waits for no lock whose holder was not forked."""
    for i in range(20):
        put(disk, f"key{i}", bytes(1000))
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            put(disk, "busy", random.randbytes(3000))
            get(disk, "busy")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for i in range(20):
            pid = os.fork()
            if not pid:
                signal.alarm(20)
                status = 1
                with contextlib.suppress(BaseException):
                    assert get(disk, f"key{i}") == bytes(1000)
                    put(disk, f"child{i}", b"child")
                    assert get(disk, f"child{i}") == b"child"
                    status = 0
                os._exit(status)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert get(disk, "child19") == b"child"


def test_what_others_have_in_the_folder_is_kept(tmp_path: Path) -> None:
    """The folder of releases, or of an application, has names that may be like the cache's."""
    theirs = [
        *("0.9/a.txt", "1.0/a.txt", "1.7/a.txt", "2.0/a.txt"),
        *("sending/letter.txt", "sending/new/a.txt", "claims/LICENSE"),
    ]
    for name in theirs:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("precious")
    disk = DiskStore(tmp_path, 8 * MB)
    disk.claim("key").release()
    put(disk, "key", b"body")
    found = disk.get("key")
    assert (
        Path(found.body.path()).read_bytes() == b"body"
    )  # by a link, beside which others are swept
    found.close()
    disk.clear()
    disk.close()
    assert [name for name in theirs if not (tmp_path / name).exists()] == []
    assert not list(tmp_path.glob("1.7/index*"))


def others_of(folder: Path) -> list[tuple[str, bytes]] | None:
    """The index's further originals; None where it has no place for them."""
    (index,) = folder.glob("*/index.sqlite")
    with contextlib.closing(sqlite3.connect(index)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "others" not in tables:
            return None
        return connection.execute("SELECT key, tag FROM others").fetchall()


def test_a_picture_of_two_originals_is_purged_in_a_folder_of_a_release_before(
    disk: DiskStore, tmp_path: Path
) -> None:
    """Its index has no place for the second one: the place is made, and older rows stay."""
    folder = tmp_path / "cache"
    put(disk, "before", b"of one original", tag="a")
    assert others_of(folder) is None
    put(disk, "marked", b"of two", tag="a", also=("logo",))
    assert len(others_of(folder) or ()) == 1
    later = DiskStore(folder, 8 * MB)  # a process that is started after that
    assert get(later, "marked") == b"of two"
    assert later.purge("logo") == 1
    assert (get(disk, "marked"), get(disk, "before")) == (None, b"of one original")
    assert others_of(folder) == []


def test_tags_of_what_is_evicted_or_cleared_go_too(disk: DiskStore, tmp_path: Path) -> None:
    for i in range(200):  # 13 MB in a folder of 8
        put(disk, f"key{i}", random.Random(i).randbytes(64 << 10), also=("logo", "frame"))
    held = disk.holding()["disk"].entries
    assert 0 < held < 150
    assert len(others_of(tmp_path / "cache") or ()) == 2 * held
    assert disk.clear() == held
    assert others_of(tmp_path / "cache") == []
