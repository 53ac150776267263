"""The program of a worker of `isolate=True`: whole renders, one at a time, and nothing else.

It imports and tries all that it will need before the sandbox closes. After that it can open no
file, and find no module.
"""

from __future__ import annotations

import json
import pickle
import socket
import traceback
from contextlib import ExitStack

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.errors import ImageError, short_of_memory
from imgmiddleware.formats import registry, results
from imgmiddleware.imaging.engine import engine, load, without_threads
from imgmiddleware.isolation import sandbox
from imgmiddleware.isolation.channel import Channel, ClosedError
from imgmiddleware.process.malloc import trim_malloc, tune_malloc
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Admission
from imgmiddleware.service.isolated.handing import Unhanded, announcement
from imgmiddleware.service.isolated.lent_pyramid import Borrowing, WorkerResults
from imgmiddleware.service.isolated.start import Start
from imgmiddleware.service.isolated.warmth import warm
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.making import Made, Making
from imgmiddleware.settings import Settings
from imgmiddleware.sources.original import Numbers

#: The most characters of a fault's report, which in UTF-8 are four times as many bytes at most.
_MOST_TOLD = 15_000


class Abandoned(BaseException):
    """The original cannot be read, as the serving process knows: there is nothing more to make."""


class Renderer:
    """The making of one service in this process."""

    def __init__(self, channel: Channel, start: Start) -> None:
        for format in start.formats:
            if format.name not in registry.FORMATS:
                registry.register(format)
        for result in start.results:
            if result.name not in results.RESULTS:
                results.register(result)
        self._channel = channel
        self._settings = settings = Settings(**start.options)
        limit, budget = WaitLimit(0), MemoryBudget(settings.max_memory)
        at_rest = trim_malloc if settings.tune_malloc and tune_malloc() else None
        admission = Admission(1, limit, budget, at_rest, lends=False)
        decoded = Decoded(settings, budget, start.parts)
        self._results = WorkerResults(settings, budget, self._borrowing())
        self._making = Making(settings, limit, admission, decoded, self._results)
        load(start.opened)
        warm(start.opened)

    def serve(self) -> None:
        """Answer jobs until the serving process has gone."""
        while True:
            kind, said, descriptors = self._channel.receive_with_descriptors()
            if kind == b"F":
                self._making.purge(said.decode())
            elif kind == b"M":
                self._answer(said, descriptors)

    def _answer(self, said: bytes, descriptors: list[int]) -> None:
        steps = timing.Steps()
        try:
            with timing.measured(steps):
                made = self._made(said, descriptors)
        except Abandoned:
            self._channel.send(b"x")
        except Exception as error:  # noqa: BLE001 - told to the serving process
            self._refuse(error)
        else:
            self._tell(made, steps)

    def _made(self, said: bytes, descriptors: list[int]) -> Made:
        unhanded = Unhanded(said, descriptors, self._settings, self._ask, self._announce)
        job, lent = unhanded.job(self._results.era())
        with ExitStack() as opened:
            opened.enter_context(job.original)
            if job.overlay is not None:
                opened.enter_context(job.overlay.original)
            opened.enter_context(self._results.lent(lent, descriptors))
            return self._making.made(job, _ENDLESS)

    def _borrowing(self) -> Borrowing:
        send = self._channel.send
        return Borrowing(
            begin=lambda size: self._asked_file(b"k", size.to_bytes(8)),
            end=lambda end: send(b"d", end),
            open=lambda: self._asked_file(b"o"),
            drop=lambda: send(b"t"),
        )

    def _asked_file(self, kind: bytes, *said: bytes) -> int | None:
        self._channel.send(kind, *said)
        _, _, descriptors = self._channel.receive_with_descriptors()
        return descriptors[0] if descriptors else None

    def _announce(self, number: int, offsets: Numbers, counts: Numbers) -> None:
        self._channel.send(b"n", announcement(number, offsets, counts))

    def _ask(self, number: int, offset: int, size: int) -> tuple[bytes, list[int]]:
        """Ask the serving process for bytes of an original. Raises `Abandoned`."""
        self._channel.send(b"a", json.dumps([number, offset, size]).encode())
        kind, given, descriptors = self._channel.receive_with_descriptors()
        if kind != b"G":
            raise Abandoned
        return given, descriptors

    def _tell(self, made: Made, steps: timing.Steps) -> None:
        kept, held = made.kept, self._making.holding()
        told = {
            "type": kept.media_type,
            "notes": kept.notes,
            "remarks": made.answered.notes[len(kept.notes) :],
            "steps": steps.taken(),
            "held": [held.entries, held.bytes],
        }
        head = json.dumps(told).encode()
        self._channel.send(b"r", len(head).to_bytes(4), head, kept.read())

    def _refuse(self, error: Exception) -> None:
        if short_of_memory(error):
            self._channel.send(b"m")
        elif isinstance(error, ImageError):
            told = error.code, error.detail, error.members
            self._channel.send(b"e", json.dumps(told).encode())
        else:
            self._channel.send(b"f", _told(error))


#: The serving process looks at the time.
_ENDLESS = Deadline(10.0**9, lambda: False)


def main(descriptor: int, parent: int) -> None:
    """Start, close, and serve. This is the first function that runs in a worker."""
    sandbox.dies_with(parent)
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        _, said, _ = channel.receive_with_descriptors()
        start: Start = pickle.loads(said)  # noqa: S301 - of our own parent
        renderer = Renderer(channel, start)
        with without_threads():
            closed = sandbox.close(start.memory, start.file_size)
    except Exception as error:  # noqa: BLE001 - told to the serving process
        channel.send(b"f", _told(error))
        return
    try:
        channel.send(b"R", json.dumps({"engine": engine(), **closed}).encode())
        renderer.serve()
    except ClosedError:
        return


def _told(error: BaseException) -> bytes:
    lines = "".join(traceback.format_exception(error))
    return lines[-_MOST_TOLD:].encode("utf-8", "replace")
