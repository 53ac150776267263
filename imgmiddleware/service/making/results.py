"""Results in memory, over a store that the processes of a service share."""

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.sent_paths import SentPaths
from imgmiddleware.cache.memory import MemoryStore
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import Era, Holding, Tags
from imgmiddleware.cache.tiers import Tiers
from imgmiddleware.messages import Result
from imgmiddleware.service import timing
from imgmiddleware.service.making.stores import shared_store
from imgmiddleware.settings import Settings

#: The eras of memory and of the store below it.
Eras = tuple[Era, Era]

#: The era of the store before it was first asked for.
_NOT_ASKED = object()

#: A file of at most so many bytes is sent as bytes, where the server does not send files.
_SMALL = 2**20


class Pyramids(Protocol):
    """The folder of tiles beside the results, as `PyramidStore` says."""

    def takes(self, size: int) -> bool: ...
    def is_failing(self) -> bool: ...
    def open(self, key: str) -> io.FileIO | None: ...
    def drop(self, key: str) -> None: ...


class Results:
    """The results of one service. Without `cache_dir` and `tiers` each process works for itself.

    `tags` are always those of the originals of a key. `directories` are the folders of those
    originals that are files.
    """

    def __init__(
        self, settings: Settings, budget: MemoryBudget, directories: Sequence[str] = ()
    ) -> None:
        # If another server sends the files, bytes in memory would only be one more copy.
        held = 0 if settings.hands_over else settings.cache_bytes
        self._memory = MemoryStore(held, budget)
        self._shared = shared_store(settings, directories)
        self._shared_era: Era = _NOT_ASKED  # not asked yet, as the process may fork
        self._sent = SentPaths(settings.recheck)

    def at_hand(self, key: str, tags: Tags) -> Result | None:
        """The result, if it takes no file: its bytes are in memory, or its path was sent a moment
        ago. In the latter case nothing of it can be read here.
        """
        held = self._memory.get(key)
        if held is None:
            held = self._sent.get(key)
            timing.note_tier("disk")
        return held

    def found(self, key: str, tags: Tags) -> Result | None:
        """The result, wherever it is. A result of the store goes into memory, or stays a file if it
        is larger than memory takes.
        """
        shared_era = self._shared.era()
        if shared_era != self._shared_era:  # another process has purged, and it is unknown what
            if self._shared_era is not _NOT_ASKED:
                self._memory.clear()
                self._sent.clear()
            self._shared_era = shared_era
        return self._memory.get(key) or self._opened(key, tags, (self._memory.era(), shared_era))

    def found_small(self, key: str, tags: Tags) -> Result | None:
        """The same, but a small file comes as bytes; None where it cannot be read."""
        result = self.found(key, tags)
        return result if result is None or len(result.body) > _SMALL else _in_bytes(result)

    def read(self, key: str, tags: Tags) -> Result | None:
        """The result with its bytes, which any number of answers may share."""
        return _in_bytes(self.found(key, tags))

    def keep(self, key: str, result: Result, tags: Tags, era: Eras) -> None:
        """Hold a result, whose body is bytes, unless there was a purge since its `era`."""
        self._shared.put(key, result, tags, era[1])
        self._remember(key, result, tags, era)

    @property
    def pyramids(self) -> Pyramids | None:
        """The pyramids beside the results in the folder, if there is one."""
        return self._shared.pyramids if isinstance(self._shared, DiskStore | Tiers) else None

    def keep_pyramid(
        self, key: str, size: int, tag: str, era: Eras, write: Callable[[io.FileIO], None]
    ) -> None:
        """Have a pyramid written there, unless there was a purge since its `era`."""
        if isinstance(self._shared, DiskStore | Tiers):
            self._shared.put_pyramid(key, size, tag, era[1], write)

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        """The right to make a result; None while another process has it."""
        return self._shared.claim(key)

    def claim_pyramid(self, key: str) -> AbstractContextManager[Any] | None:
        """The same for a pyramid in the folder of this machine."""
        tiers = self._shared
        folder = tiers.folder if isinstance(tiers, Tiers) else None
        return (folder or tiers).claim(key)

    def wait(self, key: str, seconds: float) -> None:
        """Wait until another process may have left its claim, or so many seconds."""
        self._shared.wait(key, seconds)

    def purge(self, tag: str) -> int:
        """Forget all results with an original; returns how many there were."""
        # The store comes first: a result that is read from it meanwhile goes when memory is purged.
        purged = self._shared.purge(tag)
        return max(purged, self._memory.purge(tag))

    def era(self) -> Eras:
        """The present eras. The caller asks for them before it opens the original of a result."""
        return self._memory.era(), self._shared.era()

    def holding(self) -> dict[str, Holding]:
        """The load of each cache, by its name: "memory", "disk", "redis"."""
        return self._memory.holding() | self._shared.holding()

    def down(self) -> list[str]:
        """The places that could not be used when that was tried last."""
        return self._shared.down() if isinstance(self._shared, DiskStore | Tiers) else []

    def holding_here(self) -> dict[str, Holding]:
        """The same without servers and buckets: each process that watches would ask them."""
        shared = self._shared
        here = shared.holding_here() if isinstance(shared, Tiers) else shared.holding()
        return self._memory.holding() | here

    def _opened(self, key: str, tags: Tags, era: Eras) -> Result | None:
        """The result in the store. Its bytes go into memory, if memory takes them."""
        result = self._looked_up(key, tags, era)
        if result is None:
            return None
        if not self._memory.takes(len(result.body)):
            return self._sent.noting(key, result, lambda: self._shared.era() == era[1])
        result = _in_bytes(result)
        if result is not None:
            self._remember(key, result, tags, era)
        return result

    def _looked_up(self, key: str, tags: Tags, era: Eras) -> Result | None:
        """The result in the store, wherever that is."""
        if not isinstance(self._shared, Tiers):
            result, place = self._shared.get(key), DiskStore.place
        else:
            result, place = self._shared.found(key, tags, era[1]) or (None, "")
        if result is not None:
            timing.note_tier(place)
        return result

    def _remember(self, key: str, result: Result, tags: Tags, era: Eras) -> None:
        """Hold it in memory. The eras are compared after the put: a later purge finds it."""
        self._memory.put(key, result, tags, era[0])
        if self._shared.era() != era[1]:
            self._memory.drop(tags[0])


def _in_bytes(result: Result | None) -> Result | None:
    """The result with its bytes; None where its file cannot be read, as if there were none."""
    if result is None or isinstance(result.body, bytes):
        return result
    try:
        return replace(result, body=result.read())
    except OSError:
        return None
