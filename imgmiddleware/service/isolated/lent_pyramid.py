"""The pyramid that a job may be cut from, lent to the worker that makes it.

A worker has no folder. The serving process finds the pyramid of a job, or has the right to make
one, and hands its file over. The worker has no say in which file that is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, NamedTuple

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.service.making.job import Layer
from imgmiddleware.service.making.results import Eras, Pyramids, Results
from imgmiddleware.service.making.wholes import Place, Wanted
from imgmiddleware.settings import Settings

#: The outcome of a file that a worker was to write.
WRITTEN, NOT_WRITTEN, DISK_FAILED = b"w", b"n", b"d"


class Lent(NamedTuple):
    """The terms that a worker is told: the key of the one pyramid that there may be for a job.

    `most` is the most bytes that a pyramid may have, 0 where there is no folder, or its disk fails.
    `found` is the number of its descriptor, None where there is no such file yet.
    """

    key: str = ""
    most: int = 0
    found: int | None = None


class NotWrittenError(Exception):
    """The worker has not written its file, for another reason than the disk."""


class Lending:
    """The same in the serving process, for one job."""

    def __init__(self, results: Results, layer: Layer, wanted: Wanted | None) -> None:
        self._results = results
        self._layer = layer
        self._wanted = wanted if wanted is not None and wanted.place is Place.FOLDER else None

    def lent(self, found: int | None) -> Lent:
        """The terms for the worker, with the number of the descriptor."""
        if self._wanted is None:
            return Lent()
        return Lent(self._wanted.key, self._wanted.part.kept_bytes, found)

    def keep(self, size: int, write: Callable[[io.FileIO], None]) -> None:
        """Have a file of so many bytes written, if there is to be one."""
        if self._wanted is None:
            return
        layer = self._layer
        with suppress(NotWrittenError):
            self._results.keep_pyramid(self._wanted.key, size, layer.tag, layer.era, write)

    def open(self) -> io.FileIO | None:
        """The pyramid's file, if it is written by now."""
        if self._wanted is None or self._results.pyramids is None:
            return None
        return self._results.pyramids.open(self._wanted.key)

    def drop(self) -> None:
        """Drop the pyramid, which is damaged."""
        if self._wanted and self._results.pyramids:
            self._results.pyramids.drop(self._wanted.key)


class Borrowing:
    """How a worker asks for the pyramid: functions that send a message and await its answer."""

    def __init__(
        self,
        begin: Callable[[int], int | None],
        end: Callable[[bytes], None],
        open: Callable[[], int | None],
        drop: Callable[[], None],
    ) -> None:
        self.begin = begin  # a file for so many bytes; None where the disk fails
        self.end = end  # it is written, or why not
        self.open = open
        self.drop = drop


class WorkerResults(Results):
    """The results as a worker has them: none, and the pyramid that is lent."""

    def __init__(self, settings: Settings, budget: MemoryBudget, borrowing: Borrowing) -> None:
        super().__init__(settings, budget)
        self._pyramid = _Pyramid(borrowing)
        self._borrowing = borrowing

    @contextmanager
    def lent(self, lent: Lent, descriptors: list[int]) -> Iterator[None]:
        """Lend the pyramid for one job."""
        descriptor = None if lent.found is None else descriptors[lent.found]
        self._pyramid.lent, self._pyramid.descriptor = lent, descriptor
        try:
            yield
        finally:
            self._pyramid.lent = Lent()
            if descriptor is not None:
                os.close(descriptor)

    @property
    def pyramids(self) -> Pyramids | None:
        """The lent pyramid, where there is a folder."""
        return self._pyramid if self._pyramid.lent.most else None

    def claim_pyramid(self, key: str) -> AbstractContextManager[Any]:
        """Nothing: the serving process has the claim."""
        return nullcontext()

    def keep_pyramid(
        self, key: str, size: int, tag: str, era: Eras, write: Callable[[io.FileIO], None]
    ) -> None:
        """Have the pyramid written, if it is the lent one."""
        descriptor = self._borrowing.begin(size) if key == self._pyramid.lent.key else None
        if descriptor is None:
            return
        end = NOT_WRITTEN
        try:
            with io.FileIO(descriptor, "wb") as file:
                write(file)
            end = WRITTEN
        except OSError:
            end = DISK_FAILED
        finally:
            self._borrowing.end(end)


class _Pyramid:
    def __init__(self, borrowing: Borrowing) -> None:
        self.lent = Lent()
        self.descriptor: int | None = None
        self._borrowing = borrowing

    def takes(self, size: int) -> bool:
        return size <= self.lent.most

    def is_failing(self) -> bool:
        return False

    def open(self, key: str) -> io.FileIO | None:
        """A file that may be closed: the descriptor stays open until the job is over."""
        if key != self.lent.key:
            return None
        given = self._borrowing.open() if self.descriptor is None else os.dup(self.descriptor)
        return None if given is None else io.FileIO(given, "rb")

    def drop(self, key: str) -> None:
        if key == self.lent.key:
            self._borrowing.drop()
