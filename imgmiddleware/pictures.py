"""Pictures: found in a cache, or made once, whatever the load.

What is kept: encoded results, by their key; decoded originals, so that several sizes of one cost
one decode; and for a moment the damage that was found, so that a hostile file is not decoded over
and over. All bytes, also those of decodes under way, are taken from one ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imgmiddleware.cache import Brief, Holding, Ledger, Weighed
from imgmiddleware.errors import ImageError
from imgmiddleware.flight import Admission, Flights, Room, Waiting
from imgmiddleware.imaging import (
    Decoded,
    Plan,
    Rendered,
    Replan,
    decode_original,
    halved,
    predicted_bytes,
    render,
    render_animation,
)
from imgmiddleware.operations.output import MEDIA_TYPES
from imgmiddleware.probe import Facts
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, Original

#: Failures that are remembered.
_MOST_FAILURES = 4096
#: What a picture takes beside its body: its key, its headers, Python's objects.
_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded result, and what of its original was set aside for it."""

    body: bytes
    media_type: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """All that making a picture takes. `version` is that of the original of this `id`."""

    key: str
    id: str
    version: str
    original: Original | ArrayOriginal
    facts: Facts
    plan: Plan
    replan: Replan

    @property
    def page(self) -> tuple[str, str, int]:
        """What of the original is decoded."""
        return self.id, self.version, self.plan.frame


class Pictures:
    """The pictures of one service. Safe to use from any number of threads."""

    def __init__(self, settings: Settings) -> None:
        ledger = Ledger(settings.max_memory)
        room = Room(settings.max_waiting)
        # In this order they give way: what is decoded can be decoded again.
        self._decoded: Weighed[object, Decoded] = Weighed(settings.decoded_bytes, ledger)
        self._results: Weighed[str, Picture] = Weighed(settings.cache_bytes, ledger)
        self._failures: Brief[tuple[str, str, int], ImageError] = Brief(
            _MOST_FAILURES, settings.remember_errors
        )
        self._admission = Admission(settings.slots, room, ledger)
        self._renders: Flights[Picture] = Flights(room)
        self._decodes: Flights[Decoded] = Flights(room)
        self._patience = settings.max_wait

    def find(self, key: str) -> Picture | None:
        """The picture, if it is in memory."""
        return self._results.get(key)

    def failure(self, id: str, version: str, page: int) -> ImageError | None:
        """What was wrong with an original a moment ago."""
        return self._failures.get((id, version, page))

    def make(self, job: Job, gone: Callable[[], bool]) -> Picture:
        """The picture, made here or by another who was asked for it before.

        Raises `ImageError`, and `ClientGoneError` where nobody waits for it any more.
        """
        waiting = Waiting(self._patience, gone)
        try:
            return self._renders.once(
                job.key, lambda listening: self._made(job, listening), waiting
            )
        except ImageError as error:
            if error.code == "damaged-original":
                self._failures.put(job.page, error)
            raise

    def purge(self, id: str) -> int:
        """Forget the pictures of an original; how many there were."""
        self._decoded.purge(id)
        return self._results.purge(id)

    def holding(self) -> Holding:
        """The results in memory."""
        return self._results.holding()

    def _made(self, job: Job, waiting: Waiting) -> Picture:
        found = self._results.get(job.key)  # landed between the look and the flight
        if found is not None:
            return found
        rendered = (
            self._animated(job, waiting) if job.plan.frames > 1 else self._still(job, waiting)
        )
        picture = Picture(rendered.body, MEDIA_TYPES[job.plan.format], rendered.notes)
        self._results.put(job.key, picture, len(picture.body) + _OVERHEAD, job.id)
        return picture

    def _animated(self, job: Job, waiting: Waiting) -> Rendered:
        assert isinstance(job.original, Original)  # an array has one frame
        with self._admission.admitted(self._predicted(job), waiting):
            return render_animation(job.original, job.facts, job.plan, job.replan)

    def _still(self, job: Job, waiting: Waiting) -> Rendered:
        level = (*job.page, job.plan.level)
        # Who needs what is being decoded waits for it here, without a slot.
        self._decodes.wait(level, waiting)
        with self._admission.admitted(self._predicted(job), waiting):
            decoded = self._decoded.get(level)
            if decoded is None:
                decoded = self._decodes.once(level, lambda _: self._decode(job, level), waiting)
            return render(decoded, job.plan, job.replan)

    def _predicted(self, job: Job) -> int:
        return predicted_bytes(job.facts, job.plan, job.original.size)

    def _decode(self, job: Job, level: object) -> Decoded:
        decoded = self._halved(job) or decode_original(job.original, job.facts, job.plan)
        if not isinstance(job.original, ArrayOriginal):  # which is held by whoever gave it
            decoded.pixels.flags.writeable = False
            self._decoded.put(level, decoded, decoded.pixels.nbytes, job.id)
        return decoded

    def _halved(self, job: Job) -> Decoded | None:
        """What the plan needs, of what was decoded in more detail before."""
        for times, finer in enumerate(job.plan.finer, 1):
            found = self._decoded.get((*job.page, finer))
            if found is not None:
                return halved(found, times)
        return None
