"""Traces and metrics for OpenTelemetry: the extra `imgmiddleware[otel]`, which is its API alone.

The application decides what happens to them, by the SDK that it configures. Without an SDK this
does nothing.
"""

from collections.abc import Callable, Iterator
from time import time_ns
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
    from opentelemetry import metrics, trace
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'opentelemetry-api is missing: pip install "imgmiddleware[otel]"', name=error.name
    ) from error

_NAME = "imgmiddleware"

#: OpenTelemetry's names of units (UCUM). With "1" exports to Prometheus would make a ratio.
_UNITS = {"seconds": "s", "bytes": "By", "": ""}


class OpenTelemetryObserver:
    """An observer that traces answers, and measures them, by OpenTelemetry.

    >>> from imgmiddleware import ImageService
    >>> service = ImageService(lambda id: None, observer=OpenTelemetryObserver())

    The instrumentation of ASGI or WSGI has begun a span of the server, which gets the name of the
    route, "GET /image/{id}". Otherwise each picture would make a name of its own. An answer that is
    no hit in memory has a span "/image/{id}" below it, with one for each step. `tracer_provider`
    and `meter_provider` are those of the application unless they are given.
    """

    def __init__(self, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        self._meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._answers = self._meter.create_counter(*_described(ANSWERS))
        self._sent = self._meter.create_counter(*_described(SENT))
        self._seconds = self._histogram(SECONDS)
        self._step_seconds = self._histogram(STEP_SECONDS)
        self._services: list[Callable[[], Gauges]] = []
        for gauge in GAUGES:
            self._meter.create_observable_gauge(*_observed(gauge, self._gauges))

    def answered(self, seen: Observation) -> None:
        """Trace it, and measure it."""
        self._name_server_span(seen)
        if seen.steps:
            self._trace(seen)
        self._answers.add(1, dict(zip(ANSWERS.labels, seen[:3], strict=True)))
        if seen.bytes:
            self._sent.add(seen.bytes, {"format": seen.format})
        if seen.steps:
            self._seconds.record(seen.seconds, {"tier": seen.tier, "format": seen.format})
        for step in seen.steps:
            labels = {"step": step_label(step.name), "format": seen.format}
            self._step_seconds.record(step.seconds, labels)

    def watches(self, gauges: Callable[[], Gauges]) -> None:
        """Show the load of this service, too."""
        self._services.append(gauges)

    def _name_server_span(self, seen: Observation) -> None:
        """Name it by method and route, as the conventions for HTTP have it.

        A picture that is made for later has no such span, as it is made in a thread of the service.
        """
        span = trace.get_current_span()
        if seen.route and span.is_recording():
            method = "HTTP" if seen.method == "other" else seen.method
            span.update_name(f"{method} {seen.route}")
            span.set_attribute("http.route", seen.route)

    def _trace(self, seen: Observation) -> None:
        """A span that has ended already, with the measured times."""
        end = time_ns()
        begin = end - _nanoseconds(seen.seconds)
        span = self._tracer.start_span(seen.route or _NAME, start_time=begin)
        if span.is_recording():
            span.set_attributes(_attributes(seen))
            inside = trace.set_span_in_context(span)
            for step in seen.steps:
                start = begin + _nanoseconds(step.start)
                child = self._tracer.start_span(step_label(step.name), inside, start_time=start)
                child.end(start + _nanoseconds(step.seconds))
            if seen.outcome == "failed":
                span.set_status(trace.StatusCode.ERROR)
        span.end(end)

    def _histogram(self, metric: Metric) -> Any:
        return self._meter.create_histogram(
            *_described(metric), explicit_bucket_boundaries_advisory=BUCKETS
        )

    def _gauges(self, gauge: Gauge) -> Iterator[tuple[float, dict[str, str]]]:
        services = [gauges() for gauges in self._services]
        for labels, value in told(gauge, services).items():
            yield value, dict(zip(gauge.labels, labels, strict=True))


def _attributes(seen: Observation) -> dict[str, str | int]:
    route = {"http.route": seen.route} if seen.route else {}
    return {
        **route,
        f"{_NAME}.outcome": seen.outcome,
        f"{_NAME}.tier": seen.tier,
        f"{_NAME}.format": seen.format,
        f"{_NAME}.bytes": seen.bytes,
    }


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _described(metric: Metric) -> tuple[str, str, str]:
    """Name, unit and description; exports to Prometheus put the unit at the end again."""
    name = metric.name.removesuffix(f"_{metric.unit}").replace("_", ".", 1)
    return name, _UNITS[metric.unit], metric.help


def _observed(
    gauge: Gauge, values: Callable[[Gauge], Iterator[tuple[float, dict[str, str]]]]
) -> tuple[str, list[Callable[[Any], Iterator[metrics.Observation]]], str, str]:
    def read(options: Any) -> Iterator[metrics.Observation]:
        return (metrics.Observation(value, labels) for value, labels in values(gauge))

    name, unit, description = _described(gauge)
    return name, [read], unit, description
