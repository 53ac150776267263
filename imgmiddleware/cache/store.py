"""What keeps encoded results, and what any keeper of them promises.

Memory and disk are two. A store that machines share (Redis, an object store) would be a third.
`imgmiddleware.testing.ResultStoreConformance` tests what is promised here.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from imgmiddleware.messages import Result

Era = Hashable
"""What stays equal until somebody purges. It is compared with `==` and not looked into."""

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Holding:
    """How much is held."""

    entries: int
    """How many results, or decoded originals."""
    bytes: int
    """Their bytes."""
    most: int
    """The bytes that they may have at most."""


class ResultStore(Protocol):
    """Results by key, for any number of threads, and for all processes that share it.

    A key is the digest of all that a result depends on: 1 to 64 characters of URL-safe Base64. For
    any other, `put` and `claim` raise `ValueError`. A `tag` stands for an original whatever its
    version.

    A store may forget whatever it holds at any time, and may take nothing at all. It raises nothing
    for a disk or a network that fails: then it holds nothing, and whoever asks makes the picture.
    """

    def get(self, key: str) -> Result | None:
        """The result of this key with all its bytes as they were put, or None.

        A body in a file is the caller's to close; what was opened stays readable, whatever is put
        or purged meanwhile.
        """
        ...

    def put(self, key: str, result: Result, tag: str, era: Era) -> None:
        """Hold a result, whose body is bytes, in the place of what this key had.

        Not if somebody has purged since `era`, which was asked for before the original was opened:
        the result may be of what was purged. Then all that is held of the tag goes once more.
        """
        ...

    def purge(self, tag: str) -> int:
        """Let go of all results of one original, and begin another era; how many there were.

        No `get` that begins afterwards finds one of them, and no `put` of an era before brings one
        back.
        """
        ...

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        """The right to make the result of this key, until the context is left; None while another
        has it.

        It goes with its holder: a process that is killed holds it no longer. A store that cannot
        keep others out gives it to everybody. Then a picture is made twice, and still served.
        """
        ...

    def era(self) -> Era:
        """What another purge changes, whichever process it comes from."""
        ...

    def holding(self) -> dict[str, Holding]:
        """What is held, by the name of the place: "memory", "disk"."""
        ...


class NoStore:
    """The store of who has none: it holds nothing, so that nothing need ask whether it is there."""

    def get(self, key: str) -> Result | None:
        return None

    def put(self, key: str, result: Result, tag: str, era: Era) -> None:
        check_key(key)

    def purge(self, tag: str) -> int:
        return 0

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        check_key(key)
        return nullcontext()

    def era(self) -> Era:
        return 0

    def holding(self) -> dict[str, Holding]:
        return {}


def check_key(key: str) -> None:
    """Raises `ValueError` for what is no key: it might name a file somewhere else."""
    if not KEY.fullmatch(key):
        raise ValueError(f"no key of a result: {key!r}")
