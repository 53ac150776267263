"""One job, and what a worker makes of it, whose words are taken as a stranger's."""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any

from imgmiddleware.errors import CODES, ImageError
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.isolation.channel import ClosedError
from imgmiddleware.isolation.worker import Worker
from imgmiddleware.messages import Result
from imgmiddleware.service import timing
from imgmiddleware.service.handing import Handed
from imgmiddleware.service.job import Job
from imgmiddleware.service.making import Made

#: What notes look like, which become a header; and steps, which become another.
_NOTE = re.compile(r"[a-z][a-z0-9=-]{0,63}")
_STEP = re.compile(r"[a-z]{1,20}")
_MOST_WORDS = 32
#: What reading a stranger's words raises: they may be of any type, endless, or nested without end.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


class OutgrownError(Exception):
    """The worker could not get the memory that it needed."""


class WorkerError(RuntimeError):
    """A fault of ours, or of the application's own code, in a worker: with its traceback there."""


def exchange(worker: Worker, job: Job, seconds: float, most: int) -> Made | Exception:
    """What the worker makes, or the refusal, or what the original raised while it was read.

    It may take so long, without the time for which the original is read here, and say so many
    bytes. Raises `ClosedError`, `TimeoutError` and `OutgrownError`: it is not to be used again.
    """
    began, handed, left = time.perf_counter(), Handed(job), seconds
    worker.channel.send(b"M", handed.pickled(), descriptors=handed.descriptors)
    failed: Exception | None = None
    while True:
        asked = time.monotonic()
        kind, said = worker.channel.receive(most, left)
        left -= time.monotonic() - asked
        if kind == b"a":
            failed = _give(worker, handed, said)
        elif kind == b"n":
            _announce(handed, said)
        elif kind == b"x" and failed:
            return failed
        else:
            return _outcome(worker, kind, said, began)


def _give(worker: Worker, handed: Handed, said: bytes) -> Exception | None:
    """What the worker asks for; or say that it cannot be had, and return why."""
    number, offset, size = _checked(said, len(handed.originals))
    descriptors: list[int] = []
    try:
        given, descriptors = handed.given(number, offset, size)
    except Exception as error:  # noqa: BLE001 - raised when the worker has let go
        worker.channel.send(b"X")
        return error
    try:
        worker.channel.send(b"G", given, descriptors=descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return None


def _announce(handed: Handed, said: bytes) -> None:
    try:
        handed.announced(said)
    except ValueError as error:
        raise ClosedError("it announces nothing") from error


def _checked(said: bytes, originals: int) -> tuple[int, int, int]:
    try:
        number, offset, size = map(int, json.loads(said))
    except _NONSENSE as error:
        raise ClosedError("it asks for nothing") from error
    if not (0 <= number < originals and offset >= 0 and size >= 0):
        raise ClosedError("it asks for what there is not")
    return number, offset, size


def _outcome(worker: Worker, kind: bytes, said: bytes, began: float) -> Made | Exception:
    if kind == b"m":
        raise OutgrownError
    try:
        if kind == b"r":
            return _made(worker, said, began)
        if kind == b"e":
            return _refusal(*json.loads(said))
        if kind == b"f":
            return WorkerError(said.decode("utf-8", "replace"))
    except _NONSENSE as error:
        raise ClosedError("its answer is none") from error
    raise ClosedError("its answer is none")


def _made(worker: Worker, said: bytes, began: float) -> Made:
    """Raises what wrong values raise."""
    size = int.from_bytes(said[:4])
    told: dict[str, Any] = json.loads(said[4 : 4 + size])
    media_type, notes, remarks = told["type"], _words(told["notes"]), _words(told["remarks"])
    if media_type not in {result.media_type for result in RESULTS.values()}:
        raise ValueError(media_type)
    worker.held = int(told["held"][0]), int(told["held"][1])
    _add_steps(told["steps"], began)
    body = said[4 + size :]
    kept = Result(body, media_type, notes)
    return Made(kept, Result(body, media_type, (*notes, *remarks)) if remarks else kept)


def _refusal(code: str, detail: str, members: dict[str, Any]) -> ImageError:
    """Its code is one of ours, and its detail a line."""
    if code not in CODES or not isinstance(detail, str) or len(detail) > 2000:
        raise ValueError(code)
    return ImageError(code, detail, **members)


def _words(notes: list[str]) -> tuple[str, ...]:
    if (
        not isinstance(notes, list)
        or len(notes) > _MOST_WORDS
        or not all(map(_NOTE.fullmatch, notes))
    ):
        raise ValueError(notes)
    return tuple(notes)


def _add_steps(taken: list[tuple[str, float, float]], began: float) -> None:
    """They are told by the clock of the system, and lie between the question and the answer."""
    steps, now = timing.current(), time.perf_counter()
    if len(taken) > _MOST_WORDS:
        raise ValueError(taken)
    for name, start, end in taken:
        if not _STEP.fullmatch(name):
            raise ValueError(name)
        if began <= start <= end <= now and steps is not None:
            steps.add(name, start, end)
