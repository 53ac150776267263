"""docs/metrics.md and its dashboard are those of the metrics' table."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from imgmiddleware.observing.metrics import BUCKETS, COUNTERS, GAUGES, HISTOGRAMS, step_label
from imgmiddleware.observing.observation import OUTCOMES, STEPS, TIERS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "metrics.md").read_text()
METRICS = (*COUNTERS, *HISTOGRAMS, *GAUGES)


def exported(name: str) -> set[str]:
    """The names under which Prometheus has a metric."""
    if name in {metric.name for metric in COUNTERS}:
        return {f"{name}_total"}
    if name in {metric.name for metric in HISTOGRAMS}:
        return {f"{name}_{end}" for end in ("bucket", "sum", "count")}
    return {name}


KNOWN = {each for metric in METRICS for each in exported(metric.name)}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dashboard", DOCS / "dashboard.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules["dashboard"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_names_are_prometheus_s() -> None:
    # https://prometheus.io/docs/practices/naming/: letters, the prefix of the application, units.
    for metric in METRICS:
        assert re.fullmatch(r"imgmiddleware(_[a-z]+)+", metric.name)
        assert metric.name.endswith(f"_{metric.unit}") or not metric.unit
        assert ("bytes" in metric.name) == (metric.unit == "bytes")
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert sorted(BUCKETS) == list(BUCKETS)


def test_the_table_of_the_page() -> None:
    rows = PAGE.partition("<!-- metrics-table -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    kinds = [("counter", COUNTERS), ("histogram", HISTOGRAMS), ("gauge", GAUGES)]
    expected = [
        [
            f"`{metric.name}_total`" if kind == "counter" else f"`{metric.name}`",
            kind,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.help,
        ]
        for kind, metrics in kinds
        for metric in metrics
    ]
    assert cells == expected


def test_the_words_that_the_page_explains() -> None:
    told = PAGE.partition("Every value of a label")[2].partition("\n## ")[0]
    words = set(re.findall(r"`([\w-]+)`", told))
    ours = OUTCOMES[: OUTCOMES.index("failed") + 1]
    assert {*ours, *TIERS} <= words
    assert {label for metric in METRICS for label in metric.labels} <= words


def test_each_metric_that_is_asked_for_is_there() -> None:
    """In alerts, and on the dashboard; which shows all of them."""
    alerts = PAGE.partition("<!-- alerts -->")[2].partition("```\n\n")[0]
    dashboard = (DOCS / "dashboard.json").read_text()
    for text in (alerts, dashboard):
        asked = set(re.findall(r"\bimgmiddleware_\w+", text))
        assert asked
        assert asked <= KNOWN
    for metric in METRICS:
        assert exported(metric.name) & set(re.findall(r"\bimgmiddleware_\w+", dashboard)), metric
    words = {*OUTCOMES, *TIERS, *STEPS}
    for label in ("outcome", "tier", "step"):
        for chosen in re.findall(rf'\b{label}[!=]?[=~]\\?"([^"\\]+)', alerts + dashboard):
            assert set(chosen.split("|")) <= words, chosen


def test_the_dashboard_is_what_its_script_writes(script: ModuleType) -> None:
    assert (DOCS / "dashboard.json").read_text() == script.text(), "run docs/dashboard.py"


def test_the_panels_stand_side_by_side(script: ModuleType) -> None:
    places = [tuple(p["gridPos"].values()) for p in json.loads(script.text())["panels"]]
    assert len(set(places)) == len(places)
    assert all(x + width <= 24 for x, _, width, _ in places)


def test_a_step_of_an_application_is_no_label() -> None:
    assert step_label("decode") == "decode"
    assert step_label("photo 4711") == "other"
