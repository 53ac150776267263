"""Making: all work on pixels, in one process, which holds the originals that it has decoded."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from imgmiddleware.cache.store import Holding
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.render import render_animation
from imgmiddleware.messages import Result
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Admission
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.info import described, info_of
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Results
from imgmiddleware.service.making.sketches import Sketches
from imgmiddleware.service.making.stills import Stills
from imgmiddleware.service.originals.reading import read_here
from imgmiddleware.settings import Settings
from imgmiddleware.sources import Original


class Made(NamedTuple):
    """A result as it is kept, and as it is answered now, with notes on this render alone."""

    kept: Result
    answered: Result


class Making:
    """Makes the results of one service. Any number of threads may use it."""

    def __init__(
        self,
        settings: Settings,
        limit: WaitLimit,
        admission: Admission,
        decoded: Decoded,
        results: Results,
    ) -> None:
        self._decoded = decoded
        self._stills = Stills(settings, limit, admission, decoded, results)
        self._sketches = Sketches(settings, limit, self._stills, decoded, results)

    def made(self, job: Job, deadline: Deadline) -> Made:
        """Raises `ImageError` and `ClientGoneError`."""
        job = self._sketches.settled(job, deadline)
        if job.plan.frames > 1:
            result = self._animation(job, deadline)
            return Made(result, result)
        result = self._still(job, deadline)
        return Made(result, self._stills.remarked(job, result))

    def purge(self, tag: str) -> None:
        """Forget all that was read of an original."""
        self._decoded.purge(tag)

    def holding(self) -> Holding:
        """The load of the decoded originals."""
        return self._decoded.holding()

    def _still(self, job: Job, deadline: Deadline) -> Result:
        """One picture; or the facts of the original, perhaps with its colours and faces."""
        output = job.plan.output
        if not RESULTS[job.plan.format].of_header:
            return self._stills.made(job, deadline)
        made = self._stills.made(job, deadline) if output.colors else None
        colors = json.loads(made.read()) if made else None
        faces = self._sketches.faces(job, deadline) if output.tells_faces else None
        return told(job, colors, faces, notes=made.notes if made else ())

    def _animation(self, job: Job, deadline: Deadline) -> Result:
        assert isinstance(job.original, Original)  # an array has one frame
        with self._stills.admitted(job.predicted + job.beside, deadline):
            overlay = self._stills.overlay(job, deadline)
            with timing.step("render"):
                original = read_here(job.original)
                return apart(render_animation, original, job.facts, job.plan, job.replan, overlay)


def told(
    job: Job,
    colors: Sequence[str] | None = None,
    faces: Sequence[Box] | None = None,
    *,
    notes: tuple[str, ...] = (),
) -> Result:
    """The facts of the original's header, with colours and faces if they were asked for."""
    body = described(info_of(job.original, job.facts, job.plan.output.keep, colors, faces))
    return Result(body, RESULTS[job.plan.format].media_type, notes)
