"""All targets under the fuzzer, some seconds each, or as many minutes as are asked for.

    python -m fuzz [TARGET ...] [--seconds 5 | --minutes 10] [--seed 1] [--folder FOLDER]
    python -m fuzz TARGET --again FILE ...

The exit status is 1 where anything but `ImageError` came out of an input, where it took too much memory or
time, or where it reached a decoder. Such an input stays in the folder of its target, which is nowhere in the
repository: what it teaches becomes a test that makes its own file.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import repeat
from pathlib import Path

from fuzz import seeds
from fuzz.targets import TARGETS

#: Inputs of the short run at most, so that it does the same where the machine is fast.
RUNS = 100_000
#: Bytes of an input. All structures there are fit; a text is at most so long.
LONGEST = {"query": 4200, "paths": 300, "signatures": 500, "headers": 500}
_LONGEST_FILE = 16_384
#: Seconds after which an input that does not end is one that never does; and for which a process that
#: neither ends nor says so is waited for, on a machine that is busy with others.
_HANGS, _LOST = 120, 900
#: How its lines begin that tell of no input.
_PROGRESS = ("#", "INFO: ", "WARNING: ", "stat::")


@dataclass(frozen=True)
class Outcome:
    """What one target's run came to."""

    name: str
    inputs: int
    features: int  # branches that were counted, with how often each was taken
    failed: bool
    said: str


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=5, help="for each (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, help="the same in minutes, without a bound in number"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument(
        "--folder", type=Path, help="where inputs that are new are kept for the next run"
    )
    parser.add_argument("--again", type=Path, nargs="+", metavar="FILE", help="these inputs alone")
    given = parser.parse_args(arguments)
    if unknown := {*given.targets} - {*TARGETS}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if given.again:
        return subprocess.run(_command(given.targets[0], *map(str, given.again))).returncode
    seconds = round(60 * given.minutes) if given.minutes else given.seconds
    words = [f"-seed={given.seed}", f"-max_total_time={seconds}"]
    words += [] if given.minutes else [f"-runs={RUNS}"]
    with _folder(given.folder) as folder, ThreadPoolExecutor(given.jobs) as pool:
        names = given.targets or [*TARGETS]
        outcomes = pool.map(run, names, repeat(folder), repeat(words), repeat(seconds))
        return _report(outcomes)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """One that was asked for; else one that stays where an input is in it to be looked at."""
    folder = given or Path(tempfile.mkdtemp(prefix="fuzz-"))
    yield folder


def run(name: str, folder: Path, words: list[str], seconds: int) -> Outcome:
    """One target, in a process of its own."""
    seeded, found = folder / name / "seeds", folder / name / "inputs"
    for each in (seeded, found):
        each.mkdir(parents=True, exist_ok=True)
    for data in seeds.of(name):
        (seeded / sha256(data).hexdigest()[:20]).write_bytes(data)
    command = _command(
        name, *words, f"-max_len={LONGEST.get(name, _LONGEST_FILE)}", f"-timeout={_HANGS}",
        f"-artifact_prefix={folder / name}/", "-print_final_stats=1", "-use_value_profile=1",
        str(found), str(seeded),
    )  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=seconds + _LOST
    )
    said = done.stdout + done.stderr
    inputs = re.findall(r"number_of_executed_units: (\d+)|^#(\d+)", said, re.MULTILINE)
    features = re.findall(r" ft: (\d+)", said)
    return Outcome(
        name,
        max((int(one or other) for one, other in inputs), default=0),
        int(features[-1]) if features else 0,
        done.returncode != 0,
        said,
    )


def _command(name: str, *words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "fuzz.child", name, *words]


def _report(outcomes: Iterator[Outcome]) -> int:
    failed = 0
    for outcome in outcomes:
        print(
            f"{outcome.name:12} {outcome.inputs:9,} inputs {outcome.features:7,} features",
            flush=True,
        )
        # Without a single input it has not begun, and tested nothing.
        if outcome.failed or not outcome.inputs:
            failed = 1
            print(_essence(outcome.said), flush=True)
    return failed


def _essence(said: str) -> str:
    """The exception and where the input is, without the fuzzer's own progress."""
    _, mark, rest = said.partition("=== Uncaught Python exception: ===")
    lines = (rest if mark else said).splitlines()
    return "\n".join([line for line in lines if line and not line.startswith(_PROGRESS)][-80:])


if __name__ == "__main__":
    sys.exit(main())
