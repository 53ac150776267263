"""Metrics for Prometheus: the extra `imgmiddleware[prometheus]`.

Under several processes prometheus-client has them share files, in the folder that the environment
variable `PROMETHEUS_MULTIPROC_DIR` names. A gauge that is read on request cannot work so, as the
request reaches one process alone. So each process writes its gauges down once a second.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from os import getpid
from typing import Any

from imgmiddleware.observing.metrics import (
    ANSWERS,
    BUCKETS,
    GAUGES,
    SECONDS,
    SENT,
    STEP_SECONDS,
    Gauge,
    Metric,
    step_label,
    told,
)
from imgmiddleware.observing.observation import Gauges, Observation

try:
    import prometheus_client as prometheus
    import prometheus_client.multiprocess
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.values import ValueClass
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'prometheus-client is missing: pip install "imgmiddleware[prometheus]"', name=error.name
    ) from error

_log = logging.getLogger("imgmiddleware")

#: A gauge, with its value for each set of label values.
_Told = tuple[Gauge, Mapping[tuple[str, ...], float]]

#: The environment variable that names the folder by which processes share their counts.
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

#: Seconds between two looks at the gauges, where processes share them.
_EVERY = 1.0

#: The files of gauges of which those of ended processes do not count.
_OF_A_PROCESS = re.compile(r"gauge_live[a-z]+_([0-9]{1,10})\.db")

CONTENT_TYPE: str = prometheus.exposition.CONTENT_TYPE_PLAIN_0_0_4
"""The media type of `PrometheusObserver.exposition`."""


class PrometheusObserver:
    """An observer that counts for Prometheus. Services share one: a registry has each metric once.

    >>> from imgmiddleware import ImageRequest, ImageService
    >>> observer = PrometheusObserver(prometheus.CollectorRegistry())
    >>> service = ImageService(lambda id: None, observer=observer)
    >>> service.handle(ImageRequest("GET", "/image/none")).status
    404
    >>> for line in observer.exposition().decode().splitlines():
    ...     if line.startswith("imgmiddleware_answers_total"):
    ...         print(line)
    imgmiddleware_answers_total{format="none",outcome="not-found",tier="none"} 1.0

    Without `registry` it is prometheus-client's own, which `make_wsgi_app` and others show. Raises
    `ValueError` where that has these metrics already, and where processes are to share a folder
    that is not there.
    """

    content_type = CONTENT_TYPE
    """The media type of `exposition`."""

    def __init__(self, registry: Any = None) -> None:
        if ValueClass._multiprocess and not os.path.isdir(folder := os.environ.get(_FOLDER, "")):
            raise ValueError(f"{_FOLDER}: {folder!r} is no folder")
        self._registry = prometheus.REGISTRY if registry is None else registry
        make = {"registry": self._registry}
        self._answers = prometheus.Counter(ANSWERS.name, ANSWERS.help, ANSWERS.labels, **make)
        self._sent = prometheus.Counter(SENT.name, SENT.help, SENT.labels, **make)
        self._seconds = self._histogram(SECONDS)
        self._step_seconds = self._histogram(STEP_SECONDS)
        #: By outcome, tier and format: asking the library for a counter by its labels takes as long
        #: again.
        self._counting: dict[tuple[str, str, str], tuple[Any, Any]] = {}
        self._services: list[Callable[[], Gauges]] = []
        self._shared = _Shared(self._registry, self._gauges) if ValueClass._multiprocess else None
        if self._shared is None:
            self._registry.register(_Read(self._gauges))

    def answered(self, seen: Observation) -> None:
        """Count it. An answer that is no hit in memory is measured besides."""
        answers, sent = self._counters(seen)
        answers.inc()
        if seen.bytes:
            sent.inc(seen.bytes)
        if seen.steps:
            self._seconds.labels(seen.tier, seen.format).observe(seen.seconds)
            for step in seen.steps:
                label = step_label(step.name)
                self._step_seconds.labels(label, seen.format).observe(step.seconds)
        if self._shared is not None:
            self._shared.go_on()

    def watches(self, gauges: Callable[[], Gauges]) -> None:
        """Show the load of this service, too."""
        self._services.append(gauges)

    def exposition(self) -> bytes:
        """The metrics of all processes in Prometheus's text format (`CONTENT_TYPE`)."""
        registry = self._registry
        if self._shared is not None:
            self._shared.look()
            registry = prometheus.CollectorRegistry()
            prometheus.multiprocess.MultiProcessCollector(registry)
        return prometheus.generate_latest(registry)  # type: ignore[no-any-return]

    def _histogram(self, metric: Metric) -> Any:
        return prometheus.Histogram(
            metric.name, metric.help, metric.labels, buckets=BUCKETS, registry=self._registry
        )

    def _counters(self, seen: Observation) -> tuple[Any, Any]:
        key = seen[:3]
        counters = self._counting.get(key)
        if counters is None:
            counters = self._answers.labels(*key), self._sent.labels(seen.format)
            self._counting[key] = counters
        return counters

    def _gauges(self) -> list[_Told]:
        services = [gauges() for gauges in self._services]
        return [(gauge, told(gauge, services)) for gauge in GAUGES]


def leave_out_ended() -> None:
    """Leave out the gauges of processes that have ended, where no server says that they have.

    It goes by their numbers, as prometheus-client names files after these: on POSIX, where all of
    them run on this machine.
    """
    for number in {int(found[1]) for found in map(_OF_A_PROCESS.fullmatch, _files()) if found}:
        if not _runs(number):
            with suppress(FileNotFoundError):  # another process does the same
                prometheus.multiprocess.mark_process_dead(number)


def _files() -> list[str]:
    folder = os.environ.get(_FOLDER)
    return os.listdir(folder) if folder and os.name == "posix" else []


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


class _Read:
    """The gauges of a single process, read when Prometheus asks."""

    def __init__(self, gauges: Callable[[], list[_Told]]) -> None:
        self._gauges = gauges

    def describe(self) -> list[Any]:
        """Their names, which the registry compares with its own."""
        return [_family(gauge) for gauge in GAUGES]

    def collect(self) -> list[Any]:
        """Their values."""
        families = []
        for gauge, values in self._gauges():
            family = _family(gauge)
            for labels, value in values.items():
                family.add_metric(labels, value)
            families.append(family)
        return families


def _family(gauge: Gauge) -> Any:
    return GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)


class _Shared:
    """The gauges of each process, which its thread writes into the shared files."""

    def __init__(self, registry: Any, gauges: Callable[[], list[_Told]]) -> None:
        self._gauges = gauges
        self._written = {
            gauge.name: prometheus.Gauge(
                gauge.name,
                gauge.help,
                gauge.labels,
                multiprocess_mode="livemostrecent" if gauge.is_shared else "livesum",
                registry=registry,
            )
            for gauge in GAUGES
        }
        self._looking_in = 0

    def go_on(self) -> None:
        """Start a thread that writes them, unless this process has one. A fork leaves it behind."""
        if self._looking_in != getpid():
            self._looking_in = getpid()
            threading.Thread(target=self._keep_looking, name="imgmiddleware", daemon=True).start()

    def look(self) -> None:
        """Write down the present values of the gauges."""
        for gauge, values in self._gauges():
            written = self._written[gauge.name]
            for labels, value in values.items():
                (written.labels(*labels) if labels else written).set(value)

    def _keep_looking(self) -> None:
        failing = False
        while True:
            try:
                self.look()
                failing = False
            except Exception:  # noqa: BLE001 - a full disk, which may have room again
                if not failing:
                    _log.exception("the gauges cannot be written; this is logged once")
                failing = True
            time.sleep(_EVERY)
