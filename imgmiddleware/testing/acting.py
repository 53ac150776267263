"""Helpers of the suites: contents that differ, threads, counts of open files."""

import os
import random
import threading
from collections.abc import Callable

_THREADS = 8


def content(size: int, seed: int = 0) -> bytes:
    """Bytes that differ at each offset and by the seed, and are the same in each process."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - this is no secret


def in_threads(work: Callable[[int], None]) -> None:
    """Call it in some threads at once; raises an error of one of them."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def leaves_no_file_open(act: Callable[[], None]) -> None:
    """Ten more calls leave fewer than ten more files open, where the system tells that."""
    act()
    before = _open_files()
    for _ in range(10):
        act()
    assert _open_files() < before + 10, "each leaves a file open"


def _open_files() -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 0
