"""Originals that are in memory already: the bytes of a file, or a NumPy array."""

from __future__ import annotations

from hashlib import blake2b
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from imgmiddleware.pixels.arrays import Pixels


class _InMemory:
    """What has no file to close, and nothing but its content to tell one version from another."""

    last_modified: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


class BytesOriginal(_InMemory):
    """The bytes of an image file."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data).cast("B")
        self.size = len(self._data)
        self.version = blake2b(self._data, digest_size=16).hexdigest()

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        part = self._data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)


class ArrayOriginal(_InMemory):
    """Pixels that a program computed.

    `pixels` has shape (height, width) or (height, width, channels) with 1, 3 or 4 channels; dtype
    uint8, uint16, or a float of 0 to 1 (what is outside is clipped, NaN is 0). Channels are
    blue, green, red, alpha, or with `order="rgb"` red, green, blue, alpha. The array must not be
    changed once it is handed over. Raises `TypeError` or `ValueError` for any other array.
    """

    def __init__(self, pixels: np.ndarray[Any, Any], order: Literal["bgr", "rgb"] = "bgr") -> None:
        if pixels.dtype not in (np.uint8, np.uint16) and pixels.dtype.kind != "f":
            raise TypeError(f"an array's dtype is uint8, uint16 or float; not {pixels.dtype}")
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        if pixels.ndim not in (2, 3) or channels not in (1, 3, 4) or 0 in pixels.shape:
            raise ValueError(
                "an array's shape is (height, width) or (height, width, 1, 3 or 4) without a zero; "
                f"not {pixels.shape}"
            )
        self.size = pixels.nbytes
        self.order = order
        self._pixels = np.ascontiguousarray(pixels)
        digest = blake2b(f"{order} {pixels.dtype.str} {pixels.shape}".encode(), digest_size=16)
        digest.update(self._pixels.data.cast("B"))
        self.version = digest.hexdigest()

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width) or (height, width, 3 or 4)."""
        return self._pixels.shape[:2] if self._pixels.shape[2:] == (1,) else self._pixels.shape

    @property
    def depth(self) -> int:
        """Bits of a sample: 8, 16, or 32 for float."""
        return 32 if self._pixels.dtype.kind == "f" else 8 * self._pixels.itemsize

    def pixels(self) -> Pixels:
        """The samples as uint8, uint16 or float32 in 0..1, blue first."""
        pixels = self._pixels.reshape(self.shape)
        if self.order == "rgb" and pixels.ndim == 3:
            pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
        if self.depth == 32:
            with np.errstate(over="ignore"):
                pixels = np.clip(np.nan_to_num(pixels.astype(np.float32)), 0.0, 1.0)
        return pixels
