"""What is remembered of originals that were read: what stands in their files, and the samples."""

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

#: What a decoded original takes beside its bytes: its key, Python's objects.
_OVERHEAD = 1024
#: And what its contents take; those of 200,000 tiles are 3 MB, and one may take a fourth of all.
_OF_CONTENTS, _MOST_CONTENTS = 4096, 2**26
#: And the ends of some thousand ranges.
_MOST_ENDS = 2**22
#: And what was found in pictures: the faces of 3000, or the grays of 200.
_MOST_FINDINGS = 2**22


class Decoded:
    """Contents and samples in the memory of one process, for any threads.

    Who puts something here compares the era after that, and purges where somebody else has.
    """

    def __init__(self, settings: Settings, budget: MemoryBudget, parts: int = 4) -> None:
        """One original takes one of so many `parts` of the bytes at most."""
        self._contents: SizedLru[Hashable, Contents] = SizedLru(_MOST_CONTENTS, budget)
        self._ends: SizedLru[Hashable, Ends] = SizedLru(_MOST_ENDS, budget)
        self._findings: SizedLru[Hashable, Finding] = SizedLru(_MOST_FINDINGS, budget)
        self._held: SizedLru[Hashable, Held] = SizedLru(settings.decoded_bytes, budget, parts)

    def get(self, key: Hashable) -> Held | None:
        """What is held."""
        return self._held.get(key)

    def takes(self, size: int) -> bool:
        """Whether samples of so many bytes are held at all."""
        return self._held.takes(size + _OVERHEAD)

    def hold(self, key: Hashable, held: Held, tag: str) -> None:
        """Hold it, if it fits. Nobody writes to its samples again."""
        held.pixels.flags.writeable = False
        self._held.put(key, held, held.nbytes + _OVERHEAD, tag)

    def averaged(self, layer: Layer) -> Held | None:
        """What the plan needs, averaged from what was decoded in more detail before."""
        level = layer.plan.level
        for finer in level.finer:
            found = self._held.get((*layer.page, finer))
            if found is not None:
                return apart(found.averaged_by, level.by)
        return None

    def contents(self, layer: Layer) -> Contents | None:
        """Remembered by page and overview: a tile then costs no look at the file's directories.

        None of what is not read in bands.
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
        """Of the range of values, remembered: all tiles of a page are as bright as one another."""
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
        """What was found in a picture before, which may be nothing; None where nobody looked."""
        return self._findings.get(key)

    def keep_finding(self, key: Hashable, finding: Finding, tag: str) -> None:
        """Remember what was found."""
        self._findings.put(key, finding, finding.nbytes + _OVERHEAD, tag)

    def purge(self, tag: str) -> None:
        """Forget what was read of an original."""
        self._held.purge(tag)
        self._contents.purge(tag)
        self._ends.purge(tag)
        self._findings.purge(tag)

    def holding(self) -> Holding:
        return self._held.holding()
