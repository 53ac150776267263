"""One job, and the answer of a worker, whose words are trusted no more than a stranger's."""

from __future__ import annotations

import io
import json
import os
import re
import time
from typing import Any

from imgmiddleware.errors import CODES, ImageError
from imgmiddleware.errors.lines import in_one_line
from imgmiddleware.errors.nonsense import NONSENSE
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.isolation.channel import ClosedError
from imgmiddleware.isolation.worker import Worker
from imgmiddleware.messages import Result
from imgmiddleware.service import timing
from imgmiddleware.service.isolated.handing import Handed
from imgmiddleware.service.isolated.lent_pyramid import (
    DISK_FAILED,
    WRITTEN,
    Lending,
    NotWrittenError,
)
from imgmiddleware.service.making.making import Made

#: Bytes of a refusal, and of a traceback.
_MOST_SAID = 2**16
#: The form of a note, which becomes a header, and of a step's name, which becomes another.
_NOTE = re.compile(r"[a-z][a-z0-9=-]{0,63}")
_STEP = re.compile(r"[a-z]{1,20}")
_MOST_WORDS = 32
#: The statuses of refusals in a render; all others come before it.
_STATUSES = (400, 413, 415, 422, 503)
#: The form of members, which join a problem document; and the members that it has anyway.
_MEMBER = re.compile(r"[a-z][a-z_]{0,31}")
_TAKEN = frozenset({"title", "status", "code", "detail"})


class OutgrownError(Exception):
    """The worker could not get the memory that it needed."""


class WorkerError(RuntimeError):
    """A fault of the package or of the application's code, with its traceback in the worker."""


def exchange(
    worker: Worker, handed: Handed, lending: Lending, seconds: float, most: int
) -> Made | Exception:
    """The picture that the worker makes, its refusal, or the error that the original raised while
    it was read.

    The worker may take `seconds`, without the time for which the original is read here, and may
    send `most` bytes. Raises `ClosedError`, `TimeoutError` and `OutgrownError`, after which the
    worker is not to be used again.
    """
    worker.channel.send(b"M", handed.pickled(), descriptors=handed.descriptors)
    return _Exchange(worker, handed, lending, seconds, most).outcome()


class _Exchange:
    def __init__(
        self, worker: Worker, handed: Handed, lending: Lending, seconds: float, most: int
    ) -> None:
        self._worker = worker
        self._handed = handed
        self._lending = lending
        self._left = seconds
        self._most = most
        self._began = time.perf_counter()
        self._failed: Exception | None = None

    def outcome(self) -> Made | Exception:
        """The worker's last word."""
        while (said := self._next())[0] == b"k":
            self._keep(said[1])
        if said[0] == b"x" and self._failed:
            return self._failed
        return _outcome(self._worker, *said, self._began)

    def _next(self) -> tuple[bytes, bytes]:
        """The next message that is no question."""
        questions = {b"a": self._give, b"n": self._announce, b"o": self._open, b"t": self._drop}
        while True:
            asked = time.monotonic()
            kind, said = self._worker.channel.receive(self._most, self._left)
            self._left -= time.monotonic() - asked
            if kind not in questions:
                return kind, said
            questions[kind](said)

    def _give(self, said: bytes) -> None:
        """Send the bytes that the worker asks for; or tell it of a failure, and keep the error."""
        number, offset, size = _checked(said, len(self._handed.originals))
        try:
            given, descriptors = self._handed.given(number, offset, size)
        except Exception as error:  # noqa: BLE001 - raised when the worker has given up
            self._failed = error
            self._worker.channel.send(b"X")
            return
        self._send(given, descriptors)

    def _send(self, given: bytes, descriptors: list[int]) -> None:
        """Send them, and close the descriptors, which the worker has by then."""
        try:
            self._worker.channel.send(b"G", given, descriptors=descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _announce(self, said: bytes) -> None:
        try:
            self._handed.announced(said)
        except ValueError as error:
            raise ClosedError("its announcement is malformed") from error

    def _keep(self, said: bytes) -> None:
        """Have the worker write a pyramid, if there is a place for one."""
        size, begun = int.from_bytes(said[:8]), []

        def write(file: io.FileIO) -> None:
            begun.append(True)
            self._worker.channel.send(b"G", descriptors=[file.fileno()])
            kind, end = self._next()
            if kind != b"d":
                raise ClosedError("it does not write")
            if end == DISK_FAILED:
                raise OSError("a worker could not write it")
            if end != WRITTEN or os.fstat(file.fileno()).st_size != size:
                raise NotWrittenError

        self._lending.keep(size, write)
        if not begun:
            self._send(b"", [])

    def _open(self, said: bytes) -> None:
        file = self._lending.open()
        if file is None:
            self._send(b"", [])
            return
        with file:
            self._worker.channel.send(b"G", descriptors=[file.fileno()])

    def _drop(self, said: bytes) -> None:
        self._lending.drop()


def _checked(said: bytes, originals: int) -> tuple[int, int, int]:
    try:
        number, offset, size = map(int, json.loads(said))
    except NONSENSE as error:
        raise ClosedError("its question is malformed") from error
    if not (0 <= number < originals and offset >= 0 and size >= 0):
        raise ClosedError("it asks for an unknown place")
    return number, offset, size


def _outcome(worker: Worker, kind: bytes, said: bytes, began: float) -> Made | Exception:
    if kind == b"m":
        raise OutgrownError
    if kind != b"r" and len(said) > _MOST_SAID:
        raise ClosedError("it says too much")
    try:
        if kind == b"r":
            return _made(worker, said, began)
        if kind == b"e":
            return _refusal(*json.loads(said))
        if kind == b"f":
            return WorkerError(_quoted(said.decode("utf-8", "replace")))
    except NONSENSE as error:
        raise ClosedError("its answer is malformed") from error
    raise ClosedError("its answer is malformed")


def _made(worker: Worker, said: bytes, began: float) -> Made:
    """Raises the errors of invalid values."""
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
    """Its code has to be one of a render, its detail a line, and its members beside ours."""
    if CODES[code][0] not in _STATUSES or not isinstance(detail, str) or len(detail) > 2000:
        raise ValueError(code)
    if not _TAKEN.isdisjoint(members) or not all(map(_MEMBER.fullmatch, members)):
        raise ValueError(members)
    return ImageError(code, in_one_line(detail), **members)


def _quoted(traceback: str) -> str:
    """Mark each line, so that the log shows it as a worker's words."""
    return "\n".join(f"  | {in_one_line(line)}" for line in traceback.splitlines())


def _words(notes: list[str]) -> tuple[str, ...]:
    if (
        not isinstance(notes, list)
        or len(notes) > _MOST_WORDS
        or not all(map(_NOTE.fullmatch, notes))
    ):
        raise ValueError(notes)
    return tuple(notes)


def _add_steps(taken: list[tuple[str, float, float]], began: float) -> None:
    """Steps are in the system's clock, and lie between the question and the answer."""
    steps, now = timing.current(), time.perf_counter()
    if len(taken) > _MOST_WORDS:
        raise ValueError(taken)
    for name, start, end in taken:
        if not _STEP.fullmatch(name):
            raise ValueError(name)
        if began <= start <= end <= now and steps is not None:
            steps.add(name, start, end)
