"""Values by key, of which the least recently used goes first."""

from __future__ import annotations

import pytest

from imgmiddleware.cache.lru import LruCache


def test_the_one_used_longest_ago_is_forgotten() -> None:
    recent: LruCache[str, int] = LruCache(2)
    made: list[str] = []

    def get(key: str) -> int:
        def make() -> int:
            made.append(key)
            return len(made)

        return recent.get(key, make)

    assert [get("a"), get("b"), get("a")] == [1, 2, 1]
    get("c")  # b goes, as a was used after it
    assert get("a") == 1
    assert get("b") == 4
    assert made == ["a", "b", "c", "b"]


def test_what_fails_is_not_remembered() -> None:
    recent: LruCache[str, int] = LruCache(2)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 // 0)
    assert recent.get("a", lambda: 3) == 3
