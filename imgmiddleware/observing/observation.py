"""The messages to an observer: a frozen value for each answer, and a service's load if it asks.

Outcome, tier, format, the names of steps and method are each of a closed set. They hold no ID, no
query, and nothing else that a client can choose. So they may be labels of metrics.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from imgmiddleware.cache.store import Holding
from imgmiddleware.errors import CODES

OUTCOMES = (
    "shown", "not-modified", "stale", "meanwhile", "redirected", "options", "gone", "failed",
    *CODES,
)  # fmt: skip
"""The outcomes of a request. "stale": the picture of the version before was shown, or one that may
not be the newest. "meanwhile": no client was answered; the picture was made for later, while a
stale one was shown. "gone": the client had hung up. "failed": an error of the program. The others
are the codes of refusals, also where a stand-in was shown."""

TIERS = ("memory", "disk", "redis", "bucket", "merged", "render", "none")
"""The places that a picture may come from: a cache, another request that was making it, or a
render. "none": there is no picture."""

STEPS = ("open", "probe", "look", "cache", "wait", "decode", "keep", "render", "make", "other")
"""The steps of an answer (docs/http.md). "make" is all of those after "cache". "other" stands for
an application's own steps."""


class Step(NamedTuple):
    """A step of an answer."""

    name: str
    """Its name, as in Server-Timing."""
    start: float
    """Seconds from the beginning of the answer until it was first taken."""
    seconds: float
    """Its seconds: the sum, if the step was taken more than once."""


class Observation(NamedTuple):
    """One request and its outcome.

    It is a tuple, which is made in a third of the time of a frozen dataclass: there is one for each
    hit in memory.
    """

    outcome: str
    """Its outcome: one of `imgmiddleware.observing.observation.OUTCOMES`."""
    tier: str
    """The place that the picture came from: one of `imgmiddleware.observing.observation.TIERS`."""
    format: str
    """The format of the answer, by its name for `fm`: "jpg", "webp". "text" for placeholders,
    "other" for any other body, and "none" where there is no body."""
    bytes: int
    """Bytes of the body that was handed to the server."""
    seconds: float
    """From the beginning of the answer until it could be sent; 0 where it took no file and no
    thread, and was not measured."""
    steps: tuple[Step, ...]
    """Its measured steps, in the order in which they ended; none for a hit in memory."""
    status: int
    """The HTTP status; 0 where no client was answered."""
    method: str
    """GET, HEAD or OPTIONS; "other"."""
    route: str | None
    """The common part of all pictures' paths, with the mount: "/image/{id}". None where a route of
    the application has answered, which has a name of its own."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """The load of one service, in one process."""

    slots: int
    """Results that may be rendered at the same time."""
    busy: int
    """The slots that are taken, or lent."""
    waiting: int
    """Requests that wait: for a slot, for another's render, for the source."""
    memory_bytes: int
    """Bytes that caches and renders have taken of `max_memory`."""
    memory_most: int
    """`max_memory`."""
    holding: Mapping[str, Holding]
    """The load of the caches on this machine, as `ImageService.holding` has it."""


@runtime_checkable
class Observer(Protocol):
    """An object that a service tells of its work: the option `observer`.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest, ImageService
    >>> class Log:
    ...     def answered(self, seen):
    ...         print(seen.outcome, seen.tier, seen.format, *(step.name for step in seen.steps))
    ...     def watches(self, gauges):
    ...         self.gauges = gauges
    >>> log = Log()
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8), observer=log)
    >>> _ = service.handle(ImageRequest("GET", "/image/black", "w=9&fm=png"))
    shown render png open probe cache wait decode render make
    >>> log.gauges().busy, log.gauges().holding["memory"].entries
    (0, 1)
    """

    def answered(self, seen: Observation) -> None:
        """Called once for each request, at the end of its answer, in the thread that has made it:
        that may be an event loop. An error of it is logged once, and harms no answer.
        """
        ...

    def watches(self, gauges: Callable[[], Gauges]) -> None:
        """Called once by each service that is made with this observer. `gauges` may be called at
        any time, in any thread; with `cache_dir` it looks into the folder's index.
        """
        ...


class Observers:
    """Several observers as one.

    >>> from imgmiddleware import ImageService
    >>> class Count:
    ...     seen = 0
    ...     def answered(self, seen):
    ...         self.seen += 1
    ...     def watches(self, gauges):
    ...         pass
    >>> both = Count(), Count()
    >>> service = ImageService(lambda id: None, observer=Observers(*both))
    """

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers
        """The observers, in the order in which they are told."""

    def answered(self, seen: Observation) -> None:
        """Tell each of them. Raises an error of one of them, when all have been told."""
        failed: Exception | None = None
        for observer in self.observers:
            try:
                observer.answered(seen)
            except Exception as error:  # noqa: BLE001 - the others have no part in it
                failed = error
        if failed is not None:
            raise failed

    def watches(self, gauges: Callable[[], Gauges]) -> None:
        """Tell each of them."""
        for observer in self.observers:
            observer.watches(gauges)
