"""Who is asked to render, each in a process of its own: libraries in one disturb each other.

With libvips loaded, OpenCV writes other AVIF; and what one of them keeps in memory would count for
the next. A process is told a job a line, as JSON, and answers with what it took: render_child.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

#: One thread for whoever has threads of their own.
ONE_THREAD = {
    "OPENCV_FOR_THREADS_NUM": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VIPS_CONCURRENCY": "1",
}


@dataclass(frozen=True)
class Job:
    """Render the original `path` at `width` x `height`. `quality` is the encoder's own, `q` ours;
    both None for each encoder's default. The result goes to the file `to`, if given. `also` are
    further widths of ours, by one service that has its caches. `raised`: with limits for originals
    of some hundred megapixels.
    """

    path: str
    width: int
    height: int
    format: str
    quality: int | None = None
    q: int | None = None
    to: str = ""
    also: Sequence[int] = ()
    raised: bool = False


@dataclass(frozen=True)
class Cost:
    """What a job took: seconds by the clock, and of the processor in all threads."""

    wall: float
    cpu: float
    bytes: int


class CannotError(Exception):
    """A renderer does not know this kind of original or result."""


class Renderer:
    """A process that renders. Its memory is read from the outside."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, job: Job) -> Cost:
        assert self._process.stdin
        assert self._process.stdout
        # An older version of this package may not know what is by default as it was.
        given = ((one, getattr(job, one.name)) for one in fields(job))
        asked = {one.name: value for one, value in given if value != one.default}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a renderer ended with {self._process.wait(60)}: {job}")
        answer = json.loads(line)
        if "cannot" in answer:
            raise CannotError(answer["cannot"])
        return Cost(**answer)

    def forget_peak(self) -> int:
        """Bytes in use now, from which on the peak is counted (Linux, proc(5))."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        return self._status("VmRSS")

    def peak(self) -> int:
        return self._status("VmHWM")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
        raise AssertionError(name)


@dataclass(frozen=True)
class Candidate:
    """How a renderer is started."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def started(self, environment: Mapping[str, str]) -> Iterator[Renderer]:
        renderer = Renderer([*self.command], {**environment, **self.environment})
        try:
            yield renderer
        finally:
            renderer.close()


def libvips_version() -> str:
    """Asked elsewhere: nothing that measures in its own process has libvips in it."""
    code = "import pyvips; print(*(pyvips.version(part) for part in range(3)), sep='.')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def candidates(sharp: str | None) -> dict[str, Candidate]:
    """By name, in the order of the tables. `sharp` is the folder that has its `node_modules`."""

    def python(name: str) -> Candidate:
        return Candidate((sys.executable, "-m", "benchmarks.render_child", name))

    found = {"plain": python("ours")}
    found |= {name: python(name) for name in ("cv2", "Pillow", "libvips")}
    if sharp:
        script = str(Path(__file__).with_name("render_sharp.mjs"))
        found["sharp"] = Candidate(("node", script, sharp))
    return found
