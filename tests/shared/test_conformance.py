"""The stores that machines share pass the suite of all stores, on real servers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.remote import bucket_link, redis_link
from imgmiddleware.cache.remote.bucket_store import BucketStore
from imgmiddleware.cache.remote.redis_store import RedisStore
from imgmiddleware.cache.store import ResultStore
from imgmiddleware.cache.tiers import Tiers
from imgmiddleware.testing import ResultStoreConformance
from shared.servers import Redis

MB = 1 << 20
#: Seconds for a call. A machine that is busy with others takes longer than a service would wait, and the suite
#: tests what a store does when its server answers.
PATIENCE = 30.0


class OnValkey(ResultStoreConformance):
    """`recheck=0`, as the suite does not wait for what other processes are told."""

    @pytest.fixture(autouse=True)
    def _emptied(self, valkey: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(redis_link, "CALL", PATIENCE)
        self.server, self.opened = valkey, []
        yield
        for store in self.opened:
            store.close()

    def open(self) -> RedisStore:
        store = RedisStore(self.server.url, recheck=0)
        self.opened.append(store)
        return store


class TestValkey(OnValkey):
    def make_store(self) -> ResultStore:
        self.server.client().flushall()
        return self.open()

    def make_other(self, store: ResultStore) -> ResultStore:
        return self.open()


class TestRedis(TestValkey):
    """Debian's."""

    @pytest.fixture(autouse=True)
    def _emptied(self, redis_server: Redis) -> Iterator[None]:
        self.server, self.opened = redis_server, []
        yield
        for store in self.opened:
            store.close()


class OnBucket(ResultStoreConformance):
    @pytest.fixture(autouse=True)
    def _in_bucket(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(bucket_link, "CALL", PATIENCE)
        self.url, self.opened = bucket, []
        yield
        for store in self.opened:
            store.close()

    def open(self) -> BucketStore:
        store = BucketStore(self.url, recheck=0)
        self.opened.append(store)
        return store


class TestBucket(OnBucket):
    def make_store(self) -> ResultStore:
        self.url += "-"  # another place
        return self.open()

    def make_other(self, store: ResultStore) -> ResultStore:
        return self.open()


class TestFolderOverBucket(OnBucket):
    """Another process is on another machine: it has a folder of its own."""

    @pytest.fixture(autouse=True)
    def _in_folders(self, tmp_path: Path) -> None:
        self.folders = (tmp_path / str(number) for number in itertools.count())

    def make_store(self) -> ResultStore:
        self.url += "-"
        return self.make_other(self)

    def make_other(self, store: object) -> ResultStore:
        folder, shared = DiskStore(next(self.folders), 8 * MB), self.open()
        return Tiers([folder, shared], [shared, folder])


class TestFolderOverValkey(OnValkey):
    """Another process is on another machine: it has a folder of its own."""

    @pytest.fixture(autouse=True)
    def _in_folders(self, tmp_path: Path) -> None:
        self.folders = (tmp_path / str(number) for number in itertools.count())

    def make_store(self) -> ResultStore:
        self.server.client().flushall()
        return self.make_other(self)

    def make_other(self, store: object) -> ResultStore:
        folder, shared = DiskStore(next(self.folders), 8 * MB), self.open()
        return Tiers([folder, shared], [shared, folder])
