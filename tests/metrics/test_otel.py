"""Spans and metrics of OpenTelemetry, as its SDK gets them, below the instrumentation of servers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from asking import get, request
from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ClientGoneError, ImageService
from imgmiddleware.asgi import ASGIImageApp, ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware
from parts import module

trace_sdk = module("opentelemetry.sdk.trace")
metrics_sdk = module("opentelemetry.sdk.metrics")
memory = module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
asgi_instrumentation = module("opentelemetry.instrumentation.asgi")
wsgi_instrumentation = module("opentelemetry.instrumentation.wsgi")

from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: E402 - or it is skipped
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402

from imgmiddleware.observing.otel import OpenTelemetryObserver  # noqa: E402

GRAY = np.arange(1200, dtype=np.uint8).reshape(30, 40)
PATH = "/image/4711?w=9&fm=png"


class Sdk:
    """The application's configuration: where spans and metrics go."""

    def __init__(self) -> None:
        self.exporter = memory.InMemorySpanExporter()
        self.tracers = trace_sdk.TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = metrics_sdk.MeterProvider([self.reader])
        self.observer = OpenTelemetryObserver(self.tracers, self.meters)

    def spans(self) -> list[Any]:
        """Those that ended, in the order in which they began; they are told once."""
        spans = sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time)
        self.exporter.clear()
        return spans

    def points(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {
            metric.name: list(metric.data.data_points)
            for scope in scopes
            for metric in scope.metrics
        }


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    made = Sdk()
    yield made
    made.meters.shutdown()


def asgi(sdk: Sdk, app: Any) -> Any:
    return asgi_instrumentation.OpenTelemetryMiddleware(
        app,
        tracer_provider=sdk.tracers,
        meter_provider=sdk.meters,
        exclude_spans=["send", "receive"],
    )


def wsgi(sdk: Sdk, app: Any) -> Any:
    return wsgi_instrumentation.OpenTelemetryMiddleware(
        app, tracer_provider=sdk.tracers, meter_provider=sdk.meters
    )


@pytest.mark.parametrize("protocol", ["asgi", "wsgi"])
def test_the_servers_span_is_named_after_the_route(protocol: str, sdk: Sdk) -> None:
    if protocol == "asgi":
        inner: Any = ASGIImageMiddleware(plain_asgi, lambda id: GRAY, observer=sdk.observer)
        call, app = call_asgi, asgi(sdk, inner)
    else:
        inner = WSGIImageMiddleware(plain_wsgi, lambda id: GRAY, observer=sdk.observer)
        call, app = call_wsgi, wsgi(sdk, inner)
    assert call(app, PATH)[0] == 200
    server, ours, *steps = sdk.spans()
    assert server.name == "GET /image/{id}"
    assert server.attributes["http.route"] == "/image/{id}"
    assert ours.name == "/image/{id}"
    assert ours.parent.span_id == server.context.span_id
    assert {step.name for step in steps} >= {"open", "probe", "cache", "decode", "render", "make"}
    for step in steps:
        assert step.parent.span_id == ours.context.span_id
        assert ours.start_time <= step.start_time <= step.end_time <= ours.end_time
    assert server.start_time <= ours.start_time + 10**6  # two clocks
    assert "4711" not in str([(s.name, *(s.attributes or {}).values()) for s in (ours, *steps)])

    assert call(app, PATH)[0] == 200  # in memory now
    (alone,) = sdk.spans()
    assert (alone.name, alone.attributes["http.route"]) == ("GET /image/{id}", "/image/{id}")

    assert call(app, "/elsewhere?w=9")[0] == 200
    (other,) = sdk.spans()
    assert other.name == "GET /elsewhere"


def test_the_metrics_of_asgi_have_the_route(sdk: Sdk) -> None:
    app = asgi(sdk, ASGIImageMiddleware(plain_asgi, lambda id: GRAY, observer=sdk.observer))
    call_asgi(app, PATH)
    call_asgi(app, PATH)
    points = sdk.points()["http.server.duration"]
    assert {point.attributes["http.target"] for point in points} == {"/image/{id}"}


def test_a_mount_is_part_of_the_route(sdk: Sdk) -> None:
    from starlette.applications import Starlette

    app = Starlette()
    app.mount("/pictures", ASGIImageApp(lambda id: GRAY, observer=sdk.observer))
    assert call_asgi(asgi(sdk, app), "/pictures/4711?w=9")[0] == 200
    assert sdk.spans()[0].name == "GET /pictures/{id}"


def test_what_a_span_tells(sdk: Sdk) -> None:
    service = ImageService(lambda id: GRAY if id == "a" else None, observer=sdk.observer)
    size = len(get(service, "w=9&fm=png").read())
    ours = sdk.spans()[0]
    assert {name.partition(".")[2]: value for name, value in ours.attributes.items()} == {
        "route": "/image/{id}", "outcome": "shown", "tier": "render", "format": "png", "bytes": size,
    }  # fmt: skip
    get(service, id="none")
    assert sdk.spans()[0].attributes["imgmiddleware.outcome"] == "not-found"


def test_errors_of_the_program_alone_are_errors_of_the_span(sdk: Sdk) -> None:
    def source(id: str) -> Any:
        if id == "broken":
            raise RuntimeError(id)
        return GRAY

    service = ImageService(source, observer=sdk.observer)
    with pytest.raises(RuntimeError):
        get(service, id="broken")
    assert sdk.spans()[0].status.status_code.name == "ERROR"
    with pytest.raises(ClientGoneError):
        service.handle(request(), gone=lambda: True)
    assert sdk.spans()[0].status.status_code.name == "UNSET"


def test_metrics(sdk: Sdk) -> None:
    service = ImageService(lambda id: GRAY, observer=sdk.observer, render_slots=3)
    size = len(get(service, "w=9&fm=png").read())
    for _ in range(4):
        get(service, "w=9&fm=png")
    points = sdk.points()
    counted = {
        (p.attributes["outcome"], p.attributes["tier"]): p.value
        for p in points["imgmiddleware.answers"]
    }
    assert counted == {("shown", "render"): 1, ("shown", "memory"): 4}
    assert [p.value for p in points["imgmiddleware.sent"]] == [5 * size]
    assert [p.count for p in points["imgmiddleware.answer"]] == [1]
    steps = {p.attributes["step"]: p for p in points["imgmiddleware.step"]}
    assert steps["render"].count == 1
    assert 0 < steps["render"].sum < steps["make"].sum
    assert [p.value for p in points["imgmiddleware.slots"]] == [3]
    (held,) = (
        p for p in points["imgmiddleware.cache_entries"] if p.attributes["place"] == "memory"
    )
    assert held.value == 1


def test_units_are_such_that_prometheus_has_the_names_of_the_table(sdk: Sdk) -> None:
    """By the rules of https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/:
    dots become underscores, the unit's name is put at the end, and `_total` behind counters."""
    from imgmiddleware.observing.metrics import COUNTERS, GAUGES, HISTOGRAMS

    get(ImageService(lambda id: GRAY, observer=sdk.observer), "w=9")
    data = sdk.reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    units = {"s": "_seconds", "By": "_bytes", "": ""}
    names = {f"{metric.name.replace('.', '_')}{units[metric.unit]}" for metric in data}
    shown = {m.name for m in (*COUNTERS, *HISTOGRAMS, *GAUGES) if "shared" not in m.name}
    assert names == shown


def test_the_api_alone_is_enough_and_does_nothing() -> None:
    code = """
import sys
sys.modules["opentelemetry.sdk"] = None
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.observing.otel import OpenTelemetryObserver
service = ImageService(lambda id: None, observer=OpenTelemetryObserver())
print(service.handle(ImageRequest("GET", "/image/none")).status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("404\n", "")
