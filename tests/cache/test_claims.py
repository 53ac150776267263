"""Claims: one maker at a time, even when it dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from imgmiddleware.cache.folder import claims
from imgmiddleware.cache.folder.claims import Claims

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


def child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def test_one_has_it_at_a_time(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    claim = one.take("key")
    assert claim.excludes
    assert one.take("key") is None
    assert other.take("key") is None
    with other.take("another"):
        claim.release()
        claim.release()
    with other.take("key"):
        assert one.take("key") is None
    assert not list((tmp_path / "claims").iterdir())


def test_a_late_release_frees_nobody_elses(tmp_path: Path) -> None:
    own = Claims(tmp_path)
    first = own.take("key")
    first.release()
    second = own.take("key")
    first.release()
    assert own.take("key") is None
    second.release()


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    ready, told = os.pipe()

    def hold() -> None:
        claim = Claims(tmp_path).take("key")
        os.write(told, b"1" if claim and claim.excludes else b"0")
        time.sleep(60)

    pid = child(hold)
    try:
        assert os.read(ready, 1) == b"1"
        assert Claims(tmp_path).take("key") is None
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with Claims(tmp_path).take("key") as claim:
        assert claim.excludes


def test_a_forked_child_holds_nothing_for_its_parent(tmp_path: Path) -> None:
    """The parent of a sleeping child is killed: its claim is free though the child lives."""
    ready, told = os.pipe()

    def hold() -> None:
        claim = Claims(tmp_path).take("key")
        grandchild = child(lambda: time.sleep(60))
        os.write(told, b"%08d" % grandchild)
        time.sleep(60)
        claim.release()

    pid = child(hold)
    grandchild = int(os.read(ready, 8))
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        until = time.monotonic() + 30  # the child may have been forked, and not run yet
        while (claim := Claims(tmp_path).take("key")) is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        with claim:
            assert claim.excludes
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    for i in range(9):
        (tmp_path / "claims" / f"left{i}").touch()
    held = Claims(tmp_path).take("held")
    Claims(tmp_path).take("other").release()
    assert [path.name for path in (tmp_path / "claims").iterdir()] == ["held"]
    held.release()


def test_many_processes_count_one_by_one(tmp_path: Path) -> None:
    """A read and a write of a file, under the claim: no step of 4 x 100 is lost."""
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        own = Claims(tmp_path)
        for _ in range(100):
            while (claim := own.take("key")) is None:
                time.sleep(0.0005)
            with claim:
                assert claim.excludes
                counter.write_text(str(int(counter.read_text()) + 1))

    pids = [child(count) for _ in range(4)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    assert counter.read_text() == "400"


@pytest.mark.parametrize("key", ["", "../a", "a/b", "a.b", "a" * 65, "a\n"])
def test_a_key_that_is_no_digest_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        Claims(tmp_path).take(key)


def test_a_folder_that_cannot_be_written_excludes_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    own = Claims(tmp_path / "file")
    with own.take("key") as one, own.take("key") as other:
        assert not one.excludes
        assert not other.excludes


def test_a_symlink_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "key").symlink_to(tmp_path / "elsewhere")
    with Claims(tmp_path).take("key") as claim:
        assert not claim.excludes
    assert not (tmp_path / "elsewhere").exists()


def test_no_locks_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system without them: a picture may be made twice."""

    def refused(descriptor: int) -> bool:
        raise OSError("no locks")

    monkeypatch.setattr(claims, "lock", refused)
    with Claims(tmp_path).take("key") as one, Claims(tmp_path).take("key") as other:
        assert not one.excludes
        assert not other.excludes


def test_a_file_exchanged_under_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder unlinks the file between opening and locking here: the locked file has no name."""
    holder = Claims(tmp_path).take("key")
    original = claims.lock
    locked: list[bool] = []

    def late(descriptor: int) -> bool:
        holder.release()
        locked.append(original(descriptor))
        return locked[-1]

    monkeypatch.setattr(claims, "lock", late)
    with Claims(tmp_path).take("key") as claim:
        assert claim.excludes
        assert Claims(tmp_path).take("key") is None
    assert locked[:2] == [True, True]
