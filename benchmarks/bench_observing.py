"""What does it cost to be watched?

Processor time of a service's answers without an observer, and with each: one that does nothing, one
for Prometheus, one for OpenTelemetry by its API alone and with an SDK that keeps what it gets in
memory. Paired: the candidates take turns. `--before FOLDER` is a tree of an older version: its
figures stand beside those without an observer, of processes that take turns.

    python -m benchmarks.bench_observing [--before FOLDER]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry

from benchmarks.results import report
from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware import ImageRequest, ImageService

GOAL = 1e-6  # seconds, without an observer

HIT = ImageRequest("GET", "/image/a", "w=100&fm=png", {"accept": "*/*"})
NONE_MATCH = ImageRequest("GET", "/image/a", HIT.query, {"accept": "*/*", "if-none-match": "*"})
#: What is asked for, and of which method of the service: an event loop asks `ready` first.
REQUESTS = {
    "hit on the event loop": ("ready", HIT),
    "hit in a thread": ("handle", HIT),
    "304 on the event loop": ("ready", NONE_MATCH),
    "404": ("handle", ImageRequest("GET", "/image/none", "w=100")),
}
_ROOT = Path(__file__).parents[1]


class Nothing:
    def answered(self, seen: object) -> None:
        pass

    def watches(self, gauges: Callable[[], object]) -> None:
        pass


def prometheus() -> Any:
    from imgmiddleware.observing.prometheus import PrometheusObserver  # noqa: PLC0415 - `before`

    return PrometheusObserver(CollectorRegistry())


def otel(*, sdk: bool) -> Any:
    from imgmiddleware.observing.otel import OpenTelemetryObserver  # noqa: PLC0415 - has none

    if not sdk:
        return OpenTelemetryObserver()
    return OpenTelemetryObserver(TracerProvider(), MeterProvider([InMemoryMetricReader()]))


def service(observer: Any = None) -> ImageService:
    """`recheck` is long, so that hits and 304s are what they are within it."""
    options = {} if observer is None else {"observer": observer}
    gray = np.zeros((300, 400), np.uint8)
    made = ImageService(lambda id: gray if id == "a" else None, recheck=10_000, **options)
    made.handle(HIT)
    return made


def microseconds(timing: Timing) -> str:
    return f"{1e6 * timing.median:.2f}"


def rows(rounds: int, calls: int) -> list[tuple[object, ...]]:
    observers = {
        "none": None,
        "nothing": Nothing(),
        "Prometheus": prometheus(),
        "OpenTelemetry, no SDK": otel(sdk=False),
        "OpenTelemetry, SDK": otel(sdk=True),
    }
    services = {name: service(observer) for name, observer in observers.items()}
    cells: dict[str, list[str]] = {name: [] for name in observers}
    for how, request in REQUESTS.values():
        candidates = {name: partial(getattr(made, how), request) for name, made in services.items()}
        timings = interleaved(candidates, rounds, calls, time.process_time)
        for name, timing in timings.items():
            cells[name].append(microseconds(timing))
    return [(name, *values) for name, values in cells.items()]


def child(rounds: int, calls: int) -> None:
    """The median without an observer, for each request, as JSON."""
    made = service()
    candidates = {
        name: partial(getattr(made, how), request) for name, (how, request) in REQUESTS.items()
    }
    timings = interleaved(candidates, rounds, calls, time.process_time)
    print(json.dumps({name: timing.least for name, timing in timings.items()}))


def beside(before: Path, processes: int, arguments: list[str]) -> list[tuple[object, ...]]:
    """Least times of processes of both versions, which take turns."""
    seen: dict[str, dict[str, list[float]]] = {}
    trees = {"before": before.resolve(), "now": _ROOT}
    for _ in range(processes):
        for name, tree in trees.items():
            command = [sys.executable, str(Path(__file__).resolve()), "--child", *arguments]
            environment = {**os.environ, "PYTHONPATH": f"{tree}:{_ROOT}"}
            done = subprocess.run(
                command, cwd=tree, env=environment, check=True, capture_output=True, text=True
            )
            for request, seconds in json.loads(done.stdout).items():
                seen.setdefault(request, {}).setdefault(name, []).append(seconds)
    found = []
    for request, times in seen.items():
        pairs = [n - b for b, n in zip(times["before"], times["now"], strict=True)]
        medians = (f"{1e6 * statistics.median(times[name]):.2f}" for name in trees)
        added = statistics.median(pairs)
        found.append((request, *medians, f"{1e6 * added:+.2f}", "yes" if added <= GOAL else "no"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=7)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--child", action="store_true")
    arguments = parser.parse_args()
    gc.disable()
    if arguments.child:
        child(arguments.rounds, arguments.calls)
        return
    packages = ("prometheus-client", "opentelemetry-api", "opentelemetry-sdk")
    text = machine(*packages) + "; microseconds of processor time.\n\n"
    text += table(("observer", *REQUESTS), rows(arguments.rounds, arguments.calls))
    if arguments.before:
        given = ["--rounds", "5", "--calls", str(arguments.calls)]
        found = beside(arguments.before, arguments.processes, given)
        head = ("no observer", "before there was one", "now", "more", "at most 1 µs")
        text += f"\n\n{table(head, found)}"
    report("Observers", text)


if __name__ == "__main__":
    main()
