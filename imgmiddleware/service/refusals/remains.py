"""The intact part of damaged originals, which `damaged="show"` shows: up to where they break off.

The file is mended in memory (`Format.mend`). From there on it is an original like any other, with a
version and keys of its own. Caches must not keep the answer: the whole picture may be back soon.
"""

from contextlib import ExitStack
from dataclasses import replace

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import mended, read_facts
from imgmiddleware.grammar.query import Asked
from imgmiddleware.operations.redact import Redact
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Eras
from imgmiddleware.service.meaning import meaning
from imgmiddleware.service.originals.limits import check_bytes, check_facts
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.overlays import Overlays, is_of_the_mark
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.pictures import Pictures
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, BytesOriginal, Original
from imgmiddleware.sources.original import read_all

#: The note on a picture that lacks a part.
DAMAGED = "damaged"


class Remains:
    """Jobs for intact parts, of one service."""

    def __init__(
        self, settings: Settings, originals: Originals, overlays: Overlays, pictures: Pictures
    ) -> None:
        self._settings = settings
        self._originals = originals
        self._overlays = overlays
        self._pictures = pictures

    def job(self, id: str, asked: Asked, era: Eras, opened: ExitStack) -> Job | None:
        """The job of the intact part; None where there is none. Raises `ImageError`."""
        original = self._originals.open(id, opened)
        if original is None or isinstance(original, ArrayOriginal):
            return None
        whole = self._mended(original)
        if whole is None:
            return None
        page = (id, whole.version, asked.page, asked.moves)
        probed = Probed(page, whole, self._facts(whole, asked.page))
        overlay = self._overlays.probed(asked.transform, opened)
        return meaning(asked, probed, overlay, era, self._settings)[1]

    def _mended(self, original: Original) -> BytesOriginal | None:
        """The mended file, made in a slot; to read and mend it may take a while."""
        settings = self._settings
        check_bytes(original.size, settings)
        most = settings.max_source_memory - 2 * original.size
        if most <= 0:
            return None
        with self._pictures.admitted(settings.max_source_memory):
            found = apart(mended, read_all(original), settings.opened_formats, most)
        if found is None:
            return None
        return BytesOriginal(found, version=f"{DAMAGED} {original.version}")

    def _facts(self, original: BytesOriginal, page: int) -> Facts:
        facts = read_facts(original, self._settings.opened_formats, page)
        check_facts(facts, original.size, self._settings)
        return replace(facts, mended=True)


def is_for(asked: Asked | None, error: ImageError) -> bool:
    """Whether the intact part may be the answer. A viewer would take it for a tile, and a damaged
    overlay would be missing. Where something is redacted, a decoder that smooths over the lost data
    of a progressive JPEG would mix it with the pixels beside it.
    """
    if error.code != "damaged-original" or is_of_the_mark(error) or asked is None:
        return False
    return not asked.named and not asked.transform.get(Redact).redact
