"""Every metric, once: for the observers' exports, docs/metrics.md and its dashboard.

The names are Prometheus's, where a unit is the end of a name (https://prometheus.io/docs/practices/
naming/). OpenTelemetry's are derived from them: `imgmiddleware.step`, in seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from imgmiddleware.observing.observation import STEPS, Gauges

BUCKETS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0,
)  # fmt: skip
"""Seconds: a file is opened in 30 µs, and a request waits 30 seconds at most unless `max_wait` says
otherwise."""

#: Places that belong to one process. All others are shared, and to add up the values of the
#: processes would be wrong.
_OWN = ("memory", "decoded", "blocks")

Unit = Literal["", "seconds", "bytes"]
"""The unit of the count; things where it is empty."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    """Its name, with the unit."""
    help: str
    """Its meaning, in one sentence."""
    labels: tuple[str, ...] = ()
    """The names of its labels, all of closed sets."""
    unit: Unit = ""
    """Its unit."""


@dataclass(frozen=True, slots=True)
class Gauge(Metric):
    """A metric that goes up and down: it is read when the collector asks."""

    read: Callable[[Gauges], Mapping[tuple[str, ...], float]] = lambda gauges: {}
    """The value for each set of label values."""
    is_shared: bool = False
    """Whether all processes tell the same value: the newest is right, and not the sum."""


ANSWERS = Metric(
    "imgmiddleware_answers",
    "Requests by outcome, by the cache or render of the picture, and by format.",
    ("outcome", "tier", "format"),
)
SENT = Metric(
    "imgmiddleware_sent_bytes", "Bytes of bodies handed to the server.", ("format",), "bytes"
)
SECONDS = Metric(
    "imgmiddleware_answer_seconds",
    "Time until an answer could be sent, without hits in memory.",
    ("tier", "format"),
    "seconds",
)
STEP_SECONDS = Metric(
    "imgmiddleware_step_seconds",
    "Time that each step of those answers took.",
    ("step", "format"),
    "seconds",
)

COUNTERS = (ANSWERS, SENT)
HISTOGRAMS = (SECONDS, STEP_SECONDS)


def _one(read: Callable[[Gauges], float]) -> Callable[[Gauges], Mapping[tuple[str, ...], float]]:
    return lambda gauges: {(): read(gauges)}


def _places(
    what: Literal["entries", "bytes", "most"], *, shared: bool
) -> Callable[[Gauges], Mapping[tuple[str, ...], float]]:
    return lambda gauges: {
        (place,): float(getattr(held, what))
        for place, held in gauges.holding.items()
        if (place not in _OWN) == shared
    }


_PLACE = ("place",)

GAUGES = (
    Gauge(
        "imgmiddleware_slots", "Results that may be rendered at once.", read=_one(lambda g: g.slots)
    ),
    Gauge(
        "imgmiddleware_busy_slots", "Slots that are taken, or lent.", read=_one(lambda g: g.busy)
    ),
    Gauge(
        "imgmiddleware_waiting_requests",
        "Requests that wait for a slot, for another's render, or for the source.",
        read=_one(lambda g: g.waiting),
    ),
    Gauge(
        "imgmiddleware_memory_bytes",
        "Bytes that caches and renders have taken of max_memory.",
        unit="bytes",
        read=_one(lambda g: g.memory_bytes),
    ),
    Gauge(
        "imgmiddleware_memory_most_bytes",
        "max_memory.",
        unit="bytes",
        read=_one(lambda g: g.memory_most),
    ),
    Gauge(
        "imgmiddleware_cache_entries",
        "Entries in the caches of a process.",
        _PLACE,
        read=_places("entries", shared=False),
    ),
    Gauge(
        "imgmiddleware_cache_bytes", "Its bytes.", _PLACE, "bytes", _places("bytes", shared=False)
    ),
    Gauge(
        "imgmiddleware_cache_most_bytes",
        "Bytes that it may have at most.",
        _PLACE,
        "bytes",
        _places("most", shared=False),
    ),
    Gauge(
        "imgmiddleware_shared_cache_entries",
        "Entries in the caches that processes share.",
        _PLACE,
        read=_places("entries", shared=True),
        is_shared=True,
    ),
    Gauge(
        "imgmiddleware_shared_cache_bytes",
        "Its bytes.",
        _PLACE,
        "bytes",
        _places("bytes", shared=True),
        is_shared=True,
    ),
    Gauge(
        "imgmiddleware_shared_cache_most_bytes",
        "Bytes that it may have at most.",
        _PLACE,
        "bytes",
        _places("most", shared=True),
        is_shared=True,
    ),
)


def told(gauge: Gauge, services: Iterable[Gauges]) -> Mapping[tuple[str, ...], float]:
    """The sums over several services of one process."""
    sums: dict[tuple[str, ...], float] = {}
    for gauges in services:
        for labels, value in gauge.read(gauges).items():
            sums[labels] = sums.get(labels, 0.0) + value
    return sums


def step_label(name: str) -> str:
    """The name of a step; "other" for the application's own steps, which might have any name."""
    return name if name in STEPS else "other"
