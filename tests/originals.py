"""One original, counted; the damage that every test of a probe does to a file; and broken files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_facts, read_profile, vet
from imgmiddleware.formats.registry import FORMATS

NEVER = 10**9


class Stored:
    """Bytes as an original, and as a source that has it under one ID or under all.

    Calls of it are counted. After `cut_at` reads most of the bytes are gone; after `changed_at`
    reads it raises that it was changed.
    """

    last_modified = None

    def __init__(
        self, data: bytes, *, id: str = "", cut_at: int = NEVER, changed_at: int = NEVER
    ) -> None:
        self.data, self.size, self.version = data, len(data), "1"
        self.opens = self.closes = self.reads = self.total = 0
        self.totals: list[int] = []  # bytes that were read of each opening
        self._id, self._cut_at, self._changed_at = id, cut_at, changed_at

    def open(self, id: str) -> Any:
        self.opens += 1
        self.totals.append(0)
        return self if self._id in ("", id) else None

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        self.reads += 1
        if self.reads > self._changed_at:
            raise ImageError("original-changed", "it was")
        end = 60 if self.reads > self._cut_at else len(self.data)
        part = self.data[offset : min(end, offset + len(buffer))]
        buffer[: len(part)] = part
        self.total += len(part)
        if self.totals:
            self.totals[-1] += len(part)
        return len(part)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self.closes += 1


def probe(data: bytes, page: int = 0) -> Facts:
    return read_facts(Stored(data), FORMATS, page)


def refusal(data: bytes) -> str:
    """The code of the refusal by the header walk, or else by the body walk; "" where both pass."""
    try:
        vet(data, probe(data))
    except ImageError as error:
        return error.code
    return ""


def cut(data: bytes, parts: int = 10) -> list[bytes]:
    """At so many places, from the first byte on."""
    return [data[: len(data) * part // parts] for part in range(parts)]


def flipped(data: bytes, count: int = 20, seed: int = 4) -> list[bytes]:
    """So many copies, each with one flipped bit."""
    dice, results = random.Random(seed), []
    for _ in range(count):
        copy = bytearray(data)
        copy[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        results.append(bytes(copy))
    return results


def mutations(data: bytes, count: int, seed: int = 1) -> Iterator[bytes]:
    """Byte flips, most of them near the start where the structure is, and truncations."""
    dice = random.Random(seed)
    reach = min(len(data), 1500)
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 5))):
            place = dice.randrange(reach if dice.random() < 0.8 else len(data))
            changed[place] = dice.choice((0, 255, 128, dice.randrange(256)))
        yield bytes(changed)
        yield data[: dice.randrange(len(data))]


def survive(data: bytes, count: int = 150) -> int:
    """Run all three walks over broken copies, and count refusals: other errors than ImageError escape."""
    refused = 0
    for broken in mutations(data, count):
        try:
            facts = probe(broken)
            read_profile(broken, facts)
            vet(broken, facts)
        except ImageError:
            refused += 1
    return refused
