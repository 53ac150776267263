"""Blocks of an object: which reads of it become requests."""

from __future__ import annotations

import numpy as np

from imgmiddleware.sources.blocks import SIZE, Blocks, Span
from imgmiddleware.testing.acting import content

DATA = content(9 * 2**20)


class Read:
    """An object of nine megabytes, whose requests are counted."""

    def __init__(self) -> None:
        self.asked: list[Span] = []
        self.blocks = Blocks(self._fetch, len(DATA), None, ("a", "1"), memoryview(DATA)[:SIZE])

    def _fetch(self, span: Span) -> memoryview:
        self.asked.append(span)
        return memoryview(DATA)[slice(*span)]

    def read(self, start: int, stop: int) -> int:
        """How many requests it takes."""
        before = len(self.asked)
        buffer = bytearray(stop - start)
        assert self.blocks.read_into(memoryview(buffer), start) == stop - start
        assert buffer == DATA[start:stop]
        return len(self.asked) - before


def test_both_tables_of_a_directory_are_read_once() -> None:
    """At their longest: 262,144 pieces (`MAX_PIECES`), with 8 bytes for each offset, 4 for each count."""
    here = Read()
    offsets, counts = (100_000, 100_000 + 2**21), (100_000 + 2**21, 100_000 + 3 * 2**20)
    starts, stops = np.array([offsets, counts]).T
    here.blocks.announce(starts, stops - starts)
    assert here.read(*offsets) == 1
    assert here.read(*counts) == 0
    for table in (offsets, counts):
        assert here.read(*table) == 0
    assert sum(stop - start for start, stop in here.asked) < 4 * 2**20


def test_what_is_larger_than_any_table_goes_past_the_blocks() -> None:
    """An original that is decoded as a whole: it would take the place of all others' blocks."""
    here = Read()
    assert here.read(0, 8 * 2**20) == 4
    assert len(here.blocks._own) == 1
