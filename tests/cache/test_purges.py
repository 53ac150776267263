"""The mark of a folder, which every purge moves."""

from __future__ import annotations

import os
from pathlib import Path

from imgmiddleware.cache.purges import Purges


def test_two_purges_within_a_tick_of_the_disks_clock_are_two(tmp_path: Path) -> None:
    one, other = Purges(os.fspath(tmp_path)), Purges(os.fspath(tmp_path))
    marks = set()
    for _ in range(50):
        one.tell()
        marks.add(other.era())
    assert len(marks) == 50
