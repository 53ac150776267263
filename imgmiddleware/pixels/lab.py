"""CIELab of 16 bits as TIFF stores it, as sRGB."""

import numpy as np

from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.light import from_light

#: The white of the light in which Lab's colours are seen (ICC.1, 7.2.16): D50.
_WHITE = np.array([0.9642, 1.0, 0.8249], np.float32)
#: XYZ of that light to linear sRGB: the inverse of sRGB's primaries, adapted by Bradford's matrix
#: (IEC 61966-2-1, Annex F).
_TO_SRGB = np.array(
    [[3.1338561, -1.6168667, -0.4906146],
     [-0.9787684, 1.9161415, 0.0334540],
     [0.0719453, -0.2289914, 1.4052427]], np.float32,
)  # fmt: skip
#: Where the cube root becomes a line (CIE 15, 8.2.1).
_LINE, _SLOPE = 6 / 29, 3 * (6 / 29) ** 2


def lab_to_bgr(lab: Pixels) -> Pixels:
    """uint16 (height, width, 3) as such: L* from 0 to 100, a* and b* with a sign in 256ths.

    That is how TIFF's photometric interpretation 8 has them of 16 bits (Adobe Photoshop TIFF
    Technical Notes, 2002).
    """
    height = (lab[..., 0].astype(np.float32) * (100 / 65535) + 16) / 116
    a, b = (lab[..., at].view(np.int16).astype(np.float32) / 256 for at in (1, 2))
    roots = np.stack([height + a / 500, height, height - b / 200], axis=-1)
    light = np.where(roots > _LINE, roots**3, (roots - 4 / 29) * _SLOPE) * _WHITE
    colors = from_light(np.clip(light @ _TO_SRGB.T, 0, 1))
    return np.asarray(np.rint(colors[..., ::-1] * 65535), np.uint16)
