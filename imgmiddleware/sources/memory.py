"""Originals that are in memory already: the bytes of a file; and their common part with arrays."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Self

import numpy as np

#: The types of versions; two contents must not have the same one.
Version = str | int | float


class InMemory:
    """An original without a file: it need not be closed, and its age is unknown."""

    last_modified: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class BytesOriginal(InMemory):
    """The bytes of an image file, as an `Original`.

    Its version is a digest of them, or the given `version`, which must change whenever they do:
    then nothing is hashed.

    >>> from imgmiddleware import BytesOriginal
    >>> BytesOriginal(b"BM...", version=7).size
    5

    Raises `TypeError` or `ValueError` for a version that is neither, or empty.
    """

    def __init__(
        self, data: bytes | bytearray | memoryview, *, version: Version | None = None
    ) -> None:
        self._data = memoryview(data).cast("B")
        self.size = len(self._data)
        """Bytes of the file."""
        self.version = digest([self._data]) if version is None else version_text(version)
        """The given version, or a digest of the content."""

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        """Fill `buffer` with the bytes from `offset` on; returns how many there were."""
        part = self._data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)


def version_text(version: object) -> str:
    """A version that a caller gives, as text. Raises `TypeError` or `ValueError`."""
    if not isinstance(version, Version | np.integer) or isinstance(version, bool):
        raise TypeError(
            f"version: a text or a number that changes with the content; not {version!r}"
        )
    if version == "":
        raise ValueError("version: an empty text cannot tell two contents apart")
    return str(version)


def digest(parts: Iterable[Any]) -> str:
    """128 bits of the bytes of all parts, in hexadecimal.

    SHA-256 takes half of BLAKE2's time where the processor has instructions for it, as those of the
    last years have (docs/decisions.md). It must be a digest without known collisions: the author of
    one original must not be able to choose the key of another.
    """
    content = sha256()
    for part in parts:
        content.update(part)
    return content.hexdigest()[:32]
