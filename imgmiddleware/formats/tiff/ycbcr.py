"""YCbCr that is no JPEG (TIFF 6.0, section 21): units of some luma samples and two of chroma."""

from dataclasses import dataclass

from imgmiddleware.errors import damaged
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.raster import JPEG, Raster
from imgmiddleware.formats.reading import unsupported
from imgmiddleware.formats.tiff.kinds import YCBCR, SampleLayout, read_sample_layout
from imgmiddleware.formats.tiff.page import Grid, Page, open_page, own, read_grid
from imgmiddleware.formats.tiff.places import read_places
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels.ycc import Ycc

_PREDICTOR, _COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 317, 529, 530, 532
_HALVES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Units:
    """How many pixels a unit has side by side and down, and the meaning of its samples."""

    raster: Raster  # a unit is a pixel of it; the channels are the unit's samples
    wide: int
    high: int
    meaning: Ycc


def is_in_units(kind: SampleLayout) -> bool:
    return kind.photometric == YCBCR and kind.compression != JPEG


def block_of(page: Page, kind: SampleLayout) -> int:
    """Pixels of a side that tell of one another: those of a unit, or of a JPEG's block."""
    stated = [int(by) for by in page.numbers(_SUBSAMPLING)[:2] if by in _HALVES]
    shared = max(stated, default=2) if kind.photometric == YCBCR else 1
    return max(16, 8 * shared) if kind.compression == JPEG else shared


def check_units(page: Page, kind: SampleLayout, grid: Grid) -> tuple[int, int]:
    """Width and height of a unit. Raises `ImageError` where they do not fit."""
    wide, high = page.values(_SUBSAMPLING, (2, 2))[:2] if kind.samples == 3 else (0, 0)
    if wide not in _HALVES or high not in _HALVES:
        raise damaged(f"its chroma is subsampled by {wide} x {high}")
    if kind.planar and (wide, high) != (1, 1):
        raise unsupported("it is subsampled YCbCr in separate planes")
    if kind.bits != 8 or page.value(_PREDICTOR, 1) != 1:
        raise unsupported("it is YCbCr of other samples than 8 bits")
    if grid.high % high and grid.number > grid.across:
        raise damaged("its strips end within a unit of YCbCr")
    return wide, high


def read_units(window: Window, facts: Facts) -> Units:
    """The units of a page that `is_in_units`."""
    page = open_page(window, own(facts).directory)
    kind, grid = read_sample_layout(page), read_grid(page)
    wide, high = check_units(page, kind, grid)
    channels = wide * high + 2
    across, down = -(-grid.wide // wide), -(-grid.high // high)
    size = across * down * channels // kind.planes
    offsets, counts = read_places(page, grid, kind.compression, size)
    raster = Raster(
        width=-(-kind.width // wide),
        height=-(-kind.height // high),
        wide=across,
        high=down,
        offsets=offsets[: grid.number * kind.planes],
        counts=counts[: grid.number * kind.planes],
        stride=across * channels,
        channels=channels,
        dtype="u1",
        planes=kind.planes,
        tiled=grid.tiled,
        compression=kind.compression,
    )
    meaning = Ycc.stated(page.fractions(_COEFFICIENTS), page.fractions(_REFERENCE))
    return Units(raster, wide, high, meaning)
