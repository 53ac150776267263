"""The memory of originals that were read: the contents of their files, and their samples."""

from collections.abc import Hashable

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Holding
from imgmiddleware.formats.contents import Contents
from imgmiddleware.formats.probe import read_contents
from imgmiddleware.imaging.ends import find_ends
from imgmiddleware.imaging.held import Held
from imgmiddleware.imaging.sketch import Finding
from imgmiddleware.pixels.value_range import Ends
from imgmiddleware.process.greenlets import apart
from imgmiddleware.service.making.job import Layer
from imgmiddleware.service.originals.reading import read_here
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal

#: Bytes that a decoded original takes beside its samples: its key, Python's objects.
_OVERHEAD = 1024
#: The same of its contents. Those of 200,000 tiles are 3 MB, and one original may take a fourth of
#: all.
_OF_CONTENTS, _MOST_CONTENTS = 4096, 2**26
#: Bytes for the ends of some thousand ranges.
_MOST_ENDS = 2**22
#: Bytes for findings in pictures: the faces of 3000, or the grays of 200.
_MOST_FINDINGS = 2**22


class Decoded:
    """Contents and samples in the memory of one process, for any number of threads.

    A caller compares the era after it has put something here, and purges if there was a purge
    meanwhile.
    """

    def __init__(self, settings: Settings, budget: MemoryBudget, parts: int = 4) -> None:
        """One original takes one of so many `parts` of the bytes at most."""
        self._contents: SizedLru[Hashable, Contents] = SizedLru(_MOST_CONTENTS, budget)
        self._ends: SizedLru[Hashable, Ends] = SizedLru(_MOST_ENDS, budget)
        self._findings: SizedLru[Hashable, Finding] = SizedLru(_MOST_FINDINGS, budget)
        self._held: SizedLru[Hashable, Held] = SizedLru(settings.decoded_bytes, budget, parts)

    def get(self, key: Hashable) -> Held | None:
        """The samples that are held under a key."""
        return self._held.get(key)

    def takes(self, size: int) -> bool:
        """Whether samples of so many bytes are held at all."""
        return self._held.takes(size + _OVERHEAD)

    def hold(self, key: Hashable, held: Held, tag: str) -> None:
        """Hold the samples, if they fit. After that nothing writes to them."""
        held.pixels.flags.writeable = False
        self._held.put(key, held, held.nbytes + _OVERHEAD, tag)

    def averaged(self, layer: Layer) -> Held | None:
        """The samples that the plan needs, averaged from held ones of more detail."""
        level = layer.plan.level
        for finer in level.finer:
            found = self._held.get((*layer.page, finer))
            if found is not None:
                return apart(found.averaged_by, level.by)
        return None

    def contents(self, layer: Layer) -> Contents | None:
        """The contents, remembered by page and overview, so that a tile costs no look at the file's
        directories.

        None for an original that is not read in bands.
        """
        overview = layer.plan.overview
        if not layer.plan.in_bands or isinstance(layer.original, ArrayOriginal):
            return None
        key = (*layer.page, overview.reduced if overview else 1)
        contents = self._contents.get(key)
        if contents is None:
            contents = read_contents(layer.original, layer.facts, overview)
            self._contents.put(key, contents, contents.nbytes + _OF_CONTENTS, layer.tag)
        return contents

    def ends(self, layer: Layer) -> Ends | None:
        """The ends of the range of values, remembered: all tiles of a page are equally bright."""
        if not layer.plan.in_bands or isinstance(layer.original, ArrayOriginal):
            return None
        if not (layer.facts.reading and layer.facts.reading.range):
            return None
        key = (*layer.page, layer.facts.reading.text)
        ends = self._ends.get(key)
        if ends is None and (ends := apart(find_ends, read_here(layer.original), layer.facts)):
            self._ends.put(key, ends, _OVERHEAD, layer.tag)
        return ends

    def finding(self, key: Hashable) -> Finding | None:
        """The finding in a picture, which may be empty; None where it was not searched yet."""
        return self._findings.get(key)

    def keep_finding(self, key: Hashable, finding: Finding, tag: str) -> None:
        """Remember a finding."""
        self._findings.put(key, finding, finding.nbytes + _OVERHEAD, tag)

    def purge(self, tag: str) -> None:
        """Forget all that was read of an original."""
        self._held.purge(tag)
        self._contents.purge(tag)
        self._ends.purge(tag)
        self._findings.purge(tag)

    def holding(self) -> Holding:
        return self._held.holding()
