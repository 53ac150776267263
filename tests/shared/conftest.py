from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import parts
from shared.servers import Redis, valkey_program


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
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(parts.need("Redis"), tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
