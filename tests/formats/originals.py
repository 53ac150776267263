"""What every test of a probe does to a file: probe it, and say how it was refused."""

from __future__ import annotations

import random
from collections.abc import Iterator

from imgmiddleware.errors import ImageError
from imgmiddleware.formats import FORMATS, Facts, read_facts, read_profile, vet


class Stored:
    """Bytes as an original, counting what is read of them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)
        self.version, self.last_modified = "1", None
        self.total = 0

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self.total += len(part)
        return len(part)


def probe(data: bytes) -> Facts:
    return read_facts(Stored(data), FORMATS)


def refusal(data: bytes) -> str:
    """The code with which the header walk, or else the body walk, refuses; "" where neither does."""
    try:
        vet(data, probe(data))
    except ImageError as error:
        return error.code
    return ""


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
    """Run all three walks over broken copies: anything but ImageError escapes. Refusals counted."""
    refused = 0
    for broken in mutations(data, count):
        try:
            facts = probe(broken)
            read_profile(broken, facts)
            vet(broken, facts)
        except ImageError:
            refused += 1
    return refused
