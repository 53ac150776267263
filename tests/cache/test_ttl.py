"""Values by key, each for some seconds."""

from __future__ import annotations

import pytest

from imgmiddleware.cache import ttl
from imgmiddleware.cache.ttl import TtlCache


def test_a_value_is_forgotten_after_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(ttl.time, "monotonic", lambda: now)
    remembered: TtlCache[str, int] = TtlCache(2, 10)
    remembered.put("a", 1)
    now = 109.9
    assert remembered.get("a") == 1
    now = 110.0
    assert remembered.get("a") is None
    assert remembered.last("a") == 1
    for key in "bcd":
        remembered.put(key, 2)
    assert [remembered.get(key) for key in "bcd"] == [None, 2, 2]
    remembered.forget("c")
    assert [remembered.get(key) for key in "cd"] == [None, 2]
    assert [remembered.last(key) for key in "acd"] == [None, None, 2]


def test_no_seconds_remember_nothing() -> None:
    remembered: TtlCache[str, int] = TtlCache(2, 0)
    remembered.put("a", 1)
    assert remembered.get("a") is None
