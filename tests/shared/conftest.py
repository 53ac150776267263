from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import parts
from shared.servers import Redis, valkey_program
from storeservers import BUCKET, S3, s3


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One for all tests that do it no harm."""
    server = Redis(valkey_program(), tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Redis]:
    """One that may be stopped and killed."""
    server = Redis(valkey_program(), tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def bucket(bucket_server: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place in it."""
    for name, value in bucket_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(parts.need("Redis"), tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
