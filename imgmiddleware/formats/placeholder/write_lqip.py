"""LQIP: a picture of a few pixels as a `data:` URI (RFC 2397), which a page has in itself.

It is WebP, whose headers take 30 bytes where JPEG's tables alone take 300. Of twelve photos
(Debian's `mate-backgrounds`), each enlarged to 160 pixels and held beside the blurred photo:

| within | as | bytes | characters | PSNR |
|---|---|---|---|---|
| 8 x 8 | WebP | 95 | 150 | 29.9 dB |
| **16 x 16** | **WebP** | **152** | **226** | **31.6 dB** |
| 16 x 16 | WebP, `q=50` | 113 | 174 | 29.3 dB |
| 16 x 16 | JPEG, `q=50` | 345 | 482 | 28.9 dB |
| 16 x 16 | PNG | 517 | 712 | 39.0 dB |
| 32 x 32 | WebP | 375 | 523 | 31.7 dB |

16 pixels are one block of WebP's: more of them cost bytes, and are no nearer to the blurred photo.
"""

from base64 import b64encode

from imgmiddleware.formats.metadata import NO_METADATA, Metadata
from imgmiddleware.formats.webp import write as webp
from imgmiddleware.pixels.arrays import Pixels


def write(pixels: Pixels, quality: int, metadata: Metadata) -> bytes:
    """The URI of uint8, (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels."""
    return b"data:image/webp;base64," + b64encode(webp.write(pixels, quality, NO_METADATA))
