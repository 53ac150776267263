"""The share of memory, by the arithmetic of docs/deployment.md over made-up files of the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from imgmiddleware import Settings
from imgmiddleware.process import memory
from imgmiddleware.process.memory import memory_share
from imgmiddleware.process.workers import workers

MIB = 2**20
GIB = 2**30
MOST = 3 * GIB


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 GiB, one worker."""
    pages = {"SC_PHYS_PAGES": 2**24, "SC_PAGE_SIZE": 2**12}
    monkeypatch.setattr(memory, "os", SimpleNamespace(sysconf=pages.__getitem__))
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)


def kernel(root: Path, cgroup: str, **limits: str) -> Path:
    """`limits` by file below sys/fs/cgroup, with `__` for a slash."""
    for name, text in {"proc/self/cgroup": cgroup}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, text in limits.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


V1 = "9:name=systemd:/\n5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/\n"
UNLIMITED = "9223372036854771712"


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        ("0::/\n", {"memory_dot_max": str(512 * MIB)}, 384 * MIB * 2 // 5),
        ("0::/\n", {"memory_dot_max": "max"}, MOST),
        ("0::/\n", {"memory_dot_max": "max", "memory_dot_high": str(GIB)}, 896 * MIB * 2 // 5),
        # A group above it has less: systemd's slice of a service without a limit of its own.
        ("0::/a.slice/b\n", {"a.slice__b__memory_dot_max": "max",
                             "a.slice__memory_dot_max": str(GIB)}, 896 * MIB * 2 // 5),
        # A container without a namespace is told the host's path, which is not there.
        ("0::/docker/1\n", {"memory_dot_max": str(512 * MIB)}, 384 * MIB * 2 // 5),
        ("0::/../../x\n", {"memory_dot_max": str(512 * MIB)}, 384 * MIB * 2 // 5),
        (V1, {"memory__memory_dot_limit_in_bytes": str(512 * MIB)}, 384 * MIB * 2 // 5),
        (V1, {"memory__docker__1__memory_dot_limit_in_bytes": str(GIB),
              "memory__memory_dot_limit_in_bytes": UNLIMITED}, 896 * MIB * 2 // 5),
        (V1, {"memory__memory_dot_limit_in_bytes": UNLIMITED}, MOST),
        ("0::/\n", {"memory_dot_max": str(64 * MIB)}, 64 * MIB),
        ("0::/\n", {"memory_dot_max": "nonsense"}, MOST),
    ],
)  # fmt: skip
def test_the_limit_of_a_group(
    tmp_path: Path, cgroup: str, limits: dict[str, str], expected: int
) -> None:
    assert memory_share(MOST, kernel(tmp_path, cgroup, **limits)) == expected


def test_no_kernel_that_tells(tmp_path: Path) -> None:
    assert memory_share(MOST, tmp_path) == MOST


def test_a_small_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"SC_PHYS_PAGES": 2**18, "SC_PAGE_SIZE": 2**12}
    monkeypatch.setattr(memory, "os", SimpleNamespace(sysconf=pages.__getitem__))
    assert memory_share(MOST, tmp_path) == 896 * MIB * 2 // 5


def test_workers_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path, "0::/\n", memory_dot_max=str(2 * GIB))
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert memory_share(MOST, root) == 384 * MIB * 2 // 5


@pytest.mark.parametrize(
    ("environment", "modules", "expected"),
    [
        ({"WEB_CONCURRENCY": "3"}, {}, 3),
        ({"GRANIAN_WORKERS": "2"}, {}, 2),
        ({"WEB_CONCURRENCY": "many"}, {}, 1),
        ({"WEB_CONCURRENCY": "-1"}, {}, 1),
        ({}, {"uwsgi": SimpleNamespace(numproc=5)}, 5),
        ({}, {"uwsgi": SimpleNamespace()}, 1),
        ({}, {"mod_wsgi": SimpleNamespace(maximum_processes=6)}, 6),
        ({}, {}, 1),
    ],
)
def test_who_tells_of_workers(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], modules: dict[str, object],
    expected: int,
) -> None:  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    assert workers() == expected


def test_a_decode_takes_no_more_than_all_of_it() -> None:
    assert Settings(max_memory=300 * MIB).max_source_memory == 300 * MIB
    assert Settings(max_memory=4 * GIB).max_source_memory == 2 * GIB
    with pytest.raises(ValueError, match="max_memory"):
        Settings(max_memory=300 * MIB, max_source_memory=301 * MIB)


_BOUNDED = """
import resource
from imgmiddleware import Settings
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
assert 2**28 < Settings().max_memory <= 2**29, Settings().max_memory
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="Linux tells it")
def test_a_bounded_address_space() -> None:
    subprocess.run([sys.executable, "-c", _BOUNDED], check=True, timeout=60)
