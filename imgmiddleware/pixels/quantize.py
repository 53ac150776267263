"""Fewer colours: the best few of a picture, by its own colours and how many pixels have each.

Colours are cut into boxes. The box whose colours differ most is cut next, at its mean, across the
direction of the difference (Orchard and Bouman's binary splitting). Then each colour goes to the
nearest mean, and each mean to the middle of its colours. All of this is done with alpha multiplied
in: nobody sees the colour that a clear pixel hides. There is no dithering. It makes noise of flat
areas, which such pictures mostly are, and deflate cannot shorten noise.
"""

import heapq
from dataclasses import dataclass, field

import numpy as np

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.palette import color_codes, exact, run_heads

#: Up to so many colours all are cut; of more, colours that share their upper five bits are one.
_CUT_AT_MOST = 2**15
_UPPER_BITS = np.uint32(0xF8F8F8F8)

#: How often colours go to the nearest mean and means to the middle of theirs; more gains 0.2 dB.
_ROUNDS = 2

#: Two pixels whose colours differ by a level are an error of 0.5; a smaller one is rounding.
_LEAST = 0.1

#: Multiplications that turn an axis to where colours differ most.
_TURNS = 8

#: Colours that are compared with all means at a time, in some megabytes of memory.
_COMPARED = 2**13

#: Pixels that are compared at a time, for the same reason.
_BAND = 2**14

#: Pictures that look the same: samples differ by at most so many levels of 255, as the root of the
#: mean of their squares (43 dB). Only at some edges, one sample of a thousand, they differ by more
#: than so many.
_ALIKE, _APART, _EDGES = 1.8, 24, 0.001

#: The part of neighbours that differ from which on nothing is tried.
_PHOTO = 0.9


@dataclass(frozen=True, slots=True, order=True)
class _Box:
    """Colours that are to be one. The first of a heap has the largest error."""

    error: float  # the sum of squares along the axis, negative
    first: int  # of its colours, so that boxes of one error have an order
    mean: Pixels = field(compare=False)
    axis: Pixels = field(compare=False)
    members: Pixels = field(compare=False)


def quantized(pixels: Pixels, most: int) -> Pixels:
    """`pixels` (uint8 gray, BGR or BGRA) in at most `most` colours; as they are where they are few.

    >>> import numpy as np
    >>> ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> len(np.unique(quantized(ramp, 4)))
    4
    """
    if exact(pixels, most) is not None:
        return pixels
    return _in_few(pixels, most)


def quantized_alike(pixels: Pixels, most: int) -> Pixels:
    """The same where that looks the same on any background; else `pixels` as they are."""
    if exact(pixels, most) is not None or _is_photo(pixels):
        return pixels
    fewer = _in_few(pixels, most)
    return fewer if _is_alike(pixels, fewer) else pixels


def _in_few(pixels: Pixels, most: int) -> Pixels:
    flat = color_codes(pixels).reshape(-1)
    heads = run_heads(flat)
    runs = np.diff(heads, append=len(flat))
    codes, where = np.unique(flat[heads], return_inverse=True)
    points = _points(codes)
    means = _means(codes, points, np.bincount(where, runs), most)
    colors = _colors(means)[_nearest(points, means)]
    found = np.repeat(colors.view(np.uint32)[where], runs).view(np.uint8)
    found = found.reshape(*pixels.shape[:2], 4)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return np.ascontiguousarray(found[..., 0] if channels == 1 else found[..., :channels])


def _is_alike(pixels: Pixels, fewer: Pixels) -> bool:
    seen, wanted = (color_codes(one).reshape(-1) for one in (fewer, pixels))
    squares, apart = 0.0, 0
    for start in range(0, len(seen), _BAND):
        some = slice(start, start + _BAND)
        differ = np.abs(_points(seen[some]) - _points(wanted[some]))
        squares += float(np.square(differ).sum())
        apart += int(np.count_nonzero(differ > _APART))
    samples = 4 * len(seen)
    return apart <= _EDGES * samples and squares <= _ALIKE**2 * samples


def _is_photo(pixels: Pixels) -> bool:
    """Whether hardly two neighbours are equal. 256 colours are too few then; counting them takes
    longer.
    """
    codes = color_codes(pixels)
    return bool(np.count_nonzero(codes[:, 1:] != codes[:, :-1]) > _PHOTO * codes.size)


def _points(codes: Pixels) -> Pixels:
    """Blue, green, red, each multiplied by alpha, and alpha: float64, (count, 4), whole numbers.

    All sums of them are exact, so that every processor finds the same colours.
    """
    points = codes[:, None].view(np.uint8).astype(np.float64)
    points[:, :3] = np.rint(points[:, :3] * points[:, 3:] / 255)
    return points


def _colors(points: Pixels) -> Pixels:
    """The other way round, in uint8."""
    colors = points.copy()
    colors[:, :3] *= 255 / np.maximum(points[:, 3:], 0.5)
    return np.clip(np.rint(colors), 0, 255).astype(np.uint8)


def _means(codes: Pixels, points: Pixels, counts: Pixels, most: int) -> Pixels:
    """The means of the boxes, and then of the colours that are nearest to them."""
    if len(codes) > _CUT_AT_MOST:
        _, into = np.unique(codes & _UPPER_BITS, return_inverse=True)
        points, counts = _averaged(points, counts, into)
    means = _boxes(points, counts, most)
    for _ in range(_ROUNDS):
        means, _ = _averaged(points, counts, _nearest(points, means))
    return means


def _averaged(points: Pixels, counts: Pixels, into: Pixels) -> tuple[Pixels, Pixels]:
    """The weighted mean of each group that has a member, and its weight."""
    weights = np.bincount(into, counts)
    held = weights > 0
    sums = np.stack([np.bincount(into, counts * axis)[held] for axis in points.T], 1)
    return np.rint(sums / weights[held, None]), weights[held]


def _boxes(points: Pixels, counts: Pixels, most: int) -> Pixels:
    """The means of at most so many boxes."""
    boxes = [_box(points, counts, np.arange(len(points)))]
    while len(boxes) < most and boxes[0].error < 0:
        box = heapq.heappop(boxes)
        along = (points[box.members] * box.axis).sum(axis=1)
        below = along <= (box.mean * box.axis).sum()
        for part in (box.members[below], box.members[~below]):
            heapq.heappush(boxes, _box(points, counts, part))
    return np.rint([box.mean for box in boxes])


def _box(points: Pixels, counts: Pixels, members: Pixels) -> _Box:
    """The box of these colours, with the direction in which they differ most."""
    inside, weights = points[members], counts[members]
    weight = weights.sum()
    sums = weights @ inside
    spread = (inside * weights[:, None]).T @ inside - np.outer(sums, sums) / weight
    axis = spread[spread.diagonal().argmax()]
    if spread.trace() < _LEAST:
        return _Box(0.0, int(members[0]), sums / weight, axis, members)
    for _ in range(_TURNS):
        axis = (spread * axis).sum(axis=1)
        axis /= np.abs(axis).max()
    error = -float((spread * axis).sum(axis=1) @ axis / (axis @ axis))
    return _Box(error, int(members[0]), sums / weight, axis, members)


def _nearest(points: Pixels, means: Pixels) -> Pixels:
    """The number of the mean that is nearest to each."""
    points, means = points.astype(np.float32), means.astype(np.float32)
    half = np.square(means).sum(axis=1) / 2
    found = np.empty(len(points), np.int32)
    for start in range(0, len(points), _COMPARED):
        some = slice(start, start + _COMPARED)
        found[some] = (points[some] @ means.T - half).argmax(axis=1)
    return found
