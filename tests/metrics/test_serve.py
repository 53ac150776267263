"""`imgmiddleware serve --metrics PATH`, in one process and in two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgmiddleware.cli import main
from metrics.test_processes import fetch, until
from parts import module, program
from pictures import quadrants, saved
from servers.processes import running

module("prometheus_client")
module("uvicorn")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(saved(quadrants(400, 300), "JPEG"))
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_a_path_for_prometheus(workers: int, photos: Path, tmp_path: Path) -> None:
    def command(port: int, _: Path) -> list[str]:
        options = ["--port", str(port), "--workers", str(workers), "--metrics", "/metrics"]
        cache = ["--cache-dir", str(tmp_path / "cache")]
        return [program("imgmiddleware"), "serve", str(photos), *options, *cache]

    with running(command, tmp_path / "server", {"TMPDIR": str(tmp_path)}) as server:
        widths = range(10, 40)
        for width in widths:
            assert fetch(server.port, f"/image/a.jpg?w={width}")[0] == 200
        count = "imgmiddleware_answers_total"
        exposed = until(server.port, lambda e: e.sum("imgmiddleware_shared_cache_entries") == 30)
        assert exposed.sum(count, tier="render") == exposed.sum(count) == len(widths)
        assert fetch(server.port, "/metrics/")[0] == 404
        assert len([*tmp_path.glob("imgmiddleware-metrics-*")]) == (workers > 1)
    assert [*tmp_path.glob("imgmiddleware-metrics-*")] == []


def test_a_worker_that_was_killed_is_no_gauge_any_more(photos: Path, tmp_path: Path) -> None:
    """uvicorn starts another, and tells nobody that one has ended."""

    def command(port: int, _: Path) -> list[str]:
        options = ["--port", str(port), "--workers", "2", "--metrics", "/metrics"]
        return [program("imgmiddleware"), "serve", str(photos), *options, "--no-cache-dir"]

    with running(command, tmp_path / "server", {"TMPDIR": str(tmp_path)}) as server:

        def pids(_: Any = None) -> set[int]:
            """Those that have written gauges down."""
            files = tmp_path.glob("imgmiddleware-metrics-*/gauge_livesum_*.db")
            return {int(file.stem.rpartition("_")[2]) for file in files}

        def served(count: int) -> Callable[[Any], bool]:
            def true(_: Any) -> bool:
                fetch(server.port, "/image/a.jpg?w=20")
                return len(pids()) == count

            return true

        both = until(server.port, served(2)).sum("imgmiddleware_slots")
        (first, _) = pids()
        os.kill(first, signal.SIGKILL)
        until(server.port, lambda _: first not in pids())
        assert until(server.port, served(2)).sum("imgmiddleware_slots") == both


def test_off_unless_asked_for(photos: Path, tmp_path: Path) -> None:
    def command(port: int, _: Path) -> list[str]:
        return [
            program("imgmiddleware"),
            "serve",
            str(photos),
            "--port",
            str(port),
            "--no-cache-dir",
        ]

    with running(command, tmp_path / "server", {}) as server:
        assert fetch(server.port, "/metrics")[0] == 404


def test_a_folder_that_is_not_there_is_told(photos: Path, tmp_path: Path) -> None:
    command = [program("imgmiddleware"), "serve", str(photos), "--metrics", "/metrics"]
    done = subprocess.run(
        [*command, "--no-cache-dir", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "none")},
    )
    assert done.returncode == 2
    said = f"imgmiddleware: PROMETHEUS_MULTIPROC_DIR: '{tmp_path}/none' is no folder\n"
    assert done.stderr == said


def test_not_where_pictures_are(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"""
import sys
from imgmiddleware.cli import main
sys.exit(main(["serve", {str(photos)!r}, "--metrics", "/image/metrics", "--no-cache-dir", "--port", "0"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("imgmiddleware: --metrics /image/metrics: pictures have")
    assert main(["serve", str(photos), "--metrics", "metrics"]) == 2
    assert "'metrics' is not a path" in capsys.readouterr().err
