"""The mark of a folder, which every purge moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgmiddleware.cache.folder.purges import Purges


def test_two_purges_within_a_tick_of_the_disks_clock_are_two(tmp_path: Path) -> None:
    one, other = Purges(os.fspath(tmp_path)), Purges(os.fspath(tmp_path))
    marks = set()
    for _ in range(50):
        one.tell()
        marks.add(other.era())
    assert len(marks) == 50


def test_a_mark_that_another_user_has_made_is_moved_too(tmp_path: Path) -> None:
    """As where root has run a command in the folder of a server."""
    if os.geteuid():
        pytest.skip("NOT TESTED: only root can become another user")
    (tmp_path / "purged").touch(mode=0o600)
    os.chown(tmp_path, 65534, -1)
    other = Purges(os.fspath(tmp_path))
    era = other.era()
    pid = os.fork()
    if not pid:
        os.chdir(tmp_path)
        os.setuid(65534)
        Purges("").tell()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert other.era() != era
