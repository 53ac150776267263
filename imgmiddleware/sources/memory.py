"""Originals that are in memory already: the bytes of a file, or a NumPy array."""

from hashlib import blake2b
from typing import Any, Literal, Self

import numpy as np

from imgmiddleware.pixels.arrays import Pixels


class _InMemory:
    """An original without a file: nothing has to be closed, and the version is a digest."""

    last_modified: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class BytesOriginal(_InMemory):
    """The bytes of an image file, as an `Original`. Its version is a digest of them.

    >>> from imgmiddleware import BytesOriginal
    >>> BytesOriginal(b"BM...").size
    5
    """

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data).cast("B")
        self.size = len(self._data)
        """Bytes of the file."""
        self.version = blake2b(self._data, digest_size=16).hexdigest()
        """A digest of the content."""

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        """Fill `buffer` with the bytes from `offset` on; returns how many there were."""
        part = self._data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)


class ArrayOriginal(_InMemory):
    """An array of pixels as an original. Its version is a digest of them.

    `pixels` has the shape (height, width), or (height, width, channels) with 1, 3 or 4 channels.
    Its dtype is uint8, uint16, or a float from 0 to 1: what is outside is clipped, NaN is 0. The
    channels are blue, green, red, alpha; with `order="rgb"` red, green, blue, alpha.

    >>> import numpy as np
    >>> from imgmiddleware import ArrayOriginal
    >>> ArrayOriginal(np.zeros((300, 400, 3)), order="rgb").shape
    (300, 400, 3)

    The array must not be changed after it is handed over. Raises `TypeError` or `ValueError` for
    any other array.
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
        """Bytes of the array."""
        self.order = order
        """The order of its channels: bgr or rgb."""
        self._pixels = np.ascontiguousarray(pixels)
        digest = blake2b(f"{order} {pixels.dtype.str} {pixels.shape}".encode(), digest_size=16)
        digest.update(self._pixels.data.cast("B"))
        self.version = digest.hexdigest()
        """A digest of the pixels, their shape, dtype and order."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width) or (height, width, 3 or 4)."""
        return self._pixels.shape[:2] if self._pixels.shape[2:] == (1,) else self._pixels.shape

    @property
    def depth(self) -> int:
        """Bits of a sample: 8, 16, or 32 for any float."""
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
