"""Several requests at once: an answer may need bytes from many places of a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from imgmiddleware.process.greenlets import has_greenlets

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

A = TypeVar("A")
R = TypeVar("R")

#: Requests of one process at once; each caller makes one more in its own thread.
_MOST = 16

_pool: tuple[int, ThreadPoolExecutor] | None = None


def together(call: Callable[[A], R], given: Sequence[A]) -> list[R]:
    """The values of the call for each item, made at once. Raises an error of one of them, at the
    end.

    >>> together(abs, [-1, 2])
    [1, 2]

    Where threads are greenlets the calls are made one after another.
    """
    if len(given) < 2 or has_greenlets():
        return [call(one) for one in given]
    calls = [_threads().submit(call, one) for one in given[1:]]
    try:
        first = call(given[0])
    finally:
        for one in calls:
            one.exception()
    return [first, *(one.result() for one in calls)]


def _threads() -> ThreadPoolExecutor:
    """The threads of this process: a fork has none of its parent's."""
    global _pool  # noqa: PLW0603 - of the process
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - where there are any

    pool, process = _pool, os.getpid()
    if pool is None or pool[0] != process:
        # Without a lock, which a fork could leave locked: of two pools that are made at once one
        # ends.
        _pool = pool = process, ThreadPoolExecutor(_MOST, "imgmiddleware-objects")
    return pool[1]
