"""Subjects: what a crop is to keep is found once in a version of an original, for all its sizes.

The key of a result has what is looked for and all that finding it depends on, so that a result that
is kept is found without any pixels.
"""

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.render import sketched
from imgmiddleware.operations.transform import Transform
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.deadline import Deadline, WaitLimit
from imgmiddleware.service.decoded import Decoded
from imgmiddleware.service.flight import Flights
from imgmiddleware.service.job import Job
from imgmiddleware.service.results import Results
from imgmiddleware.service.stills import Stills
from imgmiddleware.subjects.kinds import KINDS
from imgmiddleware.subjects.subject import Subject


class Subjects:
    """The subjects of one service's originals. For any number of threads."""

    def __init__(
        self, limit: WaitLimit, stills: Stills, decoded: Decoded, results: Results
    ) -> None:
        self._stills = stills
        self._decoded = decoded
        self._results = results
        self._searches: Flights[Subject] = Flights(limit)

    def placed(self, job: Job, deadline: Deadline) -> Job:
        """The job with a plan of the part that keeps what is found.

        Raises what `Stills.used` raises.
        """
        if job.plan.sketch is None:
            return job
        look = replace(job, plan=job.plan.sketch)
        replan = partial(job.replan, subject=self._subject(look, deadline))
        return replace(job, plan=replan(), replan=replan)

    def _subject(self, look: Job, deadline: Deadline) -> Subject:
        """The first that there is of what is sought; the last, which is nothing, if none is."""
        place = (*look.page, canonical(look.plan, Transform(), ()))
        subject = None
        for number, kind in enumerate(look.plan.sought):
            subject = self._decoded.subject((*place, kind))
            if subject is None:
                left = look.plan.sought[number:]
                search = partial(self._searched, look, place, left)
                return self._searches.once((*place, left), search, deadline)
            if subject.found:
                break
        assert subject is not None  # as something is sought
        return subject

    def _searched(
        self, look: Job, place: tuple[Hashable, ...], kinds: tuple[str, ...], deadline: Deadline
    ) -> Subject:
        return self._stills.used(look, partial(self._seen, look, place, kinds), deadline)

    def _seen(
        self, look: Job, place: tuple[Hashable, ...], kinds: tuple[str, ...], held: Held
    ) -> Subject:
        with timing.step("look"):
            pixels = apart(sketched, held, look.plan)
            for kind in kinds:
                subject = apart(KINDS[kind], pixels)
                self._decoded.keep_subject((*place, kind), subject, look.tag)
                if subject.found:
                    break
        if self._results.era() != look.era:
            self._decoded.purge(look.tag)
        return subject
