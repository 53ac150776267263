"""Chromaticities: the light of a colour space's primaries, and of its white."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

#: x and y of red, green, blue and white (CIE 1931).
Chromaticities = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]
Matrix = npt.NDArray[np.float64]

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)

#: The primaries by their number in ITU-T H.273, table 2, where 6 and 7 are equal.
PRIMARIES: Mapping[int, Chromaticities] = MappingProxyType({
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    10: ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
})  # fmt: skip

#: The white of profiles (ICC.1, section 7.2.16).
D50 = np.array([0.9642, 1.0, 0.8249])

#: Bradford's responses, in which one white is adapted to another (ICC.1, annex E.3).
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def to_xyz(space: Chromaticities) -> Matrix:
    """From amounts of its red, green and blue, white being 1, 1, 1, to XYZ relative to its white.

    Raises `ValueError` where these are no three primaries around a white.
    """
    columns = np.array([(x, y, 1 - x - y) for x, y in space[:3]]).T
    x, y = space[3]
    if not y or abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError(f"no colours lie between {space}")
    amounts = np.linalg.solve(columns, np.array([x / y, 1, (1 - x - y) / y]))
    if amounts.min() <= 0:
        raise ValueError(f"the white of {space} is none of its colours")
    return np.asarray(columns * amounts)


def to_d50(space: Chromaticities) -> Matrix:
    """The same to XYZ relative to the white of profiles, which all spaces have in common."""
    matrix = to_xyz(space)
    ratios = (_BRADFORD @ D50) / (_BRADFORD @ matrix.sum(axis=1))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(ratios) @ _BRADFORD @ matrix)


def between(source: Chromaticities, target: Chromaticities) -> Matrix:
    """From light of one space to that of another, white staying white."""
    return np.asarray(np.linalg.solve(to_d50(target), to_d50(source)))
