"""The suites find faults: each breach of one rule fails the test of this rule."""

from __future__ import annotations

import io
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from imgmiddleware import BytesOriginal, ImageError
from imgmiddleware.cache.memory import MemoryStore
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import Holding
from imgmiddleware.messages import FileBody, Result
from imgmiddleware.testing import ResultStoreConformance, SourceConformance

Suite = SourceConformance | ResultStoreConformance


class Originals:
    """A source that obeys: contents in memory."""

    kind: Callable[[bytes], Any] = BytesOriginal

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def open(self, id: str) -> Any:
        data = self.contents.get(id)
        return None if data is None else self.kind(data)


class OfOriginals(SourceConformance):
    source: type[Originals] = Originals
    secrets = ("/srv/secret",)

    def make_source(self) -> Any:
        return self.source()

    def write(self, source: Any, id: str, data: bytes) -> None:
        source.contents[id] = data


class OfResults(ResultStoreConformance):
    store: Callable[[], Any]
    excludes = False

    def make_store(self) -> Any:
        return self.store()


def rules(suite: type[Suite]) -> list[str]:
    return [name for name in dir(suite) if name.startswith("test_")]


def of(kind: type[Any]) -> type[OfOriginals]:
    """The suite on a source of such originals."""
    return by(type("Source", (Originals,), {"kind": kind}))


def by(source: Callable[[], Any]) -> type[OfOriginals]:
    """The suite on such a source."""
    return type("By", (OfOriginals,), {"source": staticmethod(source)})


class ShortReads(BytesOriginal):
    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        return super().read_into(buffer[:65536], offset)


class NoOffset(BytesOriginal):
    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        return super().read_into(buffer)


class EndRaises(BytesOriginal):
    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        assert offset < self.size
        return super().read_into(buffer, offset)


