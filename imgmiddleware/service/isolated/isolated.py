"""Isolated making: whole renders in workers, which may do nothing but compute.

A decoder that does harm does it to a worker. A worker that crashes, hangs or grows too large is
ended. Its original is refused for a while, and all other requests go on.
"""

from __future__ import annotations

import logging
import pickle
import socket
from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.store import Holding
from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.registry import FORMATS
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.engine import engine
from imgmiddleware.imaging.memory import cutting_bytes
from imgmiddleware.imaging.pyramid import Pyramid
from imgmiddleware.isolation.channel import ClosedError, EndedError
from imgmiddleware.isolation.pool import Pool
from imgmiddleware.isolation.sandbox import is_closed
from imgmiddleware.isolation.worker import KilledError, StartError, Worker
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit
from imgmiddleware.service.admission.flight import Admission
from imgmiddleware.service.admission.turns import Turns
from imgmiddleware.service.isolated.exchange import OutgrownError, exchange
from imgmiddleware.service.isolated.handing import Handed
from imgmiddleware.service.isolated.lent_pyramid import Lending
from imgmiddleware.service.isolated.start import Start
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.making import Made, told
from imgmiddleware.service.making.results import Results
from imgmiddleware.service.making.wholes import Wanted, Wholes
from imgmiddleware.settings import Settings

_log = logging.getLogger("imgmiddleware")

#: The number of originals that are remembered for ending a worker, and the seconds for which they
#: are not tried again. That is longer than for a damaged original, as each try takes a worker, or a
#: slot for `max_wait`.
_MOST_FAILED, _FAILED_FOR = 1024, 600.0
#: Bytes of memory that a worker may take beside the prediction of the headers.
_ROOM = 512 * 2**20
#: Whether the warning was logged that workers are not closed on this system.
_warned: list[bool] = []
#: The module that runs in a worker; this process imports nothing of it.
_WORKER = "imgmiddleware.service.isolated.worker"
#: The options that a worker has to know.
_OF_WORKERS = (
    "max_source_bytes",
    "max_source_pixels",
    "max_source_memory",
    "max_result_width",
    "max_result_height",
    "max_result_pixels",
    "max_frames",
    "max_animation_pixels",
    "max_memory",
    "stored_tiles",
    "tune_malloc",
)

#: A job as it is handed over, to each worker that tries it.
_Hand = Callable[[], tuple[Handed, Lending]]


class Isolated:
    """The making of one service, in its workers. Any number of threads may use it."""

    def __init__(
        self,
        settings: Settings,
        limit: WaitLimit,
        admission: Admission,
        results: Results,
        held: int,
    ) -> None:
        """`held` is the number of bytes of decoded originals that each worker holds.

        Raises `ValueError` for registered objects of the application that no worker can import.
        """
        if not hasattr(socket, "send_fds"):
            raise ValueError("isolate: on Windows no process can hand an open file to another")
        start = start_of(settings, held)
        self._max_wait = settings.max_wait
        self._most = settings.max_memory
        self._admission = admission
        self._results = results
        self._most_held = held * settings.slots
        self._turns = Turns(limit)
        self._pool = Pool(lambda: _started(start))
        alike = replace(settings, decoded_bytes=held)
        self._wholes = Wholes(
            alike, Decoded(alike, MemoryBudget(held), parts_of(settings, held)), results, limit
        )
        self._failed: TtlCache[Hashable, ImageError] = TtlCache(_MOST_FAILED, _FAILED_FOR)

    def made(self, job: Job, deadline: Deadline) -> Made:
        """Raises `ImageError` and `ClientGoneError`."""
        if not job.plan.output.decodes:
            result = told(job)
            return Made(result, result)
        self._check_failed(job)
        outcome = self._rendered(job, deadline)
        if isinstance(outcome, Exception):
            raise outcome
        if self._results.era() != job.era:  # there was a purge meanwhile
            for tag in job.tags:
                self._pool.forget(tag)
        return Made(outcome.kept, self._wholes.remarked(job, outcome.answered))

    def purge(self, tag: str) -> None:
        """Forget all that workers have read of an original."""
        self._pool.forget(tag)

    def holding(self) -> Holding:
        """The decoded originals that the workers hold, by their last reports."""
        held = [worker.held for worker in self._pool.workers]
        return Holding(sum(h[0] for h in held), sum(h[1] for h in held), self._most_held)

    def _rendered(self, job: Job, deadline: Deadline) -> Made | Exception:
        """The outcome, which may be a refusal. Raises `ImageError` where the job ended a worker."""
        level = (*job.page, job.plan.level)
        with ExitStack() as held:
            wanted = self._wholes.wanted(job)
            whole = self._found(wanted, deadline, held)
            if whole is None and not self._pool.has(level):
                self._wait_for_another(level, deadline, held)
            size = _predicted(job) if wanted is None or whole is None else _cut(job, wanted)
            with timing.step("wait"):
                held.enter_context(self._admission.admitted(size, deadline))
            self._check_failed(job)  # while this has waited
            hand = partial(self._handed, job, wanted, whole)
            return self._exchanged(job, (level, job.page), hand)

    def _found(self, wanted: Wanted | None, deadline: Deadline, held: ExitStack) -> Pyramid | None:
        """The pyramid; if there is none yet, no other request makes one before this is over."""
        if wanted is None:
            return None
        whole = held.enter_context(self._wholes.found(wanted, deadline))
        return whole if isinstance(whole, Pyramid) else None

    def _handed(
        self, job: Job, wanted: Wanted | None, whole: Pyramid | None
    ) -> tuple[Handed, Lending]:
        lending = Lending(self._results, job, wanted)
        return Handed(job, lending, whole), lending

    def _exchanged(self, job: Job, places: Sequence[Hashable], hand: _Hand) -> Made | Exception:
        try:
            try:
                return self._tried(places, hand)
            except KilledError:
                _log.warning("a worker was killed by another process: id=%r is tried again", job.id)
                return self._tried(places, hand)
        except StartError as error:
            _log.error("%s", error)
            detail = "no worker could be started for it; ask again in a second"
            raise ImageError("busy", detail) from error
        except tuple(_ENDED) as error:
            raise self._fail(job, error) from error

    def _tried(self, places: Sequence[Hashable], hand: _Hand) -> Made | Exception:
        """Raises `KilledError` where it may go well with another worker."""
        with self._pool.taken(places) as worker:
            _check(worker)
            try:
                return exchange(worker, *hand(), self._max_wait, self._most)
            except EndedError as error:
                if worker.was_killed():
                    raise KilledError from error
                raise

    def _check_failed(self, job: Job) -> None:
        """Raises the refusal of an original that is not tried again."""
        if error := self._failed.get(_blamed(job)):
            raise error.again()

    def _fail(self, job: Job, error: Exception) -> ImageError:
        """The refusal of an original that has ended a worker, which is remembered."""
        why = next(why for kind, why in _ENDED.items() if isinstance(error, kind))
        _log.warning("a worker was ended: id=%r %s", job.id, why)
        failed = ImageError("decoder-failed", f"decoding the original {why}")
        self._failed.put(_blamed(job), failed)
        return failed

    def _wait_for_another(self, level: Hashable, deadline: Deadline, held: ExitStack) -> None:
        """If another thread decodes the original now, this one waits without a slot."""
        turn = self._turns.take(level)
        if turn is not None:
            held.enter_context(turn)
            return
        with timing.step("wait"):
            self._turns.wait(level, deadline)


