"""Native parts that are not there on every platform, and the steps that use them.

Each is a function that returns the module, or None where it is not installed. Without any of them
every picture is made all the same. Whether a part that changes bytes is there belongs to the key
(`engine.py`).

docs/decisions.md lists the parts that were measured and are not taken.
"""

import functools
from importlib import import_module
from typing import Any


@functools.cache
def zlib_ng() -> Any | None:
    """Deflate for PNG: the Huffman code of a photo in 0.5 to 0.6 of zlib's time, to the same bytes;
    LZ77 of a drawing in 0.1 to 0.4, to about as many bytes. benchmarks/bench_encode.py measures it.
    """
    return _module("zlib_ng.zlib_ng")


@functools.cache
def isal_zlib() -> Any | None:
    """Inflate for PNG: the stream of a photo in 0.65 of zlib's time, and its checksums in a fifth.
    Its deflate is as fast as zlib-ng's, but makes up to a quarter more bytes.
    """
    return _module("isal.isal_zlib")


@functools.cache
def spng() -> Any | None:
    """Undoes PNG's filters, a few rows at a time. A photo's take 0.3 of OpenCV's time, to the same
    pixels: a fifth less for the whole render. It keeps Python's lock meanwhile, for less than a
    millisecond a time.
    """
    return _module("pyspng")


@functools.cache
def simplejpeg() -> Any | None:
    """JPEG, by the one decoder tried that tells of damage (`strict`). It is a quarter faster than
    OpenCV's, to the same pixels.
    """
    return _module("simplejpeg")


def load(*others: str) -> None:
    """Import all of them, and the other modules of these names; "" is none."""
    for part in (zlib_ng, isal_zlib, spng, simplejpeg):
        part()
    for name in filter(None, others):
        _module(name)


def _module(name: str) -> Any | None:
    try:
        return import_module(name)
    except ImportError:
        return None
