"""Originals are opened, and the facts of their headers are read and compared with the limits."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial

from imgmiddleware.cache.lru import LruCache
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.array import array_facts
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import has_parts, read_facts
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service import timing
from imgmiddleware.service.admission.bulkhead import Bulkhead
from imgmiddleware.service.admission.deadline import WaitLimit, memory_needed
from imgmiddleware.service.originals.limits import check_bytes, check_facts
from imgmiddleware.service.originals.reading import read_here
from imgmiddleware.service.recall import PageOf, Recall
from imgmiddleware.settings import Settings
from imgmiddleware.sources import (
    ArrayOriginal,
    BytesOriginal,
    Opened,
    Original,
    Source,
)
from imgmiddleware.sources.file import FileOriginal
from imgmiddleware.sources.function import loop_noting
from imgmiddleware.sources.objects import ObjectOriginal
from imgmiddleware.sources.several import branch, branches, object_sources

_log = logging.getLogger("imgmiddleware")

#: The number of headers that are remembered, a few hundred bytes each.
_MOST_FACTS = 4096


class Originals:
    """The originals of one service. `recall` remembers the refusals."""

    def __init__(
        self, source: Source, settings: Settings, recall: Recall, limit: WaitLimit
    ) -> None:
        self._source = source
        self._note_loop = loop_noting(source)
        self._settings = settings
        self._recall = recall
        # A source that hangs, or is slow, must not hold up the others.
        bounds = settings.source_slots, settings.source_timeout, limit
        self._bulkhead = Bulkhead(*bounds)
        self._bulkheads = {prefix: Bulkhead(*bounds) for prefix in branches(source) if prefix}
        self._facts: LruCache[PageOf, Facts] = LruCache(_MOST_FACTS)

    def open(
        self, id: str, stack: ExitStack, has_other: Callable[[], object] = lambda: None
    ) -> Opened | None:
        """The newest version, open until the stack is left; None where there is none.

        `has_other` tells whether there is another answer, so that a slow source need not be waited
        for. Raises `ImageError` (503) where the source fails, or takes too long.
        """
        with timing.step("open"), memory_needed():
            if self._note_loop is not None:  # here: the call may be made in another thread
                self._note_loop()
            opening = partial(self._source.open, id)
            late = partial(self._opened_late, id)
            calls = self._calls(id)
            original: Opened | None = calls.call(opening, "open", id, lambda: late, has_other)
        if original is None:
            self._recall.note_version(id, None)
        else:
            if isinstance(original, ArrayOriginal):
                original = original.called_by(partial(self._called, id))
            try:
                stack.enter_context(original)
            except TypeError:
                known_kind(original)  # says what a source has to open
                raise
        return original

    def forget(self) -> None:
        """Ask the source for every original again, also a store that was asked a moment ago."""
        for source in object_sources(self._source):
            source.forget()

    def version(self, id: str) -> str | None:
        """The newest version; None where there is none, or the source does not answer now."""
        with ExitStack() as stack:
            try:
                original = self.open(id, stack, lambda: True)
            except ImageError as error:
                if error.status != 503:
                    raise
                return None
            return None if original is None else original.version

    def _opened_late(self, id: str, call: Future[Opened | None]) -> None:
        """Close an original that came too late for its request; it still tells the version."""
        if call.exception() is not None:
            return
        try:
            original = call.result()
            self._recall.note_version(id, None if original is None else original.version)
            if original is not None:
                with original:
                    pass
        except Exception:  # noqa: BLE001 - no caller waits for it
            _log.exception("failed closing id=%r", id)

    def _called(self, id: str, function: Callable[[], object]) -> object:
        """An array's function is a call of the source too, whenever it is needed."""
        return self._calls(id).call(function, "array", id, lambda: lambda call: None)

    def _calls(self, id: str) -> Bulkhead:
        """The bulkhead of the calls for an ID; each source with a prefix has one of its own."""
        if not self._bulkheads:
            return self._bulkhead
        return self._bulkheads.get(branch(self._source, id) or "", self._bulkhead)

    def facts(self, original: Opened, page: PageOf, stack: ExitStack) -> Facts:
        """The facts in the header for this page of the original, which stays open until `stack` is
        left.

        Raises `ImageError` (413, 415, 422), without a read if it did so a moment ago; and 503 where
        the header cannot be read in time.
        """
        self._recall.check_failure(page)
        try:
            with timing.step("probe"), memory_needed():
                facts = self._facts.get(page, lambda: self._probed(original, page, stack))
            check_facts(facts, original.size, self._settings)
        except ImageError as error:
            self._recall.note_failure(page, error)
            raise
        return facts

    def _probed(self, original: Opened, page: PageOf, stack: ExitStack) -> Facts:
        known = known_kind(original)
        if isinstance(known, ArrayOriginal):
            return array_facts(known)
        probe = partial(apart, self._read, read_here(known), page[2])
        # A call that still reads the original closes it.
        calls = self._calls(page[0])
        return calls.call(probe, "header", page[0], lambda: _closing(stack.pop_all()))

    def _read(self, original: Original, page: int) -> Facts:
        """The facts of a file. One that is too large is read only if it may be read by parts."""
        if original.size > self._settings.max_source_bytes and not has_parts(original):
            check_bytes(original.size, self._settings)
        return read_facts(original, self._settings.opened_formats, page)


def _closing(opened: ExitStack) -> Callable[[object], object]:
    return lambda _: opened.close()


_KINDS = FileOriginal, BytesOriginal, ArrayOriginal, ObjectOriginal, Original


def known_kind(original: object) -> Original | ArrayOriginal:
    """The original of a source, as one of the kinds that can be rendered. Raises `TypeError`."""
    # The usual kinds come first: to check the protocol takes 20 µs on Python 3.11.
    if isinstance(original, _KINDS):
        return original
    raise TypeError(f"a source's `open` returns an Original or None; not {type(original).__name__}")
