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

#: Headers that are remembered: a few hundred bytes each.
_MOST_FACTS = 4096


class Originals:
    """The originals of one service. What is wrong with one is told to `recall`."""

    def __init__(
        self, source: Source, settings: Settings, recall: Recall, limit: WaitLimit
    ) -> None:
        self._source = source
        self._note_loop = loop_noting(source)
        self._settings = settings
        self._recall = recall
        # One that hangs, or is slow, is none of the others' concern.
        bounds = settings.source_slots, settings.source_timeout, limit
        self._bulkhead = Bulkhead(*bounds)
        self._bulkheads = {prefix: Bulkhead(*bounds) for prefix in branches(source) if prefix}
        self._facts: LruCache[PageOf, Facts] = LruCache(_MOST_FACTS)

    def open(
        self, id: str, stack: ExitStack, has_other: Callable[[], object] = lambda: None
    ) -> Opened | None:
        """The newest version, open until the stack is left; None where there is none.

        `has_other` tells whether there is something else to answer with, so that a slow source need
        not be waited for. Raises `ImageError` (503) where the source fails, or takes too long.
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
                known_kind(original)  # says what a source opens, if this is not it
                raise
        return original

    def forget(self) -> None:
        """Ask for every original anew, also in a store that was asked a moment ago."""
        for source in object_sources(self._source):
            source.forget()

    def version(self, id: str) -> str | None:
        """The newest version; None where there is none, or the source does not tell it now."""
        with ExitStack() as stack:
            try:
                original = self.open(id, stack, lambda: True)
            except ImageError as error:
                if error.status != 503:
                    raise
                return None
            return None if original is None else original.version

    def _opened_late(self, id: str, call: Future[Opened | None]) -> None:
        """What came when nobody waited for it any more: at least it tells of the version."""
        if call.exception() is not None:
            return
        try:
            original = call.result()
            self._recall.note_version(id, None if original is None else original.version)
            if original is not None:
                with original:
                    pass
        except Exception:  # noqa: BLE001 - there is nobody else to tell
            _log.exception("failed closing id=%r", id)

    def _called(self, id: str, function: Callable[[], object]) -> object:
        """An array's function is a call of the source too, whenever it is needed."""
        return self._calls(id).call(function, "array", id, lambda: lambda call: None)

    def _calls(self, id: str) -> Bulkhead:
        """What bounds the calls for an ID, of which the sources with prefixes have one each."""
        if not self._bulkheads:
            return self._bulkhead
        return self._bulkheads.get(branch(self._source, id) or "", self._bulkhead)

    def facts(self, original: Opened, page: PageOf, stack: ExitStack) -> Facts:
        """What the header tells of this page of the original, which is open until `stack` is left.

        Raises `ImageError` (413, 415, 422), without a look where it was so a moment ago; and 503
        where the header cannot be read in time.
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
        # What still reads an original closes it.
        calls = self._calls(page[0])
        return calls.call(probe, "header", page[0], lambda: _closing(stack.pop_all()))

    def _read(self, original: Original, page: int) -> Facts:
        """Of a file that is too large only if it may be read by parts."""
        if original.size > self._settings.max_source_bytes and not has_parts(original):
            check_bytes(original.size, self._settings)
        return read_facts(original, self._settings.opened_formats, page)


def _closing(opened: ExitStack) -> Callable[[object], object]:
    return lambda _: opened.close()


_KINDS = FileOriginal, BytesOriginal, ArrayOriginal, ObjectOriginal, Original


def known_kind(original: object) -> Original | ArrayOriginal:
    """What a source opened, as one of the kinds that can be rendered. Raises `TypeError`."""
    # What most sources open is told first: to look at the protocol takes 20 µs on Python 3.11.
    if isinstance(original, _KINDS):
        return original
    raise TypeError(f"a source's `open` returns an Original or None; not {type(original).__name__}")
