"""Optional parts: what `imgmiddleware[fast]` adds, and for which step it is taken.

Each is a function that returns the module, or None where it is not installed. Without any of them
every picture is made all the same; which ones are there belongs to the key (`engine.py`).
"""

from __future__ import annotations

from typing import Any

try:
    from zlib_ng import zlib_ng as _zlib_ng
except ImportError:  # pragma: no cover - where the tests run it is installed
    _zlib_ng = None  # type: ignore[assignment]


def zlib_ng() -> Any | None:
    """Deflate for PNG: the Huffman code of a photo in 0.5 to 0.6 of zlib's time, to the same bytes;
    LZ77 of a drawing in 0.1 to 0.4, to about as many. benchmarks/bench_encode.py measures it.
    """
    return _zlib_ng
