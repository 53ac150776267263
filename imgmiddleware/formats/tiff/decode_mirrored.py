"""Files whose bytes begin with their lowest bit (TIFF 6.0, FillOrder 2), as scanners write them."""

from dataclasses import dataclass

import numpy as np

from imgmiddleware.formats.window import Readable

#: Each byte with its bits from the last to the first.
_MIRRORED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)[:, ::-1])


@dataclass(frozen=True, slots=True)
class Mirrored:
    """An original whose bytes are turned round as they are read, before they are unpacked."""

    original: Readable

    @property
    def size(self) -> int:
        return self.original.size

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        read = self.original.read_into(buffer, offset)
        found = np.frombuffer(buffer, np.uint8)
        np.take(_MIRRORED, found, out=found, mode="wrap")
        return read
