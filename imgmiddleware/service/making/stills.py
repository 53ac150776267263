"""Stills: results of one picture, whose originals are decoded once for several of them.

A decoded original is held for other sizes of the picture. Where small parts are wanted of one that
is too large for that, it is kept as a pyramid. The bytes of a result are the same in each of these
ways.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

from imgmiddleware.imaging.decode import decode_original, decode_rows, decode_whole
from imgmiddleware.imaging.draft import Rows
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.memory import (
    cutting_bytes,
    holding_bytes,
    keeping_bytes,
)
from imgmiddleware.imaging.overlay import Overlay
from imgmiddleware.imaging.pyramid import Pyramid
from imgmiddleware.imaging.render import render
from imgmiddleware.imaging.stored import stored_tile
from imgmiddleware.messages import Result
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Admission, Flights
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.job import Job, Layer
from imgmiddleware.service.making.results import Results
from imgmiddleware.service.making.wholes import Place, Wanted, Wholes
from imgmiddleware.service.originals.overlays import of_the_mark
from imgmiddleware.service.originals.reading import read_here
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, Original

R = TypeVar("R")

#: Makes a value of the samples that are held.
Use = Callable[[Held], R]


class Stills:
    """The stills of one service. Any number of threads may use it."""

    def __init__(
        self,
        settings: Settings,
        limit: WaitLimit,
        admission: Admission,
        decoded: Decoded,
        results: Results,
    ) -> None:
        self._admission = admission
        self._decoded = decoded
        self._results = results
        self._wholes = Wholes(settings, decoded, results, limit)
        self._decodes: Flights[Held] = Flights(limit)

    def made(self, job: Job, deadline: Deadline) -> Result:
        """The result. Raises `ImageError` and `ClientGoneError`."""
        if job.plan.as_stored and (stored := self._as_stored(job, deadline)):
            return stored
        if job.overlay is not None:
            self._wait(job.overlay, deadline)
        return self.used(job, partial(self._rendered, job, deadline), deadline)

    def used(self, job: Job, use: Use[R], deadline: Deadline) -> R:
        """The value that `use` makes of the plan's samples; it is called with a slot."""
        wanted = self._wholes.wanted(job)
        if wanted is None:
            return self._of_level(job, None, use, deadline)
        with self._wholes.found(wanted, deadline) as whole:
            used = None
            if whole is not None:
                used = self._cut(job, wanted, whole, use, deadline)
            elif job.plan.in_bands and self._wholes.again(wanted):
                used = self._of_whole(job, wanted, use, deadline)
            return used or self._of_level(job, wanted, use, deadline)

    def remarked(self, job: Job, result: Result) -> Result:
        """The result as it is answered now, with notes on this render alone."""
        return self._wholes.remarked(job, result)

    def overlay(self, job: Job, deadline: Deadline) -> Overlay | None:
        """The decoded overlay; to be called in a slot, with its bytes.

        Raises `ImageError` that names the overlay.
        """
        laid = job.overlay
        if laid is None:
            return None
        with of_the_mark():
            return Overlay(self._held_of(laid, None, deadline), laid.facts, laid.mark)

    @contextmanager
    def admitted(self, size: int, deadline: Deadline) -> Iterator[None]:
        """Hold a slot, and so many bytes."""
        with ExitStack() as held:
            with timing.step("wait"):
                held.enter_context(self._admission.admitted(size, deadline))
            yield

    def _as_stored(self, job: Job, deadline: Deadline) -> Result | None:
        """The tile as it stands in the file; None where it has to be made after all."""
        assert isinstance(job.original, Original)
        with self.admitted(job.predicted, deadline):
            with timing.step("decode"):
                contents = self._decoded.contents(job)
                self._let_go(job)
            assert contents is not None  # it is read in bands
            return apart(stored_tile, read_here(job.original), job.facts, job.plan, contents)

    def _of_level(self, job: Job, wanted: Wanted | None, use: Use[R], deadline: Deadline) -> R:
        """The value of the plan's own level, which is decoded for it."""
        self._wait(job, deadline)
        predicted = job.predicted + job.beside
        if wanted is not None:
            predicted += keeping_bytes(job.facts, job.plan, wanted.part)
        with self.admitted(predicted, deadline):
            return use(self._held_of(job, wanted, deadline))

    def _cut(
        self, job: Job, wanted: Wanted, whole: Held | Pyramid, use: Use[R], deadline: Deadline
    ) -> R | None:
        """The value of a whole that is there; None where the whole is damaged."""
        predicted = cutting_bytes(job.plan, wanted.part) + job.beside
        with self.admitted(predicted, deadline):
            with timing.step("decode"):
                held = self._wholes.cut(job, wanted, whole)
            return None if held is None else use(held)

    def _of_whole(self, job: Job, wanted: Wanted, use: Use[R], deadline: Deadline) -> R | None:
        """The value of a whole that is read in bands now, and kept; None where the disk fails."""
        if wanted.place is Place.MEMORY:
            with timing.step("wait"):
                self._decodes.wait(wanted.decoded, deadline)
            predicted = holding_bytes(job.facts, job.plan, wanted.part)
        else:
            predicted = keeping_bytes(job.facts, job.plan, wanted.part)
        predicted += cutting_bytes(job.plan, wanted.part) + job.beside
        with self.admitted(predicted, deadline), ExitStack() as opened:
            whole = self._made_whole(job, wanted, deadline, opened)
            held = None if whole is None else self._wholes.cut(job, wanted, whole)
            return None if held is None else use(held)

    def _made_whole(
        self, job: Job, wanted: Wanted, deadline: Deadline, opened: ExitStack
    ) -> Held | Pyramid | None:
        original, contents = job.original, self._decoded.contents(job)
        self._let_go(job)
        assert contents is not None  # it is read in bands
        assert isinstance(original, Original)
        read = read_here(original), job.facts, job.plan, wanted.part.whole, contents
        if wanted.place is Place.FOLDER:
            self._wholes.keep(job, wanted, apart(decode_rows, *read))
            return self._wholes.opened(wanted, opened)
        with timing.step("decode"):
            return self._decoded.get(wanted.decoded) or self._decodes.once(
                wanted.decoded,
                lambda _: self._held(job, wanted.decoded, apart(decode_whole, *read)),
                deadline,
            )

    def _wait(self, layer: Layer, deadline: Deadline) -> None:
        """If another thread decodes the samples, wait for it without a slot."""
        with timing.step("wait"):
            self._decodes.wait((*layer.page, layer.plan.level), deadline)

    def _held_of(self, layer: Layer, wanted: Wanted | None, deadline: Deadline) -> Held:
        """The samples of the level: held, or decoded now."""
        level = (*layer.page, layer.plan.level)
        with timing.step("decode"):
            return self._decoded.get(level) or self._decodes.once(
                level, lambda _: self._decode(layer, level, wanted), deadline
            )

    def _decode(self, layer: Layer, level: Hashable, wanted: Wanted | None) -> Held:
        decoded = self._decoded.averaged(layer) or self._decode_alone(layer)
        if isinstance(layer.original, ArrayOriginal) and layer.original.lends(decoded.pixels):
            return decoded
        # Other requests may have asked for a part of it by now.
        if wanted is not None and not layer.plan.in_bands and self._wholes.again(wanted):
            self._wholes.keep(layer, wanted, Rows.of(decoded))
        return self._held(layer, level, decoded)

    def _decode_alone(self, layer: Layer) -> Held:
        contents, ends = self._decoded.contents(layer), self._decoded.ends(layer)
        self._let_go(layer)
        original = read_here(layer.original)
        return apart(decode_original, original, layer.facts, layer.plan, contents, ends)

    def _held(self, layer: Layer, level: Hashable, decoded: Held) -> Held:
        self._decoded.hold(level, decoded, layer.tag)
        self._let_go(layer)
        return decoded

    def _let_go(self, layer: Layer) -> None:
        """Forget the originals in memory, if there was a purge since this one was opened."""
        if self._results.era() != layer.era:
            self._decoded.purge(layer.tag)

    def _rendered(self, job: Job, deadline: Deadline, held: Held) -> Result:
        overlay = self.overlay(job, deadline)
        with timing.step("render"):
            return apart(render, held, job.plan, job.replan, overlay)
