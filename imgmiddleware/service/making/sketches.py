"""Sketches: the findings in a small picture, found once for each version of an original, for all
sizes.

The key of a result has the kinds that are looked for, and all that finding them depends on. So a
kept result is found without any pixels.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.render import sketched
from imgmiddleware.imaging.sketch import FACES, FINDS, TONES, Finding, Findings
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.arrays import Box
from imgmiddleware.pixels.tones import Tones
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Flights
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Results
from imgmiddleware.service.making.stills import Stills
from imgmiddleware.service.originals.limits import check_reading
from imgmiddleware.settings import Settings
from imgmiddleware.subjects.faces import Face, Faces
from imgmiddleware.subjects.subject import Subject

#: Findings by their kind.
_Known = Mapping[str, Finding]


class Sketches:
    """The sketches of one service's originals. Any number of threads may use it."""

    def __init__(
        self,
        settings: Settings,
        limit: WaitLimit,
        stills: Stills,
        decoded: Decoded,
        results: Results,
    ) -> None:
        self._settings = settings
        self._stills = stills
        self._decoded = decoded
        self._results = results
        self._searches: Flights[_Known] = Flights(limit)

    def settled(self, job: Job, deadline: Deadline) -> Job:
        """The job with a plan of the part that keeps the subject, and with its tones.

        Raises the errors of `Stills.used`, and 413 where a part that is shown closer is over a
        limit.
        """
        if job.plan.sketch is None:
            return job
        look = replace(job, plan=job.plan.sketch)
        replan = partial(job.replan, findings=self._findings(look, deadline))
        plan = replan()
        if plan.crop[2:] != job.plan.crop[2:]:
            check_reading(job.facts, plan, job.original.size, self._settings)
        return replace(job, plan=plan, replan=replan)

    def faces(self, job: Job, deadline: Deadline) -> tuple[Box, ...]:
        """The places of the faces, the largest first, in pixels of the upright page.

        Raises as `settled` does.
        """
        sketch, (left, top, width, height) = job.plan.sketch, job.plan.region
        assert sketch is not None  # the plan has one for faces
        found = cast("Faces", self._known(replace(job, plan=sketch), deadline)[FACES])
        return tuple(_box(face, left, top, width, height) for face in found.faces)

    def _findings(self, look: Job, deadline: Deadline) -> Findings:
        known = self._known(look, deadline)
        tones = cast("Tones", known[TONES]) if TONES in look.plan.also else None
        return Findings(_first(look.plan.sought, known), tones)

    def _known(self, look: Job, deadline: Deadline) -> _Known:
        place = (*look.page, canonical(look.plan, Transform(), ()))
        kinds = (*look.plan.sought, *look.plan.also)
        remembered = ((kind, self._decoded.finding((*place, kind))) for kind in kinds)
        known = {kind: finding for kind, finding in remembered if finding is not None}
        if missing := _missing(look.plan, known):
            search = partial(self._searched, look, place, missing)
            known |= self._searches.once((*place, missing), search, deadline)
        return known

    def _searched(
        self, look: Job, place: tuple[Hashable, ...], kinds: tuple[str, ...], deadline: Deadline
    ) -> _Known:
        return self._stills.used(look, partial(self._seen, look, place, kinds), deadline)

    def _seen(
        self, look: Job, place: tuple[Hashable, ...], kinds: tuple[str, ...], held: Held
    ) -> _Known:
        """The findings of these kinds: subjects until one is found, and all other kinds."""
        known: dict[str, Finding] = {}
        with timing.step("look"):
            pixels = apart(sketched, held, look.plan)
            opaque = Backdrop().ground.behind(pixels, keep_alpha=False)
            for kind in kinds:
                if kind in look.plan.also or not any(found.found for found in known.values()):
                    known[kind] = apart(FINDS[kind], pixels if kind == TONES else opaque)
                    self._decoded.keep_finding((*place, kind), known[kind], look.tag)
        if self._results.era() != look.era:
            self._decoded.purge(look.tag)
        return known


def _missing(plan: Plan, known: _Known) -> tuple[str, ...]:
    """The kinds to look for: subjects up to the first that is found, then all others."""
    kinds = plan.sought
    for number, kind in enumerate(kinds):
        if kind not in known:
            kinds = kinds[number:]
            break
        if known[kind].found:
            kinds = ()
            break
    else:
        kinds = ()
    return (*kinds, *(kind for kind in plan.also if kind not in known and kind not in kinds))


def _box(face: Face, left: int, top: int, width: int, height: int) -> Box:
    """The box of all pixels that a face touches, in a region of this place and size."""
    x, y = math.floor(face[0] * width), math.floor(face[1] * height)
    right, bottom = math.ceil(face[2] * width), math.ceil(face[3] * height)
    return left + x, top + y, right - x, bottom - y


def _first(sought: tuple[str, ...], known: _Known) -> Subject | None:
    """The first of the subjects that was found."""
    subjects = (known[kind] for kind in sought if kind in known)
    return next((cast("Subject", found) for found in subjects if found.found), None)
