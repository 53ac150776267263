"""Native parts that are not there on every platform, and for which step they are taken.

Each is a function that returns the module, or None where it is not installed. Without any of them
every picture is made all the same; whether one that changes bytes is there belongs to the key
(`engine.py`).

Measured, and not taken:

- cykooz-resizer 4.0, a resampler in Rust: 0.9 to 1.1 of the time of a 9 megapixel JPEG and 0.8 to
  1.2 of an 18 megapixel BMP, as it copies pixels twice on their way in; up to 15 steps off at hard
  edges, as it rounds between its passes. No wheels for Linux on ARM.
- imagecodecs 2026.3: TIFF's LZW in 1.2 of libtiff's time, whole PNG by libspng in 0.9 of OpenCV's,
  WebP in 1.0; 20 MB.
- libwebp by webp 0.4: in two threads 0.9 of the time and 1.1 of the processor's; it cannot scale.
- libwebp itself, that of Pillow by ctypes: luma halved before it is made colours, beside the chroma
  as it is stored: 0.9 of a render's time, 1.06 of the pictures a second.
- FFmpeg's VP8 decoder by PyAV 18, for WebP: 2.5 times libwebp's time; 100 MB.
- isal for writing PNG: 0.7 of zlib-ng's time, and up to 1.27 of the bytes.
- libdeflate by deflate 0.9: 0.85 of isal's time, but only of a whole stream at once.
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


@functools.cache
def isal_zlib() -> Any | None:
    """Inflate for PNG: the stream of a photo in 0.65 of zlib's time, and its checksums in a fifth.
    Its deflate is as fast as zlib-ng's, but makes up to a quarter more bytes.
    """
    return _module("isal.isal_zlib")


@functools.cache
def spng() -> Any | None:
    """Undoes PNG's filters, a few rows at a time: a photo's in 0.3 of OpenCV's time, to the same
    pixels: a fifth less for the whole render. It keeps Python's lock meanwhile, for less than a
    millisecond a time.
    """
    return _module("pyspng")


def _module(name: str) -> Any | None:
    try:
        return import_module(name)
    except ImportError:
        return None
