"""PNG's filters: the difference of each byte from a guess by its neighbours (clause 9 of its
specification, third edition). On whole bands of rows at once, in bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from imgmiddleware.pixels.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Filter:
    """`predict` guesses bytes from those to their left, above, and above to the left. `worth`
    weighs the filter's result, so that a dearer filter is taken only where it saves something.

    The last argument of `predict` is scratch memory: `scratch` arrays of the same shape. New arrays
    from the system take several times as long as the computing in them.
    """

    predict: Callable[[Pixels, Pixels, Pixels, Pixels], Pixels]
    scratch: int = 0
    worth: float = 1


def _nothing(left: Pixels, above: Pixels, corner: Pixels, scratch: Pixels) -> Pixels:
    scratch[0] = 0
    return np.asarray(scratch[0])


def _average(left: Pixels, above: Pixels, corner: Pixels, scratch: Pixels) -> Pixels:
    """The bits of both, and half of the bits of only one: a byte cannot hold their sum."""
    both, half = scratch[:2]
    np.bitwise_and(left, above, out=both)
    np.bitwise_xor(left, above, out=half)
    half >>= 1
    half += both
    return np.asarray(half)


def _paeth(left: Pixels, above: Pixels, corner: Pixels, scratch: Pixels) -> Pixels:
    """The first of left, above and corner that is nearest to left + above - corner (clause 9.4).

    Only distances are computed, which are never negative, so that bytes are enough. The corner is
    the nearest only where it lies between the two others, and nearer to their middle than to
    either.
    """
    to_left, to_above, mask, most, found = scratch
    _distance(above, corner, to_left, found)
    _distance(left, corner, to_above, found)
    np.less_equal(to_left, to_above, out=mask.view(bool))
    np.negative(mask, out=mask)  # 255 where true
    np.bitwise_xor(left, above, out=found)
    found &= mask
    found ^= above  # the left one where it is nearer, else the one above
    np.maximum(to_left, to_above, out=most)
    least = np.minimum(to_left, to_above, out=to_left)
    _distance(left, above, to_above, mask)
    np.greater(to_above, most, out=mask.view(bool))  # the corner is between
    most -= least
    np.less(most, least, out=to_above.view(bool))
    mask &= to_above
    np.negative(mask, out=mask)
    np.bitwise_xor(found, corner, out=most)
    most &= mask
    found ^= most
    return np.asarray(found)


def _distance(one: Pixels, other: Pixels, out: Pixels, scratch: Pixels) -> None:
    np.maximum(one, other, out=out)
    np.minimum(one, other, out=scratch)
    out -= scratch


FILTERS: Mapping[int, Filter] = {
    0: Filter(_nothing, 1),
    1: Filter(lambda left, above, corner, scratch: left),
    2: Filter(lambda left, above, corner, scratch: above),
    3: Filter(_average, 2),
    4: Filter(_paeth, 5, 1.02),
}


def predicted(number: int, here: Pixels, above: Pixels, step: int, scratch: Pixels) -> Pixels:
    """The filter's guess of the padded rows `here`. It may be a part of `scratch`."""
    predict, scratch = FILTERS[number].predict, scratch[:, : len(here)]
    return predict(here[:, :-step], above[:, step:], above[:, :-step], scratch)
