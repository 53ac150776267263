"""What a header tells of an original, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """The header of an original, checked for contradictions.

    `width` and `height` are in pixels as *stored*; `upright` is the size that a person sees.
    """

    format: str  # a key of probe.FORMATS: "jpeg", "png", "webp", ...; or "array"
    width: int
    height: int
    orientation: int = 1  # EXIF's Orientation, 1 to 8: how the stored pixels must be turned
    color: str = "rgb"  # "gray", "rgb", "cmyk": what the decoder delivers (a palette counts as rgb)
    alpha: bool = False
    depth: int = 8  # bits of a sample once decoded: 8 or 16; 32 is float
    frames: int = 1  # pages or frames, where the header tells; else 1
    decode_bytes: int = (
        0  # the most that this format's decoder may allocate for it, output included
    )
    bits: int = 8  # bits of a sample as stored: 1, 2, 4, 5, 6, 8, 10, 12, 16, 32
    inverted: bool = False  # stored as the complement: Adobe's CMYK JPEG, a 16-bit WhiteIsZero TIFF
    associated: bool = False  # colours stored multiplied by their alpha, as TIFF allows
    transparent: tuple[int, ...] | None = (
        None  # PNG's tRNS sample(s), gray or R, G, B, in `bits` bits
    )
    sequence: bool = False  # AVIF: pictures that depend on one another, as in a video
    band_bytes: int = 0  # what decoding takes beside its pixels where that can be done piece by
    # piece, so that what is cut away is not read and the rest is reduced at once; 0: all at once
    bare: bool = False  # known to hold no EXIF, so that nobody looks through all of it once more
    directory: int = 0  # TIFF: the offset of this page's directory; 0 is the first page
    overviews: tuple[
        Facts, ...
    ] = ()  # TIFF: smaller copies of this page in the file, the largest first
    reduced: int = 1  # such a copy: by what the width and height of its page are divided

    @property
    def animated(self) -> bool:
        """Whether its frames follow one another in time, which pages do not."""
        return self.frames > 1 and self.format != "tiff"

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after the orientation is applied."""
        if self.orientation >= 5:
            return self.height, self.width
        return self.width, self.height
