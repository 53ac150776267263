"""Operations that no operation should be: acts of a decoder that an attacker has taken over.

A worker imports this module by its name. Each is `?<name>=1`. An operation that the kernel refuses
paints the picture with the number of the error; none of them breaks a decoder.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from imgmiddleware import OwnOperation
from imgmiddleware.pixels.arrays import Pixels

Deed = Callable[[], Any]


def _painted(pixels: Pixels, deed: Deed) -> Pixels:
    """The picture has the number of the error, or of the deed: 200 and more."""
    try:
        number = 200 + (deed() or 0)
    except OSError as error:
        number = error.errno or 0
    return np.full_like(pixels, number)


def opens(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: open("/etc/hostname").close())


def writes(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: open("/tmp/imgmiddleware-was-here", "w").close())


def lists(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: os.listdir("/") and None)


def stats(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: os.stat("/etc/hostname") and None)


def reads_memory(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: open(f"/proc/{os.getppid()}/mem", "rb").close())


def loads_code(pixels: Pixels) -> Pixels:
    code = mmap.PROT_READ | mmap.PROT_EXEC
    return _painted(pixels, lambda: mmap.mmap(-1, 4096, prot=code) and None)


def has_descriptors(pixels: Pixels) -> Pixels:
    """The number of open descriptors: three of /dev/null, the wire, and the original."""
    return _painted(pixels, lambda: sum(map(_is_open, range(64))))


def has_environment(pixels: Pixels) -> Pixels:
    """Of the parent, which has names that begin so."""
    return _painted(pixels, lambda: sum(name.startswith("IMGMIDDLEWARE_") for name in os.environ))


def computes_in_threads(pixels: Pixels) -> Pixels:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(1,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _painted(pixels, lambda: len(done))


def connects(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: socket.socket().close())


def forks(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: os.fork() or os._exit(0))


def executes(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: os.execv("/bin/true", ["true"]))


def signals(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: os.kill(os.getppid(), 0))


def traces(pixels: Pixels) -> Pixels:
    return _painted(pixels, lambda: ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))


def spins(pixels: Pixels) -> Pixels:
    while True:
        pass


def sleeps(pixels: Pixels) -> Pixels:
    time.sleep(600)
    return pixels


def naps(pixels: Pixels) -> Pixels:
    time.sleep(1)
    return pixels


def holds_the_lock(pixels: Pixels) -> Pixels:
    ctypes.PyDLL(None).sleep(600)
    return pixels


def allocates(pixels: Pixels) -> Pixels:
    return np.ones(2**35, np.uint8)[: pixels.size].reshape(pixels.shape)


def exits(pixels: Pixels) -> Pixels:
    os._exit(0)


def crashes(pixels: Pixels) -> Pixels:
    os.abort()


def lies(pixels: Pixels) -> Pixels:
    """It answers by itself, with bytes that are no result."""
    said = b'{"type": "text/html", "notes": [], "remarks": [], "steps": [], "held": [0, 0]}'
    answer = b"r" + (4 + len(said) + 4).to_bytes(8) + len(said).to_bytes(4) + said + b"<p>!"
    os.write(_wire(), answer)
    return pixels


def raises(pixels: Pixels) -> Pixels:
    raise LookupError("of the application's own")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _wire() -> int:
    import stat

    return next(fd for fd in range(3, 64) if _is_open(fd) and stat.S_ISSOCK(os.fstat(fd).st_mode))


ALL = (
    *(opens, writes, lists, stats, reads_memory, loads_code, has_descriptors, has_environment),
    *(computes_in_threads, connects, forks, executes, signals, traces, spins, sleeps, naps),
    *(holds_the_lock, allocates, exits, crashes, lies, raises),
)
OPERATIONS = {deed.__name__: OwnOperation(deed, version="1") for deed in ALL}
