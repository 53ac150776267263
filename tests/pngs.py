"""PNG written by hand: any filter for any row, chunks of any size. By the specification's arithmetic.

Clauses are those of its third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from files import PNG, chunk

Array = np.ndarray[Any, Any]


def filtered(samples: Array, numbers: Sequence[int]) -> bytes:
    """Rows of samples (height, width, or with channels), each behind its filter (clause 9.2)."""
    stored = samples.astype(samples.dtype.newbyteorder(">"))
    rows = np.frombuffer(stored.tobytes(), np.uint8).reshape(len(samples), -1).astype(int)
    pixel = samples.itemsize * (samples.shape[2] if samples.ndim == 3 else 1)
    above = np.zeros_like(rows[0])
    body = b""
    for row, number in zip(rows, numbers, strict=True):
        left = np.concatenate((np.zeros(pixel, int), row[:-pixel]))
        corner = np.concatenate((np.zeros(pixel, int), above[:-pixel]))
        guess = [0 * row, left, above, (left + above) // 2, _paeth(left, above, corner)][number]
        body += bytes([number]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        above = row
    return body


def _paeth(left: Array, above: Array, corner: Array) -> Array:
    """Clause 9.4."""
    guess = left + above - corner
    far = [abs(guess - one) for one in (left, above, corner)]
    nearest = np.where(far[1] <= far[2], above, corner)
    return np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, nearest)


def png(
    samples: Array, color: int, *, stream: bytes | None = None, size: int = 500, more: bytes = b"",
    bits: int = 0,
) -> bytes:  # fmt: skip
    """With filters of all five kinds, IDAT chunks of `size` bytes, and `more` chunks before them."""
    height, width = samples.shape[:2]
    numbers = [(3 * y + y // 5) % 5 for y in range(height)]
    stream = zlib.compress(filtered(samples, numbers)) if stream is None else stream
    header = struct.pack(">LLBBBBB", width, height, bits or 8 * samples.itemsize, color, 0, 0, 0)
    data = [chunk(b"IDAT", stream[at : at + size]) for at in range(0, len(stream), size)]
    return b"".join((PNG, chunk(b"IHDR", header), more, *data, chunk(b"IEND", b"")))
