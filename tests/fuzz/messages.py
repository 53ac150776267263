"""What others than clients tell us: a store that machines share, and a worker that may be taken over."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import cast

from imgmiddleware.cache.remote.packed import unpacked
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.isolation.channel import ClosedError
from imgmiddleware.isolation.worker import Worker
from imgmiddleware.objects.content_range import content_range
from imgmiddleware.objects.errors import DownError
from imgmiddleware.service.isolated import exchange
from imgmiddleware.service.making.making import Made

_TYPES = {record.media_type for record in RESULTS.values()}


def stored(data: bytes) -> None:
    """A result, whose checksum fits by chance or by intent; and which range an answer says it has."""
    body = data[:7]
    head = b"%08x" % zlib.crc32(body, zlib.crc32(data)) + data
    for key in ("a", "key"):
        result = unpacked(key, head, body)
        if result is not None:
            assert result.read() == body
            assert all(isinstance(text, str) for text in (result.media_type, *result.notes))
    with suppress(DownError):
        first, last, size = content_range(data.decode("latin-1"))
        assert 0 <= first <= last < size


def worker(data: bytes) -> None:
    """An answer, or a question; what is neither ends the worker."""
    kind, said = data[:1], data[1:]
    asked = cast("Worker", SimpleNamespace(held=(0, 0)))
    with suppress(ClosedError, exchange.OutgrownError):
        made = exchange._outcome(asked, kind, said, time.perf_counter())
        assert isinstance(made, Made | Exception)
        if isinstance(made, Made):
            assert made.answered.media_type in _TYPES
            assert all(note.isascii() and note.isprintable() for note in made.answered.notes)
    with suppress(ClosedError):
        number, offset, size = exchange._checked(said, 2)
        assert 0 <= number < 2
        assert min(offset, size) >= 0


MESSAGES: dict[str, Callable[[bytes], None]] = {"stored": stored, "worker": worker}
