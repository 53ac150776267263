"""An hour of mixed load, at three times what the server has places for: is anything ever wrong?

Two workers of a real server, thousands of different links, originals that are replaced, removed and
put back all the while, and a worker killed by SIGKILL every minute. Each answer is judged by what
was there at that moment; a part of what was answered is made once more at the end, without any
cache, and compared byte for byte. The exit status is 1 where anything was wrong.

    python -m benchmarks.soak [--minutes 60] [--server uvicorn]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import report
from benchmarks.servers import free_port
from benchmarks.soak_client import Client
from benchmarks.soak_judge import RECHECK, Judge
from benchmarks.soak_links import Link, links
from benchmarks.soak_originals import Original, originals
from benchmarks.soak_watch import Watch, held, left_open, open_files, shelf_faults, workers
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService

WORKERS, SLOTS, WAITING = 2, 2, 14
#: Three times as many as may be under way or wait.
CLIENTS = 3 * WORKERS * (SLOTS + WAITING)
MEMORY, DISK = 256 * 2**20, 48 * 2**20
OPTIONS: dict[str, Any] = {
    "render_slots": SLOTS, "max_waiting": WAITING, "max_wait": 10, "recheck": RECHECK,
    "max_memory": MEMORY, "tune_malloc": True, "cache_bytes": 16 * 2**20,
    "decoded_bytes": 32 * 2**20, "cache_dir_bytes": DISK,
    "iiif": True, "deepzoom": True, "xyz": True,
}  # fmt: skip
#: What a worker may take beside idle and `max_memory`: forty threads, the answers that they send,
#: and what is remembered of thousands of originals' versions and links.
BESIDE = 64 * 2**20
#: Seconds between two kills, and between two uploads; and of rest, before what is left is counted.
_KILL_EVERY, _UPLOAD_EVERY, _REST = 60, 0.8, 20
#: How many answers are made once more, and seconds after which it is enough.
_MADE_AGAIN, _ENOUGH = 1500, 180
_WORDS = ("Traceback", "[ERROR]", "[CRITICAL]", "ERROR:", "CRITICAL:", "failed")

#: What is said where a disk is too slow: pictures are made all the same (docs/caching.md).
_NO_CACHE = "no cache for now"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--server", choices=list(SERVERS), default="gunicorn")
    parser.add_argument("--links", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dry", action="store_true", help="write nothing into RESULTS.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder), given.server, given.seed, given.links)
        soak.run(60 * given.minutes)
        told = soak.summary(given.minutes)
    print(*soak.judge.faults, sep="\n")  # all of them; the summary has the first
    print(told) if given.dry else report(f"Mixed load, {given.server}", told)
    return 1 if soak.judge.faults else 0


def _gunicorn(port: int, kind: str, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "--no-control-socket", "--workers", str(WORKERS)),
        *("--worker-class", kind, *options, "--log-level", "warning"),
        *("--bind", f"127.0.0.1:{port}", "benchmarks.soak_app:wsgi"),
    ]


SERVERS = {
    "gunicorn": lambda port: _gunicorn(port, "gthread", "--threads", "40"),
    "gevent": lambda port: _gunicorn(port, "gevent"),
    "uvicorn": lambda port: [
        *(sys.executable, "-m", "uvicorn", "--log-level", "warning", "--lifespan", "off"),
        *("--workers", str(WORKERS), "--port", str(port), "benchmarks.soak_app:asgi"),
    ],
}


@dataclass
class Soak:
    """One run, in a folder that is empty before."""

    folder: Path
    server: str
    seed: int
    many: int
    judge: Judge = field(init=False)
    idle: int = 0
    at_rest: int = 0
    killed: list[int] = field(default_factory=list)
    uploads: int = 0
    again: int = 0
    without_cache: int = 0

    def __post_init__(self) -> None:
        for name in ("photos", "cache", "temporary"):
            (self.folder / name).mkdir()
        self.photos, self.cache = self.folder / "photos", self.folder / "cache"
        self.judge = Judge(originals(self.photos))
        chance = random.Random(self.seed)
        self._links = links(self.judge.originals.values(), self.many, chance)
        self._following = itertools.cycle(self._links)
        self._stop = threading.Event()

    def run(self, seconds: float) -> None:
        with self._served() as (port, server):
            self.idle = max(held(pid) for pid in workers(server))
            before = max(len(open_files(pid)) for pid in workers(server))
            with Watch(server, self.cache) as self.watch:
                self._load(port, server, seconds)
                time.sleep(_REST)
            self.at_rest = max(held(pid) for pid in workers(server))
            self._look_at_rest(server, before)
        self._look_at_what_is_left()
        self._make_again()

    def _load(self, port: int, server: int, seconds: float) -> None:
        """Clients, uploads and kills, until the time is over."""
        clients = [Client(port, self.judge, random.Random(n)) for n in range(CLIENTS)]
        acting = [
            *(threading.Thread(target=each.run, args=(self._next, self._stop)) for each in clients),
            threading.Thread(target=self._upload),
            threading.Thread(target=self._kill, args=(server,)),
        ]
        for thread in acting:
            thread.start()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(60, left))
            self._tell(seconds - max(0, until - time.monotonic()))
        self._stop.set()
        for thread in acting:
            thread.join()

    def _next(self, chance: random.Random) -> Link:
        """The next of all; or one of those that are asked for often."""
        if chance.random() < 0.6:
            return next(self._following)
        return self._links[int(len(self._links) * chance.random() ** 6)]

    def _upload(self) -> None:
        chance, gone = random.Random(self.seed + 1), list[Original]()
        small = [each for each in self.judge.originals.values() if not each.is_large]
        large = [each for each in self.judge.originals.values() if each.is_large]
        while not self._stop.wait(_UPLOAD_EVERY):
            if gone and chance.random() < 0.2:
                gone.pop(0).upload(self.photos)
            elif chance.random() < 0.03:
                each = chance.choice(small)
                if each not in gone:
                    each.remove(self.photos)
                    gone.append(each)
            else:
                each = chance.choice(large if chance.random() < 0.02 else small)
                if each not in gone:
                    each.upload(self.photos)
            self.uploads += 1

    def _kill(self, server: int) -> None:
        chance = random.Random(self.seed + 2)
        while not self._stop.wait(_KILL_EVERY):
            there = workers(server)
            if len(there) < WORKERS:
                self.judge.faults.append(f"{len(there)} workers, a minute after one was killed")
            pid = chance.choice(there)
            self.judge.kills.append(time.monotonic())
            self.killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    def _tell(self, seconds: float) -> None:
        counted = ", ".join(f"{many} x {name}" for name, many in self.judge.statuses.most_common())
        print(
            f"{seconds / 60:.1f} min: {counted}; {len(self.judge.asked)} links; "
            f"{self.watch.most_of_one / 1e6:.0f} MB at most; {len(self.judge.faults)} faults",
            *self.judge.faults[-3:],
            sep="\n  ",
            flush=True,
        )

    @contextmanager
    def _served(self) -> Iterator[tuple[int, int]]:
        """The server: its port and its process, which ends at the end, with all its workers."""
        port = free_port()
        options = {**OPTIONS, "cache_dir": str(self.cache)}
        environment = {
            **os.environ,
            "SOAK_PHOTOS": str(self.photos),
            "SOAK_OPTIONS": json.dumps(options),
            "TMPDIR": str(self.folder / "temporary"),
        }
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                SERVERS[self.server](port),
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(port, process)
            yield port, process.pid
            there = workers(process.pid)
            process.terminate()
            process.wait(60)
            if left := [pid for pid in there if Path(f"/proc/{pid}").exists()]:
                self.judge.faults.append(f"workers are left: {left}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _wait(self, port: int, process: subprocess.Popen[bytes]) -> None:
        """Until all workers have answered with a picture, as what a render imports is idle too."""
        until = time.monotonic() + 60
        asking = Client(port, lambda answer, whole: None, random.Random(0))
        first = next(each for each in self._links if each.kind == "width")
        for _ in range(8 * WORKERS):
            while not asking.answers(first):
                assert process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.1)
        time.sleep(3)

    def _look_at_rest(self, server: int, before: int) -> None:
        faults = self.judge.faults
        for pid in workers(server):
            if files := left_open(pid, self.photos, self.cache):
                faults.append(f"{len(files)} files are left open at rest: {files[:3]}")
            if (now := len(open_files(pid))) > before + 8:
                faults.append(f"{now} descriptors at rest, {before} before")
        if self.watch.most_of_one > self.bound:
            faults.append(f"{self.watch.most_of_one} bytes, over {self.bound}")
        if self.watch.most_of_all > WORKERS * self.bound:
            faults.append(f"{self.watch.most_of_all} bytes of all workers")

    @property
    def bound(self) -> int:
        """Bytes that one worker may take."""
        return self.idle + MEMORY + BESIDE

    def _look_at_what_is_left(self) -> None:
        faults, killed = self.judge.faults, tuple(f"(pid:{pid})" for pid in self.killed)
        if left := list((self.folder / "temporary").iterdir()):
            faults.append(f"temporary files are left: {left[:3]}")
        for line in (self.folder / "log").read_text(errors="replace").splitlines():
            if _NO_CACHE in line:
                self.without_cache += 1
            elif any(word in line for word in _WORDS) and not any(pid in line for pid in killed):
                faults.append(f"the server's log: {line}")
        faults += shelf_faults(self.cache, DISK)

    def _make_again(self) -> None:
        """Some of what was answered, by a service that keeps nothing."""
        seen = list(self.judge.seen.items())
        chosen = random.Random(self.seed).sample(seen, min(_MADE_AGAIN, len(seen)))
        until = time.monotonic() + _ENOUGH
        for (link, number), etag in chosen:
            if time.monotonic() > until:
                break
            self.again += 1
            made = self.judge.made[etag]
            told = made_again(self.judge.originals[link.name], link, number, made.digest)
            if told:
                self.judge.faults.append(f"{link.target} of version {number}: {told}")

    def summary(self, minutes: float) -> str:
        """What was seen, as Markdown."""
        judge, watch = self.judge, self.watch
        rows = [_row(name, judge.seconds[name]) for name, _ in judge.statuses.most_common()]
        faults = judge.faults
        about = (
            f"{machine('opencv-python-headless')}. {minutes:g} minutes, {WORKERS} workers of "
            f"{self.server}, {CLIENTS} clients, {sum(judge.statuses.values())} answers; "
            f"{len(judge.asked)} of {len(self._links)} links were asked for, {len(judge.made)} "
            f"pictures made, {self.again} of them made once more and compared; {self.uploads} "
            f"changes of originals, {len(self.killed)} workers killed, {judge.stale} answers that "
            "say `no-cache`."
        )
        taken = (
            f"A worker: idle {self.idle / 1e6:.0f} MB, at most {watch.most_of_one / 1e6:.0f} MB "
            f"(the bound is {self.bound / 1e6:.0f}: idle, max_memory {MEMORY / 1e6:.0f}, "
            f"{BESIDE / 1e6:.0f} beside), at rest {self.at_rest / 1e6:.0f} MB; both together at "
            f"most {watch.most_of_all / 1e6:.0f} MB. At most {watch.most_open} descriptors. The "
            f"cache at most {watch.most_on_disk / 1e6:.1f} MB on the disk, of {DISK / 1e6:.1f} and "
            f"what was handed out; {self.without_cache} times a worker went on without it for five "
            "seconds."
        )
        answers = table(("status", "answers", "ms, median", "95 %", "99 %", "most"), rows)
        told = [f"Faults: {len(faults)}", *(f"- {fault}" for fault in faults[:20])]
        return "\n\n".join([about, taken, answers, "\n".join(told)])


def made_again(original: Original, link: Link, number: int, digest: bytes) -> str:
    """What differs from an answer, made of the same version by itself; nothing, if nothing does."""
    shown = {name: OPTIONS[name] for name in ("iiif", "deepzoom", "xyz")}
    data = original.encoded(number)
    service = ImageService(lambda id: data, cache_bytes=0, decoded_bytes=0, **shown)
    path, _, query = link.target.partition("?")
    answer = service.handle(ImageRequest("GET", path, query, {"accept": link.accept}))
    assert answer is not None
    if answer.status != 200:
        return f"status {answer.status}"
    return "" if hashlib.sha256(answer.read()).digest() == digest else "other bytes"


def _row(name: str, seconds: list[float]) -> list[object]:
    *_, last = cuts = (
        statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [seconds[0]] * 99
    )
    values = (statistics.median(seconds), cuts[94], last, max(seconds))
    return [name, len(seconds), *(f"{1000 * value:.0f}" for value in values)]


if __name__ == "__main__":
    sys.exit(main())
