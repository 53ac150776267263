"""The duties of every store of results, as tests."""

import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from imgmiddleware.cache.store import Era, Holding, ResultStore, Tags
from imgmiddleware.messages import FileBody, Result
from imgmiddleware.testing.acting import content, in_threads, leaves_no_file_open


class ResultStoreConformance:
    """The duties of every store of results: those that `imgmiddleware.cache.store` names.

    Give `make_store`, and `make_other` where processes share the store.
    """

    keeps = True
    """Whether the store holds results that are put: some of up to 64 KiB."""
    excludes = True
    """Whether a claim keeps others out."""

    def make_store(self) -> ResultStore:
        """A store that holds nothing."""
        raise NotImplementedError

    def make_other(self, store: ResultStore) -> ResultStore:
        """The same store as another process sees it; itself where processes share nothing."""
        return store

    def test_what_was_not_put_is_not_there(self) -> None:
        store = self.make_store()
        _put(store, "a")
        for key in ("b", "A", "aa"):
            assert store.get(key) is None

    def test_what_was_put_is_got_whole(self) -> None:
        store = self.make_store()
        for body in (b"", b"\0\xff" * 9, content(65_536)):
            made = Result(body, "image/x-é", ("first", 'é "second", 雪'))
            store.put("key-_09azAZ", made, ("tag",), store.era())
            for seen in (store, self.make_other(store)):
                self._is(made, seen, "key-_09azAZ")

    def test_a_second_result_of_a_key_takes_the_place_of_the_first(self) -> None:
        store = self.make_store()
        _put(store, "a", b"old")
        self._is(_put(store, "a", b"newer"), store, "a")

    def test_a_purge_takes_what_has_its_tag_and_nothing_else(self) -> None:
        store = self.make_store()
        for key in ("a1", "a2", "a3"):
            _put(store, key, tag="a")
        kept, other = _put(store, "b", tag="ab"), self.make_other(store)
        self._is(
            Result(b"body", "image/png"), other, "a1"
        )  # the other store has it before the purge
        assert store.purge("a") == (3 if self.keeps else 0), (
            "purge counts the results that it removed"
        )
        for seen in (store, other, self.make_other(store)):
            assert [seen.get(key) for key in ("a1", "a2", "a3")] == [None] * 3
            self._is(kept, seen, "b")
        assert store.purge("a") == 0
        self._is(_put(store, "a1", tag="a"), store, "a1")

    def test_a_purge_takes_what_has_its_tag_beside_another(self) -> None:
        store = self.make_store()
        _put(store, "ab", tag="a", also=("b",))
        _put(store, "cba", tag="c", also=("b", "a", "b"))
        kept, other = _put(store, "c", tag="c", also=("d",)), self.make_other(store)
        assert other.purge("b") == (2 if self.keeps else 0), "purge counts a result once"
        for seen in (store, other, self.make_other(store)):
            assert [seen.get(key) for key in ("ab", "cba")] == [None] * 2
            self._is(kept, seen, "c")
        _put(store, "ab", tag="a", also=("b",))
        assert store.purge("a") == self.keeps
        assert store.purge("b") == 0, "a removed result has no tags"
        assert store.purge("d") == self.keeps

    def test_a_purge_begins_another_era_for_everybody(self) -> None:
        store = self.make_store()
        eras: list[Era] = [store.era()]
        self._is(_put(store, "a"), store, "a")
        assert store.era() == eras[0], "there was no purge"
        for tag in ("tag", "tag", "none"):
            self.make_other(store).purge(tag)
            assert not self.keeps or store.era() not in eras, "an era came twice"
            eras.append(store.era())

    def test_what_is_of_an_era_before_is_not_kept(self) -> None:
        store = self.make_store()
        era = store.era()
        kept = _put(store, "b", tag="b")
        self.make_other(store).purge("a")
        store.put("a", Result(b"old", "image/png"), ("a", "c"), era)
        assert store.get("a") is None, "a purged result has come back"
        self._is(kept, store, "b")

    def test_what_was_got_stays_readable(self) -> None:
        store = self.make_store()
        made = _put(store, "a", content(65_536))
        got = store.get("a")
        store.purge("tag")
        assert got is None or got.read() == made.body

    def test_bodies_are_closed(self) -> None:
        store = self.make_store()
        _put(store, "a")

        def read_and_close() -> None:
            for finish in (Result.read, Result.close):
                if (got := store.get("a")) is not None:
                    finish(got)

        leaves_no_file_open(read_and_close)

    def test_a_claim_keeps_others_out_until_it_is_left(self) -> None:
        store = self.make_store()
        for other in (store, self.make_other(store)):
            claim = store.claim("a")
            assert claim is not None, "the claim was free"
            with claim:
                assert not self.excludes or other.claim("a") is None, "two have it at once"
                _leave(other.claim("b"))
            failing = other.claim("a")
            assert failing is not None, "a claim that was left is still held"
            with suppress(KeyError), failing:
                raise KeyError  # as where a picture cannot be made
            _leave(store.claim("a"))

    def test_one_thread_at_a_time_has_a_claim(self) -> None:
        store = self.make_store()
        inside: list[int] = []

        def take(number: int) -> None:
            for _ in range(20):
                claim = store.claim("a")
                if claim is not None:
                    with claim:
                        inside.append(number)
                        assert not self.excludes or len(inside) == 1, "two have it at once"
                        inside.remove(number)

        in_threads(take)
        _leave(store.claim("a"))

    def test_who_waits_for_a_claim_looks_again(self) -> None:
        store = self.make_store()
        other = self.make_other(store)
        claim, since = store.claim("a"), time.monotonic()
        assert claim is not None, "the claim was free"
        with claim:
            other.wait("a", 0.05)
        other.wait("a", 30)
        assert time.monotonic() - since < 20, "it waits for a claim that was left already"
        _leave(other.claim("a"))

    def test_it_tells_what_it_holds(self) -> None:
        store = self.make_store()
        for count in (0, 1, 2):
            held = store.holding()
            assert all(isinstance(holding, Holding) for holding in held.values())
            most = max((holding.entries for holding in held.values()), default=0)
            assert most == count * self.keeps, "the place that has most has all"
            assert all(0 <= holding.bytes <= holding.most for holding in held.values())
            _put(store, f"key{count}")

    def test_a_wrong_key_is_refused(self) -> None:
        store = self.make_store()
        for key in ("", "../a", "a/b", "a.b", "x" * 65, "a\n", "é", "a\0"):
            for act in (lambda key=key: _put(store, key), lambda key=key: store.claim(key)):
                try:
                    act()
                except ValueError:
                    continue
                raise AssertionError(f"{key!r} was taken for a key")

    def test_threads_put_get_and_purge_at_the_same_time(self) -> None:
        store = self.make_store()

        def work(number: int) -> None:
            for turn in range(25):
                which = (number + turn) % 5
                got = store.get(f"key{which}")
                assert got is None or got.read() == content(2000 + which), "another's body"
                _put(store, f"key{which}", content(2000 + which), tag=f"tag{which}")
                if turn % 10 == number:
                    store.purge(f"tag{which}")

        in_threads(work)
        self._is(_put(store, "key0", b"after"), store, "key0")

    def _is(self, made: Result, store: ResultStore, key: str) -> None:
        """The store has this result under the key, unless it keeps nothing."""
        got = store.get(key)
        assert (got is not None) == self.keeps, f"{key!r} was not kept"
        if got is not None:
            assert isinstance(got.body, bytes | FileBody)
            size = len(got.body)
            if isinstance(got.body, FileBody) and (path := got.body.path()) is not None:
                assert Path(path).read_bytes() == made.body, "another file than the body"
            assert (got.media_type, got.notes) == (made.media_type, made.notes)
            assert got.read() == made.body, "other bytes than were put"
            assert size == len(made.body)


def _put(
    store: ResultStore, key: str, body: bytes = b"body", tag: str = "tag", also: Tags = ()
) -> Result:
    made = Result(body, "image/png")
    store.put(key, made, (tag, *also), store.era())
    return made


def _leave(claim: AbstractContextManager[Any] | None) -> None:
    assert claim is not None, "a claim that was left is still held"
    with claim:
        pass
