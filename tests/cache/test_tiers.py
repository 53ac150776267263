"""A folder over a store that machines share, which is here one of memory: order, eras, purges."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.memory import MemoryStore
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import Era, Holding, ResultStore, Tags
from imgmiddleware.cache.tiers import Tiers
from imgmiddleware.messages import Result
from imgmiddleware.testing import ResultStoreConformance

MB = 1 << 20
NUMBERS = itertools.count(1)


class Server:
    """The state that machines share: results, and the purges in their order."""

    def __init__(self, most: int = MB) -> None:
        self.most, self.up, self.lists = most, True, True
        self.results: dict[str, tuple[Result, Tags]] = {}
        self.purges = [(b"%d" % next(NUMBERS), "")]

    def purge(self, tag: str) -> int:
        self.purges.append((b"%d" % next(NUMBERS), tag))
        gone = [key for key, (_, tags) in self.results.items() if tag in tags]
        for key in gone:
            del self.results[key]
        return len(gone)


class Shared(MemoryStore):
    """A client of it."""

    place = name = "shared"

    def __init__(self, server: Server) -> None:
        super().__init__(0, MemoryBudget(1))
        self.server = server
        self.asked = self.closed = 0

    def get(self, key: str) -> Result | None:
        found = self.server.results.get(key)
        return None if found is None else found[0]

    def takes(self, size: int) -> bool:
        return size <= self.server.most

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        super().put(key, result, tags, era)
        if self.takes(len(result.body)) and era == self.server.purges[-1][0]:
            self.server.results[key] = result, tags

    def purge(self, tag: str) -> int:
        return self.server.purge(tag)

    def clear(self) -> int:  # type: ignore[override]
        count = len(self.server.results)
        self.server.results.clear()
        self.server.purge("")
        return count

    def era(self) -> Era:
        self.asked += 1
        return self.server.purges[-1][0]

    def holding(self) -> dict[str, Holding]:
        return {"shared": Holding(len(self.server.results), 0, MB)}

    def excludes(self) -> bool:
        return self.server.up

    def is_up(self) -> bool:
        return self.server.up

    def purged_since(self, era: Era) -> frozenset[str] | None:
        eras = [one for one, _ in self.server.purges]
        if not self.server.lists or era not in eras:
            return None
        return frozenset(tag for _, tag in self.server.purges[eras.index(era) + 1 :])

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Tiers]:
    """Makes the tiers of a machine, whose folder has this name."""

    def make(server: Server, name: str = "one", recheck: float = 0) -> Tiers:
        folder, shared = DiskStore(tmp_path / name, 8 * MB), Shared(server)
        return Tiers([folder, shared], [shared, folder], recheck)

    return make


class TestTiers(ResultStoreConformance):
    excludes = False

    @pytest.fixture(autouse=True)
    def _in_folders(self, tmp_path: Path) -> None:
        self.folders = (tmp_path / str(number) for number in itertools.count())

    def make_store(self) -> ResultStore:
        self.server = Server()
        return self.make_other(self)

    def make_other(self, store: object) -> ResultStore:
        folder, shared = DiskStore(next(self.folders), 8 * MB), Shared(self.server)
        return Tiers([folder, shared], [shared, folder])


def put(tiers: Tiers, key: str, tag: str = "tag", body: bytes = b"body") -> None:
    tiers.put(key, Result(body, "image/png"), (tag,), tiers.era())


def has(store: Any, key: str) -> bool:
    found = store.get(key)
    if found is not None:
        found.close()
    return found is not None


def found(tiers: Tiers, key: str, tag: str = "tag") -> tuple[bytes, str] | None:
    at = tiers.found(key, (tag,), tiers.era())
    return None if at is None else (at[0].read(), at[1])


def test_what_is_found_below_goes_up_and_is_told_by_its_place(
    machine: Callable[..., Tiers],
) -> None:
    server = Server()
    put(machine(server), "a")
    other = machine(server, "other")
    assert found(other, "a") == (b"body", "shared")
    server.results.clear()
    assert found(other, "a") == (b"body", "disk")
    assert found(other, "b") is None


def test_what_a_tier_does_not_take_stays_where_it_is(machine: Callable[..., Tiers]) -> None:
    server = Server(most=10)
    tiers = machine(server)
    put(tiers, "large", body=bytes(20))
    assert not server.results
    assert found(tiers, "large") == (bytes(20), "disk")
    assert tiers.takes(20)


def test_what_is_found_above_goes_nowhere(machine: Callable[..., Tiers]) -> None:
    server = Server()
    tiers = machine(server)
    put(tiers, "a")
    server.results.clear()
    assert found(tiers, "a") == (b"body", "disk")
    assert not server.results


def test_of_a_purge_folders_lose_what_has_its_tag_and_keep_the_rest(
    machine: Callable[..., Tiers],
) -> None:
    server = Server()
    one, other = machine(server), machine(server, "other")
    for tiers in (one, other):
        put(tiers, "a", "tag")
        put(tiers, "b", "kept")
    one.purge("tag")
    other.era()
    assert other.folder is not None
    assert not has(other.folder, "a")
    assert has(other.folder, "b")


@pytest.mark.parametrize("lists", [True, False])
def test_a_folder_that_was_away_reads_the_list_or_is_emptied(
    machine: Callable[..., Tiers], *, lists: bool
) -> None:
    server = Server()
    away = machine(server, "away")
    put(away, "a", "tag")
    put(away, "b", "kept")
    server.purge("tag")
    server.lists = lists
    back = machine(server, "away")
    back.era()
    assert back.folder is not None
    assert not has(back.folder, "a")
    assert has(back.folder, "b") == lists


def test_a_folder_that_joins_keeps_what_it_has(
    machine: Callable[..., Tiers], tmp_path: Path
) -> None:
    folder = DiskStore(tmp_path / "one", 8 * MB)
    folder.put("a", Result(b"body", "image/png"), ("tag",), folder.era())
    assert has(machine(Server()), "a")


def test_where_the_folder_cannot_note_each_process_follows_by_itself(
    machine: Callable[..., Tiers], tmp_path: Path
) -> None:
    server = Server()
    tiers = machine(server)
    put(tiers, "a")
    (tmp_path / "one" / "followed").rename(tmp_path / "moved")
    (tmp_path / "one" / "followed").write_text("in its way")
    server.purge("tag")
    tiers.era()
    assert not has(tiers.folder, "a")


def test_purges_begin_at_the_lowest() -> None:
    """Read below before it is purged there, and put above: that era is over by then."""
    upper, lower = Shared(Server()), Shared(Server())
    tiers = Tiers([upper, lower], [upper])
    lower.put("a", Result(b"body", "image/png"), ("tag",), lower.era())
    real, read = lower.purge, []

    def purge(tag: str) -> int:
        read.append(tiers.found("a", (tag,), tiers.era()))
        return real(tag)

    lower.purge = purge  # type: ignore[method-assign]
    tiers.purge("tag")
    assert read[0] is not None
    assert not has(tiers, "a")


def test_eras_are_asked_for_once_in_a_while(
    machine: Callable[..., Tiers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgmiddleware.cache.tiers._LONGEST", 3600)
    server = Server()
    seldom, always = machine(server, recheck=36000), machine(server, "other")
    for tiers in (seldom, always):
        for _ in range(5):
            tiers.era()
    assert (seldom._tiers[1].asked, always._tiers[1].asked) == (2, 6)  # once more after the first
    era = seldom.era()
    server.purge("tag")
    assert seldom.era() == era
    assert always.era() != era
    seldom.purge("tag")
    assert seldom.era() != era, "who purges knows of it"


def test_claims_are_those_of_who_answers(machine: Callable[..., Tiers]) -> None:
    server = Server()
    one, other = machine(server), machine(server)

    def both() -> list[AbstractContextManager[Any] | None]:
        return [one.claim("a"), other.claim("a")]

    assert all(both()), "memory keeps nobody out"
    server.up = False
    first, second = both()
    assert first is not None
    assert second is None, "now the folder's count"
    assert one.down() == ["shared"]
    with first or nullcontext():
        pass


def test_who_waits_does_not_ask_without_a_pause(
    machine: Callable[..., Tiers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a process waits for a claim of the folder while a server's own is free."""
    tiers = machine(Server())
    monkeypatch.setattr(Shared, "wait", lambda *arguments: None)
    since = time.monotonic()
    for _ in range(5):
        tiers.wait("a", 1)
    assert time.monotonic() - since > 0.05


def test_closing_and_clearing_reach_all(machine: Callable[..., Tiers]) -> None:
    server = Server()
    tiers = machine(server)
    put(tiers, "a")
    assert tiers.clear() == 1
    assert not has(tiers, "a")
    assert set(tiers.holding()) == {"disk", "pyramids", "shared"}
    assert set(tiers.holding_here()) == {"disk", "pyramids"}
    tiers.close()
    assert tiers._tiers[1].closed == 1


def test_a_pyramid_is_the_folders(machine: Callable[..., Tiers]) -> None:
    tiers = machine(Server())
    assert tiers.pyramids is not None
    tiers.put_pyramid("key", 5, "tag", tiers.era(), lambda file: file.write(b"bytes"))
    shared = Shared(Server())
    assert Tiers([shared], [shared]).pyramids is None
