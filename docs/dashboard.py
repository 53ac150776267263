"""The dashboard for Grafana, of the metrics' own names: it writes docs/dashboard.json.

    python docs/dashboard.py

A test compares what is there with what this would write.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgmiddleware.observing.metrics import ANSWERS, GAUGES, SECONDS, SENT, STEP_SECONDS, Metric

FILE = Path(__file__).with_suffix(".json")

#: Panels in a row, and how wide Grafana's grid is.
ACROSS, WIDTH, HEIGHT = 2, 24, 8

_SOURCE = {"type": "prometheus", "uid": "${source}"}

_gauges = {gauge.name.removeprefix("imgmiddleware_"): gauge for gauge in GAUGES}


@dataclass(frozen=True)
class Panel:
    """One graph: queries, each with what names its lines."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    about: str = ""


def rate(name: str, by: str, where: str = "") -> str:
    chosen = f'{{job=~"$job"{where and ", " + where}}}'
    return f"sum by ({by}) (rate({name}{chosen}[$__rate_interval]))"


def counted(metric: Metric, by: str, where: str = "") -> str:
    return rate(f"{metric.name}_total", by, where)


def quantile(of: float, metric: Metric, by: str) -> str:
    return f"histogram_quantile({of}, {rate(f'{metric.name}_bucket', f'le, {by}')})"


def gauge(name: str, by: str = "", how: str = "sum") -> str:
    return f'{how} by ({by}) ({_gauges[name].name}{{job=~"$job"}})'


def shared(name: str) -> str:
    """Each machine tells the same of a cache that it shares with others, or has its own."""
    return gauge(f"shared_cache_{name}", "instance, place", "max")


SHOWN = 'tier!="none"'
PARTS = 'step!="make"'
FOUND = 'tier!~"none|render|merged"'
REFUSED = 'outcome!~"shown|not-modified|stale|meanwhile|redirected|options|gone"'

PANELS = (
    Panel("Requests by outcome", "reqps", ((counted(ANSWERS, "outcome"), "{{outcome}}"),)),
    Panel(
        "Refusals and failures",
        "reqps",
        ((counted(ANSWERS, "outcome", REFUSED), "{{outcome}}"),),
        "busy and source-unavailable are the server's, damaged-original is an original's.",
    ),
    Panel("Where pictures come from", "reqps", ((counted(ANSWERS, "tier", SHOWN), "{{tier}}"),)),
    Panel(
        "Share of pictures that were made already",
        "percentunit",
        (
            (
                f"sum({counted(ANSWERS, 'tier', FOUND)}) / sum({counted(ANSWERS, 'tier', SHOWN)})",
                "share",
            ),
        ),
    ),
    Panel(
        "Time of an answer, by where it comes from: median and 95 %",
        "s",
        (
            (quantile(0.5, SECONDS, "tier"), "{{tier}}: median"),
            (quantile(0.95, SECONDS, "tier"), "{{tier}}: 95 %"),
        ),
    ),
    Panel(
        "Time of an answer, by format: 95 %",
        "s",
        ((quantile(0.95, SECONDS, "format"), "{{format}}"),),
    ),
    Panel(
        "What the time is spent in",
        "s",
        ((rate(f"{STEP_SECONDS.name}_sum", "step", PARTS), "{{step}}"),),
        "Seconds of a second: 1 is one request that does nothing else. make is the sum of "
        "others, and left out.",
    ),
    Panel("Time of a step: 95 %", "s", ((quantile(0.95, STEP_SECONDS, "step"), "{{step}}"),)),
    Panel("Bytes sent, by format", "Bps", ((counted(SENT, "format"), "{{format}}"),)),
    Panel(
        "Slots, and who waits",
        "short",
        (
            (gauge("busy_slots"), "busy"),
            (gauge("slots"), "slots"),
            (gauge("waiting_requests"), "waiting"),
        ),
    ),
    Panel(
        "Memory of caches and renders",
        "bytes",
        ((gauge("memory_bytes"), "taken"), (gauge("memory_most_bytes"), "max_memory")),
    ),
    Panel(
        "Caches of the processes",
        "bytes",
        (
            (gauge("cache_bytes", "place"), "{{place}}"),
            (gauge("cache_most_bytes", "place"), "{{place}}: most"),
        ),
    ),
    Panel(
        "Caches that processes share",
        "bytes",
        (
            (shared("bytes"), "{{instance}} {{place}}"),
            (shared("most_bytes"), "{{instance}} {{place}}: most"),
        ),
    ),
    Panel(
        "Entries of caches",
        "short",
        (
            (gauge("cache_entries", "place"), "{{place}}"),
            (shared("entries"), "{{instance}} {{place}}"),
        ),
    ),
)


def drawn(number: int, panel: Panel) -> dict[str, Any]:
    wide = WIDTH // ACROSS
    place = {"x": number % ACROSS * wide, "y": number // ACROSS * HEIGHT, "w": wide, "h": HEIGHT}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": _SOURCE, "expr": query, "legendFormat": name}
            for n, (query, name) in enumerate(panel.queries)
        ],
    }


def variables() -> list[dict[str, Any]]:
    """What is chosen at the top: the Prometheus, and which of its jobs."""
    jobs = f"label_values({ANSWERS.name}_total, job)"
    chosen = {"includeAll": True, "multi": True, "allValue": ".*", "refresh": 2}
    return [
        {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {"name": "job", "type": "query", "datasource": _SOURCE, "query": jobs, **chosen},
    ]


def dashboard() -> dict[str, Any]:
    return {
        "title": "imgmiddleware",
        "uid": "imgmiddleware",
        "schemaVersion": 39,
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": variables()},
        "panels": [drawn(number, panel) for number, panel in enumerate(PANELS)],
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
