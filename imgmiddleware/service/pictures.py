"""Results that are found in a cache, or made once, whatever the load.

Two things are kept: encoded results by their key, and decoded originals, so that several sizes of
one cost one decode. All bytes, also those of decodes under way, are taken from one budget.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Holding
from imgmiddleware.formats.contents import Contents
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_contents
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.ends import find_ends
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.render import Replan, render, render_animation
from imgmiddleware.messages import Result
from imgmiddleware.pixels.value_range import Ends
from imgmiddleware.service import timing
from imgmiddleware.service.deadline import Deadline, WaitLimit, polled
from imgmiddleware.service.flight import Admission, Flights, alone
from imgmiddleware.service.results import Eras, Results
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, Original

#: What a decoded original takes beside its bytes: its key, Python's objects.
_OVERHEAD = 1024
#: And what its contents take; those of 200,000 tiles are 3 MB, and one may take a fourth of all.
_OF_CONTENTS, _MOST_CONTENTS = 4096, 2**26
#: And the ends of some thousand ranges.
_MOST_ENDS = 2**22


@dataclass(frozen=True, slots=True)
class Job:
    """All that making a result takes.

    The original was opened in the `era`. If somebody has purged since, nothing of it is kept.
    """

    key: str
    tag: str  # of the original, whatever its version, in any cache
    id: str
    version: str
    original: Original | ArrayOriginal
    facts: Facts
    plan: Plan
    replan: Replan
    era: Eras

    @property
    def page(self) -> tuple[str, str, int]:
        """What of the original is decoded."""
        return self.id, self.version, self.plan.frame


class Pictures:
    """The results of one service, and what they are made of. For any number of threads.

    `directory` is where the originals are, if they are in one.
    """

    def __init__(self, settings: Settings, limit: WaitLimit, directory: str | None = None) -> None:
        budget = MemoryBudget(settings.max_memory)
        self._limit = limit
        # They give way in this order: what is decoded can be decoded again.
        self._contents: SizedLru[object, Contents] = SizedLru(_MOST_CONTENTS, budget)
        self._ends: SizedLru[object, Ends] = SizedLru(_MOST_ENDS, budget)
        self._decoded: SizedLru[object, Held] = SizedLru(settings.decoded_bytes, budget)
        self.results = Results(settings, budget, directory)
        self._admission = Admission(settings.slots, limit, budget)
        self._renders: Flights[Result] = Flights(limit)
        self._decodes: Flights[Held] = Flights(limit)
        self._max_wait = settings.max_wait

    def make(self, job: Job, gone: Callable[[], bool]) -> Result:
        """The result, made here or by another thread that was asked for it before.

        Raises `ImageError`, and `ClientGoneError` where nobody waits for it any more.
        """
        deadline = Deadline(self._max_wait, gone)
        return self._renders.once(job.key, lambda listening: self._made(job, listening), deadline)

    def make_meanwhile(self, job: Job, make: Callable[[], object]) -> bool:
        """Have `make` called in a thread, unless this process makes the result already."""
        return not self._renders.flying(job.key) and alone(make, f"id={job.id!r}")

    def purge(self, tag: str) -> int:
        """Forget the results of an original; how many there were."""
        purged = self.results.purge(tag)
        self._decoded.purge(tag)
        self._contents.purge(tag)
        self._ends.purge(tag)
        return purged

    def holding(self) -> dict[str, Holding]:
        """What is held, by place: "memory", "disk", "decoded"."""
        return {**self.results.holding(), "decoded": self._decoded.holding()}

    def _made(self, job: Job, deadline: Deadline) -> Result:
        """The result, made here, or by another process that had claimed it."""
        with polled(partial(self.results.claim, job.key), self._limit, deadline):
            result = self.results.read(job.key, job.tag)
            if result is None:
                result = self._rendered(job, deadline)
                self.results.keep(job.key, result, job.tag, job.era)
            return result

    def _rendered(self, job: Job, deadline: Deadline) -> Result:
        return (self._animated if job.plan.frames > 1 else self._still)(job, deadline)

    def _animated(self, job: Job, deadline: Deadline) -> Result:
        assert isinstance(job.original, Original)  # an array has one frame
        with self._admitted(job, deadline), timing.step("render"):
            return render_animation(job.original, job.facts, job.plan, job.replan)

    def _still(self, job: Job, deadline: Deadline) -> Result:
        level = (*job.page, job.plan.level)
        # If another thread decodes what is needed, this one waits for it without a slot.
        with timing.step("wait"):
            self._decodes.wait(level, deadline)
        with self._admitted(job, deadline):
            with timing.step("decode"):
                decoded = self._decoded.get(level)
                if decoded is None:
                    decoded = self._decodes.once(
                        level, lambda _: self._decode(job, level), deadline
                    )
            with timing.step("render"):
                return render(decoded, job.plan, job.replan)

    def admitted(self, size: int) -> AbstractContextManager[None]:
        """A slot, and so many bytes, for work on an original before there can be a job.

        Raises `ImageError` (503).
        """
        return self._admission.admitted(size, Deadline(self._max_wait, lambda: False))

    @contextmanager
    def _admitted(self, job: Job, deadline: Deadline) -> Iterator[None]:
        """Hold a slot, and the bytes that the header predicts."""
        predicted = predicted_bytes(job.facts, job.plan, job.original.size)
        with ExitStack() as held:
            with timing.step("wait"):
                held.enter_context(self._admission.admitted(predicted, deadline))
            yield

    def _decode(self, job: Job, level: object) -> Held:
        decoded = self._averaged(job) or decode_original(
            job.original, job.facts, job.plan, self._contents_of(job), self._ends_of(job)
        )
        if not (isinstance(job.original, ArrayOriginal) and job.original.lends(decoded.pixels)):
            decoded.pixels.flags.writeable = False
            self._decoded.put(level, decoded, decoded.nbytes + _OVERHEAD, job.tag)
            if self.results.era() != job.era:
                self._decoded.purge(job.tag)
        return decoded

    def _contents_of(self, job: Job) -> Contents | None:
        """Remembered by page and overview: a tile then costs no look at the file's directories."""
        overview = job.plan.overview
        if not job.plan.in_bands or isinstance(job.original, ArrayOriginal):
            return None
        key = (*job.page, overview.reduced if overview else 1)
        contents = self._contents.get(key)
        if contents is None:
            contents = read_contents(job.original, job.facts, overview)
            self._contents.put(key, contents, contents.nbytes + _OF_CONTENTS, job.tag)
            if self.results.era() != job.era:
                self._contents.purge(job.tag)
        return contents

    def _ends_of(self, job: Job) -> Ends | None:
        """Of the range of values, remembered: all tiles of a page are as bright as one another."""
        if not job.plan.in_bands or isinstance(job.original, ArrayOriginal):
            return None
        if not (job.facts.reading and job.facts.reading.range):
            return None
        key = (*job.page, job.facts.reading.text)
        ends = self._ends.get(key)
        if ends is None and (ends := find_ends(job.original, job.facts)):
            self._ends.put(key, ends, _OVERHEAD, job.tag)
            if self.results.era() != job.era:
                self._ends.purge(job.tag)
        return ends

    def _averaged(self, job: Job) -> Held | None:
        """What the plan needs, averaged from what was decoded in more detail before."""
        level = job.plan.level
        for finer in level.finer:
            found = self._decoded.get((*job.page, finer))
            if found is not None:
                return found.averaged_by(level.by)
        return None
