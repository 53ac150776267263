"""Wholes: the sources of small parts of an original that clients ask for again and again.

An original that can only be decoded as a whole is decoded once then. If all its samples fit, they
are held with the decoded originals. If not, one process keeps them as a pyramid, for all, in the
folder of the results. docs/caching.md says which parts these are.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

from imgmiddleware.cache.key import picture_key
from imgmiddleware.cache.lru import LruCache
from imgmiddleware.imaging.decode import told
from imgmiddleware.imaging.draft import Draft, Rows
from imgmiddleware.imaging.engine import engine
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.parts import Part, level_bytes, part_of
from imgmiddleware.imaging.pyramid import Pyramid, TornError
from imgmiddleware.messages import Result
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit, polled
from imgmiddleware.service.admission.turns import Turns
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.job import Layer
from imgmiddleware.service.making.results import Results
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal

#: The note where a whole is larger than the pyramids' share of the folder: all of it is decoded for
#: each part.
NOT_KEPT = "not-kept"

#: The number of wholes whose requests are counted.
_MOST_ASKED = 1024


class Place(Enum):
    """The place where a whole is kept."""

    MEMORY = "memory"
    FOLDER = "folder"
    NOWHERE = "nowhere"  # it is too large


@dataclass(frozen=True, slots=True)
class Wanted:
    """A part that may be cut from a whole, and that whole's key: in memory, and in the folder."""

    part: Part
    place: Place
    decoded: tuple[object, ...]
    key: str  # empty where the folder has none


