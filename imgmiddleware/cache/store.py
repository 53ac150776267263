"""The promises of every store of results.

Memory and disk are two; `cache/remote/` has those that machines share.
`imgmiddleware.testing.ResultStoreConformance` tests them.
"""

import re
import time
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from imgmiddleware.messages import Result

Era = Hashable
"""A value that stays equal until the next purge. Callers only compare it with `==`."""

Tags = tuple[str, ...]
"""The tags of all originals of a result, at least one: that of the picture, then its overlays'."""

LOOK_EVERY = 0.02
"""Seconds between two looks at whether another process has made a picture: 30 µs each."""

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""The form of a key."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The load of a store."""

    entries: int
    """The number of results, or decoded originals."""
    bytes: int
    """Their bytes."""
    most: int
    """The bytes that they may have at most."""


class ResultStore(Protocol):
    """Results by key, for any number of threads, and for all processes that share it.

    A key is the digest of all that a result depends on: 1 to 64 characters of URL-safe Base64. For
    any other, `put` and `claim` raise `ValueError`. A tag stands for an original whatever its
    version; a result has the tags of all its originals.

    A store may forget a result at any time, and need not take every one. It raises nothing if a
    disk or a network fails: then it holds nothing, and the picture is made.
    """

    def get(self, key: str) -> Result | None:
        """The result of this key, with the bytes that were put, or None.

        The caller closes a body that is a file. Such a body stays readable, whatever is put or
        purged meanwhile.
        """
        ...

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        """Hold a result, whose body is bytes, in place of the one that this key had.

        `era` is from before its originals were opened. If there was a purge since, the result may
        be of a purged original. Then it is not held, and other results with the first of its tags
        may go too.
        """
        ...

    def purge(self, tag: str) -> int:
        """Remove all results that have this tag, and begin another era; returns how many there
        were.

        A `get` that begins afterwards finds none of them. A `put` with an earlier era brings none
        back.
        """
        ...

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        """The right to make the result of this key, as a context to be left when it is made.

        None while another process or thread has it. A process that is killed has it no longer. A
        store that cannot keep others out gives it to every caller. Then a picture is made twice,
        and still served.
        """
        ...

    def wait(self, key: str, seconds: float) -> None:
        """Return when another process may have left the claim of this key; after so many seconds at
        most.
        """
        ...

    def era(self) -> Era:
        """The present era: another one after each purge, by any process."""
        ...

    def holding(self) -> dict[str, Holding]:
        """The load of each place, by its name: "memory", "disk"."""
        ...


class NoStore:
    """A store that holds nothing, so that no caller has to check whether there is one."""

    def get(self, key: str) -> Result | None:
        return None

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        check_key(key)

    def purge(self, tag: str) -> int:
        return 0

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        check_key(key)
        return nullcontext()

    def wait(self, key: str, seconds: float) -> None:
        pause(seconds)

    def era(self) -> Era:
        return 0

    def holding(self) -> dict[str, Holding]:
        return {}


def pause(seconds: float) -> None:
    """Wait where no thread can wake this one."""
    time.sleep(min(seconds, LOOK_EVERY))


def check_key(key: str) -> None:
    """Raises `ValueError` for an invalid key: it might name a file somewhere else."""
    if not KEY.fullmatch(key):
        raise ValueError(f"no key of a result: {key!r}")