class SizeOfBlocks(BytesOriginal):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size = -(-self.size // 512) * 512


class VersionOfSize(BytesOriginal):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.version = str(self.size)


class VersionOfOpening(BytesOriginal):
    numbers = count()

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.version = str(next(self.numbers))


class VersionOfNothing(BytesOriginal):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.version = ""


class FractionOfASecond(BytesOriginal):
    last_modified: Any = 784_111_777.5


class Milliseconds(BytesOriginal):
    last_modified: Any = 784_111_777_000


class SizeOfAFloat(BytesOriginal):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size: Any = float(len(data))


class Swallowing(BytesOriginal):
    def __exit__(self, *error: object) -> Any:
        return True


class NeverClosed(BytesOriginal):
    files: list[Any] = []

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.files.append(Path(__file__).open("rb"))  # noqa: SIM115 - on purpose


class NoSize(BytesOriginal):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        del self.size


class Latest(Originals):
    """Reads the present content, under the version of the opened one."""

    def open(self, id: str) -> Any:
        original = super().open(id)
        if original is not None:
            original.read_into = lambda buffer, offset=0: BytesOriginal(
                self.contents[id]
            ).read_into(buffer, offset)
        return original


class Refusing(Originals):
    """Reports a changed original as a source that is down, or shows its place."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__()
        self.refusal = (code, detail)

    def open(self, id: str) -> Any:
        original, opened = super().open(id), self.contents.get(id)
        if original is None:
            return None
        real = original.read_into

        def read_into(buffer: memoryview, offset: int = 0) -> int:
            if self.contents[id] != opened:
                raise ImageError(*self.refusal)
            return int(real(buffer, offset))

        original.read_into = read_into
        return original


class Everything(Originals):
    def open(self, id: str) -> Any:
        return super().open(id) or BytesOriginal(b"")


class Decoding(Originals):
    """Decodes once more the text that the service has decoded."""

    def open(self, id: str) -> Any:
        return super().open(unquote(id))


class CutAtNull(Originals):
    """Hands the ID to a library in C."""

    def open(self, id: str) -> Any:
        return super().open(id.partition("\0")[0])


class NamesAlone(Originals):
    """Takes the end of an ID for all of it."""

    def open(self, id: str) -> Any:
        ends = {known.rpartition("/")[2]: data for known, data in self.contents.items()}
        data = ends.get(id.rpartition("/")[2][:1])
        return None if data is None else BytesOriginal(data)


class One(Originals):
    """Opens an ID once, and gives the same to everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: dict[tuple[str, bytes], Any] = {}

    def open(self, id: str) -> Any:
        if id not in self.contents:
            return None
        return self.opened.setdefault((id, self.contents[id]), Closing(self.contents[id]))


class Closing(BytesOriginal):
    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        assert not vars(self).get("closed")
        return super().read_into(buffer, offset)

    def __exit__(self, *error: object) -> None:
        self.closed = True


SOURCES: list[tuple[str, type[SourceConformance]]] = [
    ("test_it_is_an_original", of(NoSize)),
    ("test_the_size_is_that_of_the_content", of(SizeOfBlocks)),
    ("test_the_size_is_that_of_the_content", of(SizeOfAFloat)),
    ("test_one_read_fills_the_buffer", of(ShortReads)),
    ("test_it_is_read_at_any_offset_in_any_order", of(NoOffset)),
    ("test_fewer_bytes_are_read_only_at_the_end", of(EndRaises)),
    ("test_the_version_is_a_text_that_does_not_change", of(VersionOfNothing)),
    ("test_it_was_modified_at_a_whole_second_or_nobody_knows", of(FractionOfASecond)),
    ("test_it_was_modified_at_a_whole_second_or_nobody_knows", of(Milliseconds)),
    ("test_what_is_raised_inside_goes_on", of(Swallowing)),
    ("test_it_is_closed", of(NeverClosed)),
    ("test_there_is_no_original_of_an_unknown_id", by(Everything)),
    ("test_there_is_no_original_of_an_unknown_id", by(Decoding)),
    ("test_there_is_no_original_of_an_unknown_id", by(CutAtNull)),
    ("test_each_id_has_an_original_of_its_own", by(NamesAlone)),
    ("test_the_version_stays_while_the_content_does", of(VersionOfOpening)),
    ("test_another_content_of_the_same_size_is_another_version", of(VersionOfSize)),
    ("test_two_openings_do_not_disturb_each_other", by(One)),
    ("test_what_is_changed_while_it_is_open_is_never_mixed", by(Latest)),
    (
        "test_what_is_changed_while_it_is_open_is_never_mixed",
        by(lambda: Refusing("source-unavailable", "down")),
    ),
    (
        "test_what_is_changed_while_it_is_open_is_never_mixed",
        by(lambda: Refusing("original-changed", "/srv/secret/a")),
    ),
    ("test_threads_open_it_at_the_same_time", by(One)),
]  # fmt: skip


class Store(MemoryStore):
    """A store that obeys."""

    def __init__(self) -> None:
        super().__init__(1 << 23, MemoryBudget(1 << 24))


class LosesNotes(Store):
    def get(self, key: str) -> Result | None:
        found = super().get(key)
        return found and Result(found.body, found.media_type)


class OneForAll(Store):
    def get(self, key: str) -> Result | None:
        return super().get("a")


class OneCase(Store):
    """Compares keys as some databases do."""

    def get(self, key: str) -> Result | None:
        return super().get(key.lower())


class OneLength(Store):
    """Compares the beginnings of keys."""

    def get(self, key: str) -> Result | None:
        return super().get(key[:1])


class OtherPath(Store):
    """Names another file than the one whose bytes it hands out."""

    def get(self, key: str) -> Result | None:
        found = super().get(key)
        if found is None:
            return None
        body, size = io.BytesIO(found.read()), len(found.body)
        return replace(found, body=FileBody(body, size, 0, size, lambda: __file__))


class FirstStays(Store):
    def put(self, key: str, result: Result, tags: Any, era: Any) -> None:
        if self.get(key) is None:
            super().put(key, result, tags, era)


class PurgesAll(Store):
    def purge(self, tag: str) -> int:
        purged = super().purge(tag)
        self.clear()
        return purged


class PurgesPrefix(Store):
    """Looks for a tag as for the beginning of one."""

    def put(self, key: str, result: Result, tags: Any, era: Any) -> None:
        super().put(key, result, tuple(tag[:1] for tag in tags), era)


class OneTag(Store):
    """Knows of one original for each result."""

    def put(self, key: str, result: Result, tags: Any, era: Any) -> None:
        super().put(key, result, tags[:1], era)


class Remembers(Store):
    """A process's own view of the store, which no purge of others clears."""

    def __init__(self, store: Any) -> None:
        super().__init__()
        self.store = store
        self.seen: dict[str, Result] = {}

    def get(self, key: str) -> Result | None:
        found = self.seen.get(key) or self.store.get(key)
        if found is not None:
            self.seen[key] = found
        return found

    def purge(self, tag: str) -> int:
        return int(self.store.purge(tag))

    def claim(self, key: str) -> Any:
        return self.store.claim(key)

    def wait(self, key: str, seconds: float) -> None:
        self.store.wait(key, seconds)


class PurgesNothing(Store):
    def drop(self, tag: str) -> int:
        return 0


class OneEra(Store):
    def era(self) -> Any:
        return 1

    def put(self, key: str, result: Result, tags: Any, era: Any) -> None:
        super().put(key, result, tags, super().era())


class NoEra(Store):
    def put(self, key: str, result: Result, tags: Any, era: Any) -> None:
        super().put(key, result, tags, self.era())


class CutAtPurge(Store):
    """Hands out a body that a purge takes from under it."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False

    def get(self, key: str) -> Any:
        found = super().get(key)
        if found is None:
            return None
        return Reading(self, found)

    def purge(self, tag: str) -> int:
        self.gone = True
        return super().purge(tag)


class Reading(Result):
    """A body that has lost its bytes when it is read after a purge."""

    def __init__(self, store: CutAtPurge, result: Result) -> None:
        super().__init__(result.body, result.media_type, result.notes)
        object.__setattr__(self, "store", store)

    def read(self) -> bytes:
        return b"" if self.store.gone else super().read()


class LeavesFilesOpen(Store):
    files: list[Any] = []

    def get(self, key: str) -> Result | None:
        found = super().get(key)
        if found is None:
            return None
        self.files.append(Path(__file__).open("rb"))  # noqa: SIM115 - on purpose
        return found


class Counts(Store):
    def holding(self) -> dict[str, Holding]:
        return {"memory": Holding(1, 0, 0)}


class AnyKey(Store):
    def claim(self, key: str) -> Any:
        return nullcontext()


class ClaimOnce(Store):
    """A claim that is never free again."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed: set[str] = set()

    def claim(self, key: str) -> Any:
        if key in self.claimed:
            return None
        self.claimed.add(key)
        return super().claim(key)


class HeldByFailure(Store):
    """A claim that only the maker of a picture gives back."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed: set[str] = set()

    def claim(self, key: str) -> Any:
        return None if key in self.claimed else self.claimed_by(key)

    @contextmanager
    def claimed_by(self, key: str) -> Iterator[None]:
        self.claimed.add(key)
        yield
        self.claimed.discard(key)


class Mixes(Store):
    """Gives one key's body to another once many are held."""

    def get(self, key: str) -> Result | None:
        return super().get("key1" if key == "key2" else key)


def on(store: type[Any], **values: Any) -> type[OfResults]:
    return type("Of", (OfResults,), {"store": store, **values})


STORES: list[tuple[str, type[ResultStoreConformance]]] = [
    ("test_what_was_not_put_is_not_there", on(OneForAll)),
    ("test_what_was_not_put_is_not_there", on(OneCase)),
    ("test_what_was_not_put_is_not_there", on(OneLength)),
    ("test_what_was_put_is_got_whole", on(LosesNotes)),
    ("test_what_was_put_is_got_whole", on(OtherPath)),
    ("test_a_second_result_of_a_key_takes_the_place_of_the_first", on(FirstStays)),
    ("test_a_purge_takes_what_has_its_tag_and_nothing_else", on(PurgesAll)),
    ("test_a_purge_takes_what_has_its_tag_and_nothing_else", on(PurgesNothing)),
    ("test_a_purge_takes_what_has_its_tag_and_nothing_else", on(PurgesPrefix)),
    (
        "test_a_purge_takes_what_has_its_tag_and_nothing_else",
        on(Store, make_other=lambda self, store: Remembers(store)),
    ),
    ("test_a_purge_takes_what_has_its_tag_beside_another", on(OneTag)),
    ("test_a_purge_begins_another_era_for_everybody", on(OneEra)),
    ("test_what_is_of_an_era_before_is_not_kept", on(NoEra)),
    ("test_what_was_got_stays_readable", on(CutAtPurge)),
    ("test_bodies_are_closed", on(LeavesFilesOpen)),
    ("test_a_claim_keeps_others_out_until_it_is_left", on(Store, excludes=True)),
    ("test_a_claim_keeps_others_out_until_it_is_left", on(ClaimOnce)),
    ("test_a_claim_keeps_others_out_until_it_is_left", on(HeldByFailure)),
    ("test_who_waits_for_a_claim_looks_again", on(ClaimOnce)),
    ("test_one_thread_at_a_time_has_a_claim", on(ClaimOnce)),
    ("test_it_tells_what_it_holds", on(Counts)),
    ("test_a_wrong_key_is_refused", on(AnyKey)),
    ("test_threads_put_get_and_purge_at_the_same_time", on(Mixes)),
]


@pytest.mark.parametrize(("name", "suite"), SOURCES + STORES)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_breach_fails_the_test_of_its_rule(name: str, suite: type[Suite]) -> None:
    with pytest.raises((AssertionError, AttributeError)):
        getattr(suite(), name)()
    for left in (NeverClosed.files, LeavesFilesOpen.files):
        while left:
            left.pop().close()


def test_each_test_of_the_suites_has_a_breach() -> None:
    for cases, suite in ((SOURCES, SourceConformance), (STORES, ResultStoreConformance)):
        assert {name for name, _ in cases} == set(rules(suite))


def test_what_obeys_passes() -> None:
    for suite in (OfOriginals, on(Store)):
        for name in rules(suite):
            getattr(suite(), name)()


def test_unittest_runs_them_too() -> None:
    class Case(OfOriginals, unittest.TestCase):
        pass

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.wasSuccessful()) == (len(rules(SourceConformance)), True)
