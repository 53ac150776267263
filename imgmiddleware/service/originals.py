"""Originals are opened, and the facts of their headers are read and compared with the limits."""

from contextlib import ExitStack

from imgmiddleware.cache.lru import LruCache
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.array import array_facts
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.service import timing
from imgmiddleware.service.deadline import memory_needed
from imgmiddleware.service.limits import check_bytes, check_facts
from imgmiddleware.service.recall import PageOf, Recall
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, BytesOriginal, Opened, Original, Source
from imgmiddleware.sources.file import FileOriginal

#: Headers that are remembered: a few hundred bytes each.
_MOST_FACTS = 4096


class Originals:
    """The originals of one service. What is wrong with one is told to `recall`."""

    def __init__(self, source: Source, settings: Settings, recall: Recall) -> None:
        self._source = source
        self._settings = settings
        self._recall = recall
        self._facts: LruCache[PageOf, Facts] = LruCache(_MOST_FACTS)

    def open(self, id: str, stack: ExitStack) -> Opened | None:
        """The newest version, open until the stack is left; None where there is none."""
        with timing.step("open"), memory_needed():
            original = self._source.open(id)
        if original is not None:
            stack.enter_context(original)
        return original

    def facts(self, original: Opened, page: PageOf) -> Facts:
        """What the header tells of this page of the original.

        Raises `ImageError` (413, 415, 422), without a look where it was so a moment ago.
        """
        self._recall.check_failure(page)
        try:
            check_bytes(original.size, self._settings)
            with timing.step("probe"), memory_needed():
                facts = self._facts.get(page, lambda: self._probed(original, page[2]))
            check_facts(facts, self._settings)
        except ImageError as error:
            self._recall.note_failure(page, error)
            raise
        return facts

    def _probed(self, original: Opened, page: int) -> Facts:
        known = known_kind(original)
        if isinstance(known, ArrayOriginal):
            return array_facts(known)
        return read_facts(known, self._settings.opened_formats, page)


def known_kind(original: object) -> Original | ArrayOriginal:
    """What a source opened, as one of the kinds that can be rendered. Raises `TypeError`."""
    # What most sources open is told first: to look at the protocol takes 20 µs on Python 3.11.
    if isinstance(original, FileOriginal | BytesOriginal | ArrayOriginal | Original):
        return original
    raise TypeError(f"a source's `open` returns an Original or None; not {type(original).__name__}")
