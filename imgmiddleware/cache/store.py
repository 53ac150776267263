"""What any store of results promises.

Memory and disk are two; `cache/remote/` has those that machines share.
`imgmiddleware.testing.ResultStoreConformance` tests what is promised here.
"""

import re
import time
from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from imgmiddleware.messages import Result

Era = Hashable
"""What stays equal until somebody purges. It is compared with `==` and not looked into."""

Tags = tuple[str, ...]
"""The tags of all originals of a result, at least one: that of the picture, then its overlays'."""

LOOK_EVERY = 0.02
"""Seconds between two looks at whether another process has made a picture: 30 µs each."""

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""How a key looks."""


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
    any other, `put` and `claim` raise `ValueError`. A tag stands for an original whatever its
    version; a result has those of all originals that it is made of.

    A store may forget what it holds at any time, and need not take what it is given. It raises
    nothing if a disk or a network fails: then it holds nothing, and the picture is made.
    """

    def get(self, key: str) -> Result | None:
        """The result of this key, with the bytes that were put, or None.

        The caller closes a body that is a file. Such a body stays readable, whatever is put or
        purged meanwhile.
        """
        ...

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        """Hold a result, whose body is bytes, in the place of what this key had.

        `era` was asked for before its originals were opened. If somebody has purged since, the
        result may be of what was purged. Then it is not held, and what else has the first of its
        tags need not be any more.
        """
        ...

    def purge(self, tag: str) -> int:
        """Remove all results that have this tag, and begin another era; how many there were.

        A `get` that begins afterwards finds none of them. A `put` of an era before brings none
        back.
        """
        ...

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        """The right to make the result of this key, as a context to be left when it is made.

        None while another has it. A process that is killed has it no longer. A store that cannot
        keep others out gives it to all who ask. Then a picture is made twice, and still served.
        """
        ...

    def wait(self, key: str, seconds: float) -> None:
        """Return when the claim of this key, which another has, may have been left; after so many
        seconds at most.
        """
        ...

    def era(self) -> Era:
        """The era of now: another one after each purge, whichever process has purged."""
        ...

    def holding(self) -> dict[str, Holding]:
        """What is held, by the name of the place: "memory", "disk"."""
        ...


class NoStore:
    """No store, as a store: it holds nothing, and nobody has to ask whether there is one."""

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
    """Wait where nobody can wake who waits."""
    time.sleep(min(seconds, LOOK_EVERY))


def check_key(key: str) -> None:
    """Raises `ValueError` for what is no key: it might name a file somewhere else."""
    if not KEY.fullmatch(key):
        raise ValueError(f"no key of a result: {key!r}")
