"""Large strips of deflate, often a whole picture: rows are inflated one after another."""

import zlib
from collections.abc import Iterator

import numpy as np

from imgmiddleware.errors import damaged
from imgmiddleware.formats.format import Block
from imgmiddleware.formats.plain_rows import fill
from imgmiddleware.formats.raster import PIECES, STEP, Raster
from imgmiddleware.formats.tiff.decode_codecs import meant
from imgmiddleware.formats.window import Readable

#: Bytes that are read at a time.
_READ = 2**18


def streamed_rows(original: Readable, raster: Raster, strip: int, end: int) -> Iterator[Block]:
    """The rows of a strip from its first one to before `end` of the picture, with their places.

    All above it have to be inflated. Raises `ImageError` (422).
    """
    top = strip * raster.high
    end = min(end, top + raster.high, raster.height)
    few = max(STEP, PIECES // raster.stride // STEP * STEP)
    source = _Inflated(original, int(raster.offsets[strip]), int(raster.counts[strip]))
    for at in range(top, end, few):
        rows = min(few, end - at)
        lines = np.frombuffer(source.read(rows * raster.stride), np.uint8)
        yield at, meant(lines.reshape(rows, raster.stride), raster)
    if end == min(top + raster.high, raster.height):
        source.check_end(end - top, raster)


class _Inflated:
    """The bytes of a zlib stream in a file, in order; zeros for one that is not in the file."""

    def __init__(self, original: Readable, offset: int, count: int) -> None:
        self._original = original
        self._at, self._end = offset, offset + count
        self._stream = zlib.decompressobj() if count else None
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next bytes, just so many."""
        if self._stream is None:
            return bytes(size)
        parts, left = [], size
        while left:
            part = self._some(left)
            parts.append(part)
            left -= len(part)
            if not part and not self._rest:
                raise damaged("a strip of it holds fewer rows than its directory says")
        return b"".join(parts)

    def check_end(self, rows: int, raster: Raster) -> None:
        """Where the checksum stands; some writers fill up the last strip before it."""
        if self._stream is None:
            return
        self.skip((raster.high - rows) * raster.stride)
        if self._some(1):
            raise damaged("a strip of it holds more rows than its directory says")

    def skip(self, size: int) -> None:
        """Skip up to so many bytes, where they are there."""
        while size > 0 and (part := self._some(min(size, PIECES))):
            size -= len(part)

    def _some(self, most: int) -> bytes:
        """Up to so many bytes; none only at the end of the stream, or of the part that is there."""
        assert self._stream is not None
        while not self._stream.eof:
            if not self._rest:
                self._rest = self._next()
            try:
                part = self._stream.decompress(self._rest, most)
            except zlib.error as error:
                raise damaged("a strip of it could not be inflated") from error
            ended = not self._rest
            self._rest = self._stream.unconsumed_tail
            if part or ended:
                return part
        return b""

    def _next(self) -> bytes:
        buffer = bytearray(min(_READ, self._end - self._at))
        if buffer:
            fill(self._original, memoryview(buffer), self._at)
            self._at += len(buffer)
        return bytes(buffer)
