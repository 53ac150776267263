"""Each store of results passes the suite that is given to authors of others."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.memory import MemoryStore
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import NoStore, ResultStore
from imgmiddleware.testing import ResultStoreConformance

MB = 1 << 20


class TestMemory(ResultStoreConformance):
    excludes = False

    def make_store(self) -> ResultStore:
        return MemoryStore(8 * MB, MemoryBudget(16 * MB))


class TestDisk(ResultStoreConformance):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.folders = (tmp_path / str(number) for number in itertools.count())

    def make_store(self) -> ResultStore:
        self.folder = next(self.folders)
        return DiskStore(self.folder, 8 * MB)

    def make_other(self, store: ResultStore) -> ResultStore:
        return DiskStore(self.folder, 8 * MB)


class TestNone(ResultStoreConformance):
    keeps = excludes = False

    def make_store(self) -> ResultStore:
        return NoStore()


class TestDiskThatIsFull(TestNone):
    """A failing store holds nothing, and raises nothing."""

    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "file"
        self.folder.write_bytes(b"stands in the place of the folder")

    def make_store(self) -> ResultStore:
        return DiskStore(self.folder, 8 * MB)
