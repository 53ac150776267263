"""The counts for Prometheus, in one process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import get, request
from imgmiddleware import ImageService
from imgmiddleware.observing.observation import OUTCOMES, STEPS, TIERS
from metrics.exposed import Exposed, scraped
from parts import module

prometheus = module("prometheus_client")

from imgmiddleware.observing import prometheus as ours  # noqa: E402 - or it is skipped
from imgmiddleware.observing.prometheus import PrometheusObserver  # noqa: E402 - or it is skipped

GRAY = np.arange(1200, dtype=np.uint8).reshape(30, 40)


@pytest.fixture
def observer() -> PrometheusObserver:
    return PrometheusObserver(prometheus.CollectorRegistry())


def test_series_are_bounded_whatever_is_asked_for(observer: PrometheusObserver) -> None:
    """10,000 links that differ in ID, query, method and header; none of it is in a label."""
    service = ImageService(lambda id: None if "-" in id else GRAY, observer=observer)

    def ask(number: int) -> None:
        match number % 5:
            case 0:
                get(service, "w=9&fm=png", id=f"secret{number % 50}")
            case 1:
                get(service, f"w={number}.secret{number}")
            case 2:
                get(service, f"secret{number}=1")
            case 3:
                get(service, "", id=f"secret-{number}", accept=f"image/secret{number}")
            case _:
                service.handle(request(method=f"SECRET{number}"))

    for number in range(100):
        ask(number)
    few = scraped(observer)
    for number in range(100, 10_000):
        ask(number)
    many = scraped(observer)
    assert {*few.series()} == {*many.series()}
    assert many.sum("imgmiddleware_answers_total") == 10_000
    assert "secret" not in str(many.samples).lower()
    assert many.values("outcome") <= {*OUTCOMES}
    assert many.values("tier") <= {*TIERS}
    assert many.values("step") <= {*STEPS}


def test_the_sums_are_those_of_server_timing(observer: PrometheusObserver) -> None:
    service = ImageService(lambda id: GRAY, observer=observer, server_timing=True, recheck=0)
    told: defaultdict[str, float] = defaultdict(float)
    times: Counter[str] = Counter()
    for width in (*range(4, 40), *range(4, 9)):
        answer = get(service, f"w={width}&fm=png")
        steps = re.findall(r"(\w+);dur=([\d.]+)", answer.header("server-timing") or "")
        if len(steps) > 3:  # a hit in memory is counted alone
            for name, milliseconds in steps:
                told[name] += float(milliseconds)
                times[name] += 1
    exposed = scraped(observer)
    assert times["render"] == 36
    for name, milliseconds in told.items():
        assert exposed.sum("imgmiddleware_step_seconds_count", step=name) == times[name]
        measured = 1000 * exposed.sum("imgmiddleware_step_seconds_sum", step=name)
        assert measured == pytest.approx(milliseconds, abs=0.0005 * times[name])
    assert exposed.sum("imgmiddleware_answer_seconds_count") == 36
    made = exposed.sum("imgmiddleware_step_seconds_sum", step="make")
    assert made < exposed.sum("imgmiddleware_answer_seconds_sum")


def test_a_hit_in_memory_is_counted_and_no_more(observer: PrometheusObserver) -> None:
    service = ImageService(lambda id: GRAY, observer=observer)
    size = len(get(service, "w=9&fm=png").read())
    before = scraped(observer)
    for _ in range(3):
        assert service.ready(request("w=9&fm=png"))
    after = scraped(observer)
    labels = {"outcome": "shown", "tier": "memory", "format": "png"}
    assert after.sum("imgmiddleware_answers_total", **labels) == 3
    assert after.sum("imgmiddleware_sent_bytes_total", format="png") == 4 * size
    for name in ("imgmiddleware_answer_seconds_count", "imgmiddleware_step_seconds_count"):
        assert after.sum(name) == before.sum(name) > 0


def test_gauges_are_read_when_somebody_asks(observer: PrometheusObserver, tmp_path: Path) -> None:
    services = [
        ImageService(lambda id: GRAY, observer=observer, render_slots=slots, cache_dir=tmp_path / str(slots))
        for slots in (2, 3)
    ]  # fmt: skip
    assert scraped(observer).sum("imgmiddleware_slots") == 5
    assert scraped(observer).sum("imgmiddleware_cache_entries", place="memory") == 0
    for service in services:
        get(service, "w=9")
    exposed = scraped(observer)
    held = [service.holding() for service in services]
    for place in ("memory", "decoded"):
        expected = sum(each[place].bytes for each in held)
        assert exposed.sum("imgmiddleware_cache_bytes", place=place) == expected
    assert exposed.sum("imgmiddleware_shared_cache_entries", place="disk") == 2
    assert exposed.sum("imgmiddleware_memory_bytes") > 0
    most = sum(service.settings.max_memory for service in services)
    assert exposed.sum("imgmiddleware_memory_most_bytes") == most


def test_the_applications_own_metrics_are_exposed_as_well() -> None:
    registry = prometheus.CollectorRegistry()
    prometheus.Counter("visits", "Of pages.", registry=registry).inc()
    assert b"visits_total 1.0" in PrometheusObserver(registry).exposition()


def test_a_registry_has_each_metric_once(observer: PrometheusObserver) -> None:
    registry = prometheus.CollectorRegistry()
    PrometheusObserver(registry)
    with pytest.raises(ValueError, match="imgmiddleware_answers"):
        PrometheusObserver(registry)


def test_names_are_those_of_the_table(observer: PrometheusObserver) -> None:
    from imgmiddleware.observing.metrics import COUNTERS, GAUGES, HISTOGRAMS

    get(ImageService(lambda id: GRAY, observer=observer), "w=9")
    families = {family.name: family for family in observer._registry.collect()}
    expected = {metric.name for metric in (*COUNTERS, *HISTOGRAMS, *GAUGES)}
    assert families.keys() == expected
    for metric in (*COUNTERS, *HISTOGRAMS, *GAUGES):
        assert families[metric.name].documentation == metric.help


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [("prometheus", "prometheus_client", "prometheus"), ("otel", "opentelemetry", "otel")],
)
def test_what_is_missing_is_named_with_its_extra(name: str, library: str, extra: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import imgmiddleware.observing.{name}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f'is missing: pip install "imgmiddleware[{extra}]"' in done.stderr


def test_the_package_imports_neither_by_itself() -> None:
    code = "import sys, imgmiddleware.wsgi, imgmiddleware.asgi; print([n for n in sys.modules if n.startswith(('prometheus', 'opentelemetry'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_several_threads_count_each_answer_once(observer: PrometheusObserver) -> None:
    from concurrent.futures import ThreadPoolExecutor

    service = ImageService(lambda id: GRAY, observer=observer)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: get(service, f"w={n % 7 + 1}&fm=png"), range(400)))
    exposed: Exposed = scraped(observer)
    assert exposed.sum("imgmiddleware_answers_total", outcome="shown") == len(answers)
    assert exposed.sum("imgmiddleware_sent_bytes_total") == sum(len(a.read()) for a in answers)
    assert exposed.sum("imgmiddleware_answers_total", tier="render") == 7


def test_a_step_of_an_application_is_other(observer: PrometheusObserver) -> None:
    from imgmiddleware.service.timing import step

    def slow(id: str) -> Any:
        with step(f"look-up-of-{id}"):
            return GRAY

    service = ImageService(slow, observer=observer)
    for number in range(3):
        get(service, id=str(number))
    exposed = scraped(observer)
    assert exposed.sum("imgmiddleware_step_seconds_count", step="other") == 3
    assert exposed.values("step") <= {*STEPS}


def test_gauges_that_cannot_be_written_are_written_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full twice, and then is not."""
    looks: list[int] = []
    shared = ours._Shared.__new__(ours._Shared)

    def look() -> None:
        looks.append(1)
        if len(looks) == 4:
            raise SystemExit  # the end of its thread
        if len(looks) < 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(shared, "look", look)
    monkeypatch.setattr(ours, "_EVERY", 0)
    with pytest.raises(SystemExit):
        shared._keep_looking()
    assert [record.getMessage() for record in caplog.records] == [
        "the gauges cannot be written; this is logged once"
    ]