class Wholes:
    """The wholes of one service, and the counts of requests for them."""

    def __init__(
        self,
        settings: Settings,
        decoded: Decoded,
        results: Results,
        limit: WaitLimit,
    ) -> None:
        self._settings = settings
        self._decoded = decoded
        self._results = results
        self._limit = limit
        self._turns = Turns(limit)
        self._asked: LruCache[tuple[object, ...], list[int]] = LruCache(_MOST_ASKED)

    def wanted(self, layer: Layer) -> Wanted | None:
        """The whole that the job may be cut from; it counts as asked for if the part is small.

        None where the original is decoded by itself.
        """
        wanted = self._of(layer)
        if wanted is not None and wanted.part.small:
            self._count(wanted)[0] += 1
        return None if wanted is None or wanted.place is Place.NOWHERE else wanted

    def again(self, wanted: Wanted) -> bool:
        """Whether small parts of the whole were asked for more than once."""
        return wanted.part.small and self._count(wanted)[0] > 1

    @contextmanager
    def found(self, wanted: Wanted, deadline: Deadline) -> Iterator[Held | Pyramid | None]:
        """The whole. If there is none and the part is small, no other request makes one now."""
        with ExitStack() as opened:
            whole = self._look(wanted, opened)
            if whole is None and wanted.part.small and wanted.place is Place.FOLDER:
                with timing.step("wait"):
                    whole = self._awaited(wanted, opened, deadline)
            yield whole

    def _awaited(
        self, wanted: Wanted, opened: ExitStack, deadline: Deadline
    ) -> Held | Pyramid | None:
        """The whole that another makes now; or None, and the right to make it with the stack."""
        while (turn := self._turns.take(wanted.key)) is None:
            self._turns.wait(wanted.key, deadline)
            whole = self._look(wanted, opened)
            if whole is not None:
                return whole
        with ExitStack() as right:
            right.enter_context(turn)
            right.enter_context(self._claim(wanted, deadline))
            whole = self._look(wanted, opened)
            if whole is None:
                opened.push(right.pop_all())
            return whole

    def cut(self, layer: Layer, wanted: Wanted, whole: Held | Pyramid) -> Held | None:
        """The part; None where the pyramid is damaged, which this removes."""
        try:
            held = apart(wanted.part.cut, whole)
            if not layer.plan.in_bands:
                return held
            return told(held.averaged_by(layer.plan.level.by), layer.facts)
        except (TornError, OSError):
            self._drop(wanted)
            return None

    def keep(self, layer: Layer, wanted: Wanted, rows: Rows) -> None:
        """Write a pyramid. Raises the errors of the rows, but none where the disk fails."""
        with timing.step("keep"):
            draft = Draft(wanted.key, rows, wanted.part.averages)
            kept = wanted.key, draft.nbytes, layer.tag, layer.era
            self._results.keep_pyramid(*kept, partial(apart, draft.write))

    def opened(self, wanted: Wanted, opened: ExitStack) -> Pyramid | None:
        """The pyramid, if there is one, until the stack is left."""
        pyramids = self._results.pyramids
        file = pyramids.open(wanted.key) if pyramids and wanted.place is Place.FOLDER else None
        if file is None:
            return None
        opened.enter_context(file)
        try:
            return Pyramid(file, wanted.key, wanted.part.whole)
        except (TornError, OSError):
            self._drop(wanted)
            return None

    def remarked(self, layer: Layer, result: Result) -> Result:
        """The result as it is answered now; the kept result has no note on the disk."""
        wanted = self._of(layer)
        if wanted is None or wanted.place is not Place.NOWHERE or not self.again(wanted):
            return result
        return replace(result, notes=(*result.notes, NOT_KEPT))

    def _of(self, layer: Layer) -> Wanted | None:
        if isinstance(layer.original, ArrayOriginal) and layer.original.size > 0:
            return None  # the array is there as it is
        if not layer.plan.in_bands and self._decoded.takes(level_bytes(layer.facts, layer.plan)):
            return None  # so with most: the decoded level itself is held
        part = part_of(layer.facts, layer.plan)
        place = None if part is None else self._place(layer, part)
        if part is None or place is None:
            return None
        key = _key(layer, part) if place is Place.FOLDER else ""
        return Wanted(part, place, (*layer.page, part.whole), key)

    def _place(self, layer: Layer, part: Part) -> Place | None:
        """None where the part is decoded by itself, as there is no folder or a limit."""
        if not self._may_be_read(layer, part):
            return None
        if self._decoded.takes(part.nbytes):
            return Place.MEMORY
        pyramids = self._results.pyramids
        if pyramids is None or not self._settings.pyramid_share or pyramids.is_failing():
            return None
        return Place.FOLDER if pyramids.takes(part.kept_bytes) else Place.NOWHERE

    def _may_be_read(self, layer: Layer, part: Part) -> bool:
        """Whether all of it is within the limits, which apply to the pieces that are read."""
        pieces, settings = layer.plan.read_pieces, self._settings
        if pieces is None:
            return True
        stored, pixels = pieces.read(part.whole.box, part.whole.size)
        least = min(stored, layer.original.size)
        return pixels <= settings.max_source_pixels and least <= settings.max_source_bytes

    def _claim(self, wanted: Wanted, deadline: Deadline) -> AbstractContextManager[Any]:
        """The right to make the whole; where another process has it, this waits."""
        claim = self._results.claim_pyramid(wanted.key)
        if claim is None:  # another process wants it too
            self._count(wanted)[0] += 1
            look = partial(self._results.claim_pyramid, wanted.key)
            claim = polled(look, self._limit, deadline)
        return claim

    def _look(self, wanted: Wanted, opened: ExitStack) -> Held | Pyramid | None:
        return self._decoded.get(wanted.decoded) or self.opened(wanted, opened)

    def _drop(self, wanted: Wanted) -> None:
        if self._results.pyramids is not None:
            self._results.pyramids.drop(wanted.key)

    def _count(self, wanted: Wanted) -> list[int]:
        return self._asked.get(wanted.decoded, lambda: [0])


def _key(layer: Layer, part: Part) -> str:
    """The key of a pyramid: all that its samples depend on."""
    level = part.whole
    reading = level.reading.text if level.reading else ""
    text = f"pyramid {layer.plan.frame} {level.size} {level.reduced} {level.by} {reading}"
    return picture_key(layer.tag, [(layer.id, layer.version)], text, engine())
