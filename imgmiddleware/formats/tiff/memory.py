"""The most memory that decoding a page of TIFF may allocate, by either of its two decoders."""

from imgmiddleware.formats.reading import SLACK
from imgmiddleware.formats.tiff.kinds import COLORS, PALETTE, Piece, SampleLayout

_PLAIN, _JPEG = 1, 7


def decode_bytes(kind: SampleLayout, piece: Piece, file: int) -> int:
    """The larger of the decoders' needs: up to 8 bits go through Pillow, more through OpenCV."""
    if kind.bits <= 8:
        return max(_pillow_bytes(kind, piece, file), _opencv_bytes(kind, piece))
    return _opencv_bytes(kind, piece)


def _pillow_bytes(kind: SampleLayout, piece: Piece, file: int) -> int:
    """A copy of the file, the image (twice where its mode is converted), and the output twice.

    Measured, bytes a pixel at 20 megapixels, beside the file: gray 2.98, bilevel 3.99, RGB 10.00,
    palette 10.99, RGBA and CMYK 12.0, gray with alpha 15.99.
    """
    gray = COLORS[kind.photometric] == "gray" and not kind.alpha
    image = 1 if gray else 4
    converted = kind.bits < 8 or kind.photometric == PALETTE or (kind.samples == 2 and kind.alpha)
    output = 1 if gray else 4 if kind.alpha or kind.samples > 3 else 3
    pixels = kind.width * kind.height * (image * (2 if converted else 1) + 2 * output)
    one = 0 if kind.compression == _PLAIN else piece.stored + piece.samples
    return file + pixels + one + SLACK


def _opencv_bytes(kind: SampleLayout, piece: Piece) -> int:
    """Twice the output for imdecode's second copy, or once with the memory for one strip or tile.

    That memory is its stored bytes, its samples, four bytes a pixel where libtiff converts it, and
    in JPEG the coefficients of a progressive one. Measured, bytes a pixel at 20 megapixels: small
    pieces 6.00 RGB, 8.00 RGBA and CMYK, 2.00 gray, in 16 bits twice as many, floats 24.00; all in
    one piece 10.08 RGB, 12.00 RGBA and CMYK, 5.99 gray; two tiles of 4096 x 4000 10.38.
    """
    output = output_bytes(kind)
    one = piece.stored + piece.samples + 4 * piece.pixels
    if kind.compression == _JPEG:
        one += 2 * piece.samples
    return output + max(output, one) + SLACK


def output_bytes(kind: SampleLayout) -> int:
    """Bytes of the decoded picture, once."""
    channels = 4 if kind.samples > 3 else 3 if COLORS[kind.photometric] == "rgb" else 1
    return kind.width * kind.height * channels * max(1, kind.bits // 8)
