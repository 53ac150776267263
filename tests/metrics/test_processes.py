"""Four workers of gunicorn count together; a real Prometheus reads them, and the dashboard's queries."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from metrics.exposed import Exposed
from metrics.page import DOCS, PAGE, snippet
from parts import module, need, program
from pictures import quadrants, saved
from servers.processes import Running, gunicorn_options, running

module("prometheus_client")

WORKERS = 4


def fetch(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def scraped(port: int) -> Exposed:
    return Exposed(fetch(port, "/metrics")[1].decode())


def until(port: int, true: Any, seconds: float = 30) -> Exposed:
    """The truth in the end. Each of the workers is asked meanwhile, whichever takes a request."""
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(2 * WORKERS) as threads:
        while not true(exposed := scraped(port)):
            assert time.monotonic() < end, exposed.samples
            list(threads.map(fetch, [port] * 2 * WORKERS, ["/metrics"] * 2 * WORKERS))
    return exposed


@contextmanager
def serving(folder: Path) -> Iterator[Running]:
    (folder / "photos").mkdir(parents=True)
    for number in range(5):
        (folder / "photos" / f"{number}.jpg").write_bytes(
            saved(quadrants(400 + number, 300), "JPEG")
        )
    (folder / "counted").mkdir()
    configuration = folder / "gunicorn.conf.py"
    configuration.write_text(snippet("gunicorn-example"))
    environment = {
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "counted"),
        "CACHE": str(folder / "cache"),
    }

    def command(port: int, _: Path) -> list[str]:
        options = ["--workers", str(WORKERS), "--threads", "2", "--config", str(configuration)]
        return [
            program("gunicorn"),
            *gunicorn_options(port),
            *options,
            "metrics.fleet_app:application",
        ]

    with running(command, folder, environment, cwd=folder) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("fleet") / "site") as server:
        yield server


def children(server: Running) -> list[int]:
    path = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def test_four_workers_count_together(server: Running) -> None:
    paths = [f"/image/{n % 7}.jpg?w={n % 11 + 1}&fm=png" for n in range(300)] + [
        "/image/0.jpg?w=x"
    ] * 20
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda path: fetch(server.port, path), paths))
    statuses = Counter(status for status, _ in answers)
    assert statuses.keys() == {200, 400, 404}
    exposed = until(server.port, lambda e: e.sum("imgmiddleware_slots") == 3 * WORKERS)
    count = "imgmiddleware_answers_total"
    assert exposed.sum(count, outcome="shown") == statuses[200]
    assert exposed.sum(count, outcome="not-found") == statuses[404]
    assert exposed.sum(count, outcome="malformed-parameter") == statuses[400] == 20
    assert exposed.sum(count, tier="render") == 55  # 5 originals in 11 sizes, each made once
    assert exposed.sum(count, tier="disk") > 0
    assert exposed.sum("imgmiddleware_step_seconds_count", step="render") == 55
    sent = sum(len(body) for _, body in answers)
    assert exposed.sum("imgmiddleware_sent_bytes_total") == sent
    # The folder is one, whichever of the four tells of it; their memories are four.
    until(server.port, lambda e: e.sum("imgmiddleware_shared_cache_entries") == 55)
    until(server.port, lambda e: e.sum("imgmiddleware_cache_entries", place="memory") > 55)
    assert "pid" not in {name for _, labels in exposed.series() for name, _ in labels}


def test_who_has_ended_is_counted_and_no_gauge_any_more(server: Running) -> None:
    for number in range(100):
        fetch(server.port, f"/image/0.jpg?w=9&n={number}")
    before = until(server.port, lambda e: e.sum("imgmiddleware_slots") == 3 * WORKERS)
    subprocess.run(["kill", "-9", str(children(server)[0])], check=True)
    after = until(server.port, lambda e: e.sum("imgmiddleware_slots") == 3 * (WORKERS - 1))
    count = "imgmiddleware_answers_total"
    assert after.sum(count) == before.sum(count)


def queries() -> list[str]:
    dashboard = json.loads((DOCS / "dashboard.json").read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    # Grafana's values: all jobs, and four times the interval of scrapes.
    return [query.replace("$job", ".*").replace("$__rate_interval", "4s") for query in found]


@contextmanager
def prometheus(folder: Path, upstream: int) -> Iterator[Running]:
    """It reads the metrics each second, and knows the alerts of the page."""
    folder.mkdir()
    (folder / "alerts.yml").write_text(snippet("alerts"))
    (folder / "prometheus.yml").write_text(
        json.dumps(  # which is YAML, too
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": ["alerts.yml"],
                "scrape_configs": [
                    {"job_name": "site", "static_configs": [{"targets": [f"127.0.0.1:{upstream}"]}]}
                ],
            }
        )
    )

    def command(port: int, folder: Path) -> list[str]:
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        return [need("Prometheus"), *options, f"--web.listen-address=127.0.0.1:{port}"]

    with running(command, folder, {}) as server:
        yield server


def asked(port: int, path: str, **query: str) -> Any:
    status, body = fetch(port, f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
    answer = json.loads(body)
    assert (status, answer["status"]) == (200, "success"), (query, answer)
    return answer["data"]


@pytest.mark.needs("Prometheus")
def test_a_prometheus_has_an_answer_to_each_query(server: Running, tmp_path: Path) -> None:
    with prometheus(tmp_path / "prometheus", server.port) as watching:
        end = time.monotonic() + 40
        missing = queries()
        number = 0
        while missing and time.monotonic() < end:
            for _ in range(5):
                number += 1
                assert (
                    fetch(server.port, f"/image/{number % 5}.jpg?w={number % 300 + 20}")[0] == 200
                )
                assert fetch(server.port, f"/image/none{number}.jpg")[0] == 404
            time.sleep(0.2)
            missing = [
                query
                for query in missing
                if not asked(watching.port, "query", query=query)["result"]
            ]
        assert missing == []
        (group,) = asked(watching.port, "rules")["groups"]
        assert len(group["rules"]) == len(re.findall("- alert:", PAGE))
        for rule in group["rules"]:
            assert (rule["health"], rule["state"]) == ("ok", "inactive"), rule
