"""Several stores as one: the order of looking.

A result of a lower store goes into those above. A new result is put into all of them. A purge
begins at the lowest. A result that is read there meanwhile belongs to eras of the upper stores that
are over when these are purged.

A folder belongs to one machine, and no machine can call the others. So a store that machines share
lists its purges, and the folder follows (`cache/followed.py`).
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from io import FileIO
from typing import Any, Protocol

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.pyramids import PyramidStore
from imgmiddleware.cache.followed import Followed, Lister
from imgmiddleware.cache.store import LOOK_EVERY, Era, Holding, ResultStore, Tags, check_key
from imgmiddleware.messages import Result

#: How often the eras are asked for within `recheck`, and the seconds for which they may be
#: remembered.
_OF_RECHECK, _LONGEST = 10, 0.5


class Tier(ResultStore, Protocol):
    """A store among others."""

    place: str
    """Its name in `holding`: "disk", "redis"."""

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        ...

    def excludes(self) -> bool:
        """Whether a claim keeps other processes out now."""
        ...

    def clear(self) -> int:
        """Remove all results, and begin another era; returns how many there were."""
        ...

    def close(self) -> None:
        """Close the store; it is opened again when it is needed again."""
        ...


class Tiers:
    """A `ResultStore` of several, in the order of looking.

    `claiming` are those that may have the claims: the first of them that keeps other processes out.
    The eras are asked for once in a tenth of `recheck` seconds, as a hit in memory needs them, too.
    If the era of a request is over by then, its result is not kept, or goes when the next era is
    seen.
    """

    def __init__(
        self, tiers: Sequence[Tier], claiming: Sequence[Tier], recheck: float = 0.0
    ) -> None:
        self._tiers = tuple(tiers)
        self._claiming = tuple(claiming)
        self._eras: tuple[Era, ...] = ()
        self._known_for = min(recheck / _OF_RECHECK, _LONGEST)
        self._known_until = 0.0
        folder = next((tier for tier in tiers if isinstance(tier, DiskStore)), None)
        self.folder = folder
        """The folder among them, if there is one."""
        shared = [tier if isinstance(tier, Lister) else None for tier in tiers]
        self._followed = None if folder is None else Followed(folder, shared)

    def get(self, key: str) -> Result | None:
        check_key(key)
        self.era()  # so that the folder follows
        return next(filter(None, (tier.get(key) for tier in self._tiers)), None)

    def found(self, key: str, tags: Tags, era: Era) -> tuple[Result, str] | None:
        """The same, and the place that had it. The result goes into the stores above, unless there
        was a purge since that era.
        """
        for at, tier in enumerate(self._tiers):
            result = tier.get(key)
            if result is not None:
                result = self._raised(key, result, tags, _each(era)[:at])
                return None if result is None else (result, tier.place)
        return None

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        check_key(key)
        for tier, of in zip(self._tiers, _each(era), strict=True):
            tier.put(key, result, tags, of)

    def takes(self, size: int) -> bool:
        """Whether one of them holds a body of this size."""
        return any(tier.takes(size) for tier in self._tiers)

    @property
    def pyramids(self) -> PyramidStore | None:
        """The pyramids beside the results in the folder, if there is one."""
        return None if self.folder is None else self.folder.pyramids

    def put_pyramid(
        self, key: str, size: int, tag: str, era: Era, write: Callable[[FileIO], None]
    ) -> None:
        """As `DiskStore.put_pyramid`, in the folder."""
        for tier, of in zip(self._tiers, _each(era), strict=True):
            if isinstance(tier, DiskStore):
                tier.put_pyramid(key, size, tag, of, write)

    def purge(self, tag: str) -> int:
        count = max(tier.purge(tag) for tier in reversed(self._tiers))
        self._known_until = 0.0
        return count

    def clear(self) -> int:
        """Remove everything; the number of results in the store that had most."""
        count = max(tier.clear() for tier in reversed(self._tiers))
        self._known_until = 0.0
        return count

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        return self._claimed().claim(key)

    def wait(self, key: str, seconds: float) -> None:
        since = time.monotonic()
        self._claimed().wait(key, seconds)
        # The holder may have its claim from another store, as it asked when this one was away.
        time.sleep(max(0.0, min(seconds, LOOK_EVERY) - (time.monotonic() - since)))

    def era(self) -> Era:
        now = time.monotonic()
        if now >= self._known_until:
            self._eras = self._asked()
            self._known_until = now + self._known_for
        return self._eras

    def _asked(self) -> tuple[Era, ...]:
        eras = tuple(tier.era() for tier in self._tiers)
        if self._followed is not None and self._followed.follow(eras):
            return tuple(tier.era() for tier in self._tiers)
        return eras

    def holding(self) -> dict[str, Holding]:
        """The load of each of them: "disk", "pyramids", "redis"."""
        return {name: held for tier in self._tiers for name, held in tier.holding().items()}

    def down(self) -> list[str]:
        """The names of the stores that did not answer the last call."""
        away = [each.name for each in self._tiers if isinstance(each, Lister) and not each.is_up()]
        return away if self.folder is None else [*self.folder.down(), *away]

    def holding_here(self) -> dict[str, Holding]:
        """The load of the folder, which takes no network."""
        return {} if self.folder is None else self.folder.holding()

    def close(self) -> None:
        """Close all stores; they are opened again when they are needed again."""
        self._known_until = 0.0
        for tier in self._tiers:
            tier.close()

    def _claimed(self) -> Tier:
        """The store whose claims count now: the last one, where none keeps other processes out."""
        return next((one for one in self._claiming if one.excludes()), self._claiming[-1])

    def _raised(self, key: str, result: Result, tags: Tags, eras: Sequence[Era]) -> Result | None:
        """The result, which the stores above its own hold from now on, if they take it."""
        upper = [
            (tier, era)
            for tier, era in zip(self._tiers, eras, strict=False)
            if tier.takes(len(result.body))
        ]
        if not upper:
            return result
        try:
            result = replace(result, body=result.read())
        except OSError:
            return None
        for tier, era in upper:
            tier.put(key, result, tags, era)
        return result


def _each(era: Era) -> tuple[Era, ...]:
    assert isinstance(era, tuple)  # as `Tiers.era` makes it
    return era
