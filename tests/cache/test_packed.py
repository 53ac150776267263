"""The answers of a foreign store: bytes that are no result of ours give none."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from imgmiddleware.cache.remote.packed import head_of, unpacked
from imgmiddleware.messages import Result

BODY = b"body"


def head(said: Any) -> bytes:
    """One whose checksum fits, whatever it says."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return b"%08x" % zlib.crc32(BODY, zlib.crc32(text)) + text


def test_what_was_put_is_found() -> None:
    packed = head_of("key", Result(BODY, "image/png", ("clipped=3",)))
    found = unpacked("key", packed, BODY)
    assert found is not None
    assert (found.read(), found.media_type, found.notes) == (BODY, "image/png", ("clipped=3",))
    assert packed == head(["key", "image/png", ["clipped=3"], 4])


@pytest.mark.parametrize(
    "said",
    [
        1, None, [], {}, "key", ["key", "image/png", [], 4, 5], ["key", 7, [], 4], ["key", "image/png", 7, 4],
        ["key", "image/png", "note", 4], ["other", "image/png", [], 4], ["key", "image/png", [], 5],
        [["key"], "image/png", [], 4], ["key", "image/png", [1], 4], b"[" * 9_000, b"\xff",
    ],
)  # fmt: skip
def test_what_says_anything_else_is_none(said: Any) -> None:
    """As from a later version of this package, or from another program: none raises."""
    assert unpacked("key", head(said), BODY) is None
