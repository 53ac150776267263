"""Whole BMPs, by NumPy: Pillow opens few masks, OpenCV is wrong about runs and some palettes."""

import cv2
import numpy as np
import numpy.typing as npt

from imgmiddleware.formats.bmp.decode_runs import drawn
from imgmiddleware.formats.bmp.header import RUNS, Header, read_header
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.reading import Data
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.arrays import Pixels, Size

#: Pixels that are made at once: the memory for them, beside the output, stays within `SLACK`.
_BLOCK = 2**16
#: Bits of a mask that count; further bits are cut off.
_MOST_BITS = 16

Rows = npt.NDArray[np.uint8]


def decode(data: Data, facts: Facts, least: Size) -> Found:
    """The pixels. Raises `ImageError` (422) where runs end before the picture does."""
    header = read_header(Window.over(data))
    if header.compression in RUNS:
        rows = drawn(memoryview(data)[header.pixels :], header)
    else:
        length = header.height * header.stride
        rows = np.frombuffer(data, np.uint8, length, header.pixels).reshape(header.height, -1)
    if not header.downwards:
        rows = rows[::-1]
    if header.compression in RUNS and header.bits == 24:
        return Found(np.ascontiguousarray(rows))
    shape = header.height, header.width, *([] if header.gray else [header.channels])
    pixels = np.empty(shape, np.uint8)
    step = max(1, _BLOCK // header.width)
    for top in range(0, header.height, step):
        pixels[top : top + step] = _pixels(rows[top : top + step], header)
    return Found(pixels)


def _pixels(rows: Rows, header: Header) -> Pixels:
    """The pixels of some rows of the file, or of indices from its runs."""
    width = header.width
    if header.bits <= 8:
        indices = rows if header.compression in RUNS else _indices(rows, header.bits)[:, :width]
        return _named(indices, header)
    if header.is_plain:
        pixel = header.bits // 8
        samples = rows[:, : width * pixel].reshape(len(rows), width, pixel)
        return np.asarray(samples[..., : header.channels])
    values = np.ascontiguousarray(rows).view(f"<u{header.bits // 8}")[:, :width]
    red, green, blue, alpha = header.masks
    masks = (blue, green, red, alpha) if alpha else (blue, green, red)
    return np.dstack([_scaled(values, mask) for mask in masks])


def _indices(rows: Rows, bits: int) -> Rows:
    """One index in each byte; the first is in the highest bits."""
    if bits == 8:
        return rows
    if bits == 1:
        return np.unpackbits(rows, axis=1)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    return (rows[..., None] >> shifts & np.uint8((1 << bits) - 1)).reshape(len(rows), -1)


def _named(indices: Rows, header: Header) -> Pixels:
    """The colours of a palette."""
    planes = [np.frombuffer(plane.ljust(256, b"\0"), np.uint8) for plane in header.palette]
    indices = np.ascontiguousarray(indices)
    if header.gray:
        return np.asarray(cv2.LUT(indices, planes[0]))
    return np.asarray(cv2.applyColorMap(indices, np.dstack(planes).reshape(256, 1, 3)))


def _scaled(values: npt.NDArray[np.unsignedinteger], mask: int) -> Rows:
    """The bits under a mask, spread over all of 8 bits: its white would be a gray else."""
    if not mask:
        return np.zeros(values.shape, np.uint8)
    low = (mask & -mask).bit_length() - 1
    bits = mask.bit_length() - low
    low, bits = low + max(0, bits - _MOST_BITS), min(bits, _MOST_BITS)
    most = (1 << bits) - 1
    table = np.rint(np.arange(most + 1) * 255 / most).astype(np.uint8)
    return np.asarray(table[values >> low & most])
