"""Native parts that are not there on every platform, and for which step they are taken.

Each is a function that returns the module, or None where it is not installed. Without any of them
every picture is made all the same; which ones are there belongs to the key (`engine.py`).
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any


@functools.cache
def zlib_ng() -> Any | None:
    """Deflate for PNG: the Huffman code of a photo in 0.5 to 0.6 of zlib's time, to the same bytes;
    LZ77 of a drawing in 0.1 to 0.4, to about as many. benchmarks/bench_encode.py measures it.
    """
    return _module("zlib_ng.zlib_ng")


def _module(name: str) -> Any | None:
    try:
        return import_module(name)
    except ImportError:
        return None
