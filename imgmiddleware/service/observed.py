"""Answers for an observer: the facts of each as one frozen value."""

import logging
from collections.abc import Callable
from time import perf_counter

from imgmiddleware.formats.results import PLACEHOLDERS, RESULTS
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.observing import Gauges, Observation, Step
from imgmiddleware.service.admission.deadline import ClientGoneError
from imgmiddleware.service.answers import METHODS
from imgmiddleware.service.timing import Steps
from imgmiddleware.settings import Settings

_log = logging.getLogger("imgmiddleware")

#: The outcome by the status of an answer.
_OUTCOMES = {200: "shown", 206: "shown", 204: "options", 303: "redirected", 304: "not-modified"}


#: The same for a request whose key is known, which has two outcomes more.
_RECALLED = {**_OUTCOMES, 412: "precondition-failed", 416: "range-not-satisfiable"}


class Watch:
    """Whether the answers of one service are measured, and which observer is told of them."""

    def __init__(self, settings: Settings, gauges: Callable[[], Gauges]) -> None:
        self._observer = settings.observer
        self._route = f"{settings.prefix}{{id}}"
        self._has_failed = False
        self._of_files = "disk" if settings.hands_over else "memory"
        self.times_all = settings.server_timing
        """Whether each answer is measured, also one from memory."""
        self.observes = self._observer is not None
        """Whether an observer is told of answers."""
        self.measures = self.times_all or self.observes
        """Whether answers that may take some time are measured."""
        if self._observer is not None:
            self._observer.watches(gauges)

    def steps(self, request: ImageRequest) -> Steps:
        """The steps of an answer that begins now."""
        return Steps() if self._observer is None else Watched(self, request, self.times_all)

    def meanwhile(self, request: ImageRequest) -> Steps | None:
        """The steps of a picture that is made for later, while another stands in for it."""
        if self._observer is None:
            return None
        steps = Watched(self, request, self.times_all)
        steps.outcome, steps.is_sent = "meanwhile", False
        return steps

    def route(self, request: ImageRequest) -> str | None:
        """The route with its mount, as the conventions of OpenTelemetry have it."""
        if request.id is not None:
            return None
        return f"{request.mount}{self._route}" if request.mount else self._route

    def tell_recalled(self, request: ImageRequest, answer: ImageResponse) -> None:
        """Tell of an answer that took no file. To measure it would take as long as all of it."""
        status, size = answer.status, len(answer.body)
        tier = format = "none"
        if status in (200, 206):
            tier = self._of_files if isinstance(answer.body, bytes) else "disk"
            format = _format(answer)
        self.tell(
            Observation(
                _RECALLED[status],
                tier,
                format,
                size,
                0.0,
                (),
                status,
                request.method,  # GET or HEAD
                self.route(request),
            )
        )

    def tell(self, seen: Observation) -> None:
        """Tell the observer. An error of the observer is logged once: an answer is worth more."""
        assert self._observer is not None
        try:
            self._observer.answered(seen)
        except Exception:  # noqa: BLE001 - no caller could do anything about it
            if not self._has_failed:
                self._has_failed = True
                _log.exception("the observer has failed; this is logged once")


class Watched(Steps):
    """The steps of an answer, which is told to the observer when it ends."""

    is_sent = True
    """Whether a client gets the picture that is made."""

    def __init__(self, watch: Watch, request: ImageRequest, is_told: bool) -> None:
        self._taken = {}
        self._watch = watch
        self._request = request
        self.is_told = is_told
        self._began = perf_counter()

    def ended(self, answer: ImageResponse) -> None:
        """Tell the observer of this answer."""
        status, size = answer.status, len(answer.body)
        outcome = self.outcome or _OUTCOMES[status]
        tier = format = "none"
        if status in (200, 206):
            tier, format = self.tier or "memory", _format(answer)
        if not self.is_sent:
            status = size = 0
        self._tell(outcome, tier, format, size, status)

    def broke(self, error: BaseException) -> None:
        """Tell the observer that the request got no answer."""
        self._tell("gone" if isinstance(error, ClientGoneError) else "failed", "none", "none", 0, 0)

    def _tell(self, outcome: str, tier: str, format: str, bytes: int, status: int) -> None:
        began, method = self._began, self._request.method
        seconds = perf_counter() - began
        steps = () if tier == "memory" else self._steps()
        method = method if method in METHODS else "other"
        route = self._watch.route(self._request)
        self._watch.tell(
            Observation(outcome, tier, format, bytes, seconds, steps, status, method, route)
        )

    def _steps(self) -> tuple[Step, ...]:
        taken = tuple(self._taken.items())  # another thread may still add to them
        return tuple([Step(name, first - self._began, s) for name, (first, s) in taken])


def _format(answer: ImageResponse) -> str:
    """The name of the answer's format."""
    name, media_type = answer.headers[0]
    if name != "Content-Type":
        media_type = answer.header("Content-Type") or ""
    known = _named.get(media_type)
    if known is None:  # looked up once: clients cannot add types
        known = _named[media_type] = _name(media_type)
    return known


_named: dict[str, str] = {}


def _name(media_type: str) -> str:
    for result in RESULTS.values():
        if result.media_type == media_type:
            return "text" if result.name in PLACEHOLDERS else result.name
    return "other"
