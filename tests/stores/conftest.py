"""The stores of this folder's tests, each started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import parts
from storeservers import S3, Google, azure, google, new_name, s3

parts.module("obstore")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    with azure(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    with google(tmp_path_factory.mktemp("google")) as running:
        yield running


@pytest.fixture(params=["memory", "folder", "s3", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty store of each kind."""
    from obstore.store import LocalStore, MemoryStore

    kind = request.param
    if kind == "memory":
        return MemoryStore()
    if kind == "folder":
        return LocalStore(tmp_path / "objects", mkdir=True)
    if kind == "s3":
        return request.getfixturevalue("server").store(f"{new_name()}/some/prefix")
    return request.getfixturevalue("containers")(new_name())
