"""All that is fuzzed, by name."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.messages import MESSAGES
from fuzz.readers import BYTES
from fuzz.texts import TEXTS

TARGETS: dict[str, Callable[[bytes], None]] = {**BYTES, **TEXTS, **MESSAGES}


def of(name: str) -> Callable[[bytes], None]:
    """One of them, which leaves nothing but `ImageError` to be raised by what it calls."""
    from imgmiddleware.errors import ImageError

    call = TARGETS[name]

    def run(data: bytes) -> None:
        try:
            call(data)
        except ImageError as error:
            assert error.status in (400, 404, 413, 415, 422), error

    return run
