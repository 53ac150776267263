"""Each source and original of the package passes the suites that are given to authors of others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from imgmiddleware import (
    BytesOriginal,
    ChainSource,
    DirectorySource,
    FunctionSource,
    Original,
    PrefixSource,
    Source,
)
from imgmiddleware.sources.file import open_path
from imgmiddleware.testing import OriginalConformance, SourceConformance


class InFolder:
    """A folder of its own for each test."""

    folder: Path

    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.secrets = (os.fspath(tmp_path),)

    def file(self, id: str, data: bytes) -> Path:
        """A file with this content, which takes the place of another as a release does."""
        path = self.folder / id
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / ".new").write_bytes(data)
        os.replace(self.folder / ".new", path)
        return path


class TestDirectory(InFolder, SourceConformance):
    def make_source(self) -> Source:
        return DirectorySource(self.folder)

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.file(id, data)


class TestDirectoryOfFilesThatAreWrittenTo(TestDirectory):
    def file(self, id: str, data: bytes) -> Path:
        path = self.folder / id
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.ticks = getattr(self, "ticks", 0) + 1  # the disk's own clock has but some 250 a second
        os.utime(path, ns=(self.ticks, self.ticks))
        return path


class TestFunctionOfPaths(InFolder, SourceConformance):
    def make_source(self) -> Source:
        self.paths: dict[str, Path] = {}
        return FunctionSource(self.paths.get)

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.paths[id] = self.file(id, data)


class TestFunctionOfBytes(SourceConformance):
    def make_source(self) -> Source:
        self.contents: dict[str, bytes] = {}
        return FunctionSource(self.contents.get)

    def write(self, source: Source, id: str, data: bytes) -> None:
        self.contents[id] = data


class TestFunctionOfNumbers(TestFunctionOfBytes):
    ids = ("7", "0", "12")
    unknown = "8"

    def make_source(self) -> Source:
        self.contents = {}
        return FunctionSource(lambda id: self.contents.get(str(id)), id_type=self.number)

    @staticmethod
    def number(id: str) -> int | None:
        return int(id) if id.isascii() and id.isdecimal() else None


class TestPrefixes(TestDirectory):
    """Each ID below another prefix, the last in the directory without one."""

    def make_source(self) -> Source:
        (self.folder / "folder").mkdir(exist_ok=True)
        return PrefixSource({"folder": self.folder / "folder", "/": self.folder})


class TestChain(TestDirectory):
    """All in the last of three."""

    def make_source(self) -> Source:
        (self.folder / ".other").mkdir(exist_ok=True)
        return ChainSource(lambda id: None, self.folder / ".other", self.folder)


class TestChainOfPrefixes(TestFunctionOfBytes):
    ids = ("a/1", "a/b/2", "3")

    def make_source(self) -> Source:
        self.contents = {}
        below = {p: lambda id, p=p: self.contents.get(p + id) for p in ("a/", "a/b/")}
        return ChainSource(below, lambda id: self.contents.get(id) if id == "3" else None)


class TestMarked(OriginalConformance):
    """An original of another's kind, behind one of several sources."""

    def make_original(self, data: bytes) -> Original:
        class Kept:
            def __init__(self) -> None:
                kept = BytesOriginal(data)
                self.version, self.size, self.last_modified = kept.version, kept.size, 1
                self.read_into = kept.read_into

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *error: object) -> None: ...

        found = ChainSource({}.get, {"a": Kept()}.get).open("a")
        assert isinstance(found, Original)
        return found


class TestBytes(OriginalConformance):
    def make_original(self, data: bytes) -> Original:
        return BytesOriginal(data)


class TestBytesWithAVersion(OriginalConformance):
    def make_original(self, data: bytes) -> Original:
        return BytesOriginal(data, version=len(data))


class TestFile(InFolder, OriginalConformance):
    def make_original(self, data: bytes) -> Original:
        return open_path(self.file("a", data))
