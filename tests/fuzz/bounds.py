"""What one input may cost: no decoder at all, little memory, little time."""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NoReturn

from counting import DECODERS

#: Bytes beyond what the process holds, of inputs of some kilobytes: a structure that is read in one
#: piece has 8 MiB at most, a profile 4, and `mend` may hold 1.
MEMORY = 64 * 2**20
#: Seconds of the processor, under the fuzzer's own counting, which takes ten times as long.
SECONDS = 2.0
#: Inputs, after which what the process holds is looked at again: the fuzzer keeps what is new.
_AGAIN = 500


class DecoderReachedError(BaseException):
    """That must never be: what is fuzzed are our own readers, and no file is to reach a decoder."""


class TooSlowError(AssertionError):
    pass


def without_decoders() -> None:
    """Each way into a decoder of others raises, for all of this process."""
    for module, name in DECODERS:
        with suppress(ImportError):
            setattr(resolve_name(module), name, _refuse)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise DecoderReachedError


def bounded(call: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The same, which raises for what is not as it should be: anything but `ImageError`."""
    warnings.simplefilter("error")
    count = 0

    def one(data: bytes) -> None:
        nonlocal count
        if count % _AGAIN == 0:
            _limit_memory()
        count += 1
        before = time.thread_time()
        call(data)
        taken = time.thread_time() - before
        if taken > SECONDS:
            raise TooSlowError(f"{len(data)} bytes took {taken:.1f} s")

    return one


def _limit_memory() -> None:
    """Private memory (getrlimit(2), RLIMIT_DATA), from where the process is now."""
    resource.setrlimit(resource.RLIMIT_DATA, (_held() + MEMORY, resource.RLIM_INFINITY))


def _held() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmData")