#: The errors that end a worker, each in the words of a sentence.
_ENDED: dict[type[Exception], str] = {
    TimeoutError: "took longer than max_wait",
    OutgrownError: "took more memory than it may",
    KilledError: "was killed by the system, twice",
    ClosedError: "crashed",
}


def start_of(settings: Settings, held: int) -> bytes:
    """The message that starts each worker. Raises `ValueError` as `Isolated` does."""
    own = {
        **{f"operations[{name!r}]": its.function for name, its in settings.operations.items()},
        **{f"the format {name!r}": its for name, its in FORMATS.items()},
        **{f"the format of results {name!r}": its for name, its in RESULTS.items()},
    }
    for name, value in own.items():
        _check_importable(name, value)
    options = {name: getattr(settings, name) for name in _OF_WORKERS}
    start = Start(
        options={**options, "decoded_bytes": held, "cache_bytes": 0},
        opened=tuple(settings.opened_formats),
        formats=tuple(FORMATS.values()),
        results=tuple(RESULTS.values()),
        operations=tuple(its.function for its in settings.operations.values()),
        parts=parts_of(settings, held),
        memory=held + settings.max_memory + _ROOM,
        file_size=settings.pyramid_share if settings.cache_dir is not None else 0,
    )
    return pickle.dumps(start)


def parts_of(settings: Settings, held: int) -> int:
    """The parts of a worker's share: it may hold as large an original as one process would."""
    return max(1, 4 * held // settings.decoded_bytes) if settings.decoded_bytes else 4


def _check_importable(name: str, value: object) -> None:
    """Raises `ValueError` unless a worker can import its module and find it by its name."""
    try:
        pickled = pickle.dumps(value)
    except Exception as error:
        raise ValueError(
            f"isolate: {name}: a worker has to find it by its name: {error}"
        ) from error
    if b"__main__" in pickled:
        raise ValueError(
            f"isolate: {name}: a worker cannot import objects of the program itself "
            "(__main__): put it into a module of its own"
        )


def _started(start: bytes) -> Worker:
    return Worker(_WORKER, start)


def _check(worker: Worker) -> None:
    """Raises `StartError` where the worker's pictures would have other bytes."""
    said = worker.ready()
    if said["engine"] != engine():
        raise StartError(f"a worker is of another engine: {said['engine']!r}")
    if not is_closed(said) and not _warned:
        _warned.append(True)
        _log.warning(
            "isolate: this system lacks Landlock or seccomp (%s): a worker is a process of "
            "its own with limits, and may open files and sockets",
            {name: value for name, value in said.items() if name != "engine"},
        )


def _predicted(job: Job) -> int:
    """The most bytes that a worker takes, with those of the sketch that it looks at first."""
    sketch = job.plan.sketch
    looked = 0 if sketch is None else replace(job, plan=sketch).predicted
    return max(job.predicted, looked) + job.beside


def _cut(job: Job, wanted: Wanted) -> int:
    """The same where the picture is cut from a stored pyramid."""
    return cutting_bytes(job.plan, wanted.part) + job.beside


def _blamed(job: Job) -> Hashable:
    """The originals that are not tried again; nobody knows which of two was the cause."""
    laid = None if job.overlay is None else job.overlay.page[:2]
    return job.page[:2], laid
