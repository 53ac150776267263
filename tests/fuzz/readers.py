"""What reads files of others, without what decodes them: each is given any bytes.

The table is that of `formats/registry.py` without its decoders, and `test_fuzz_targets.py` holds the one
against the other: an import of the records themselves would bring a decoder within reach.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from imgmiddleware.errors import ImageError
from imgmiddleware.formats import signatures
from imgmiddleware.formats.avif import facts as avif
from imgmiddleware.formats.avif import repeats, times
from imgmiddleware.formats.avif.av1_frames import read_stream
from imgmiddleware.formats.bmp import decode_runs as bmp_runs
from imgmiddleware.formats.bmp import facts as bmp
from imgmiddleware.formats.bmp import mend as bmp_mend
from imgmiddleware.formats.bmp.header import RUNS, read_header
from imgmiddleware.formats.containers import exif as exif_block
from imgmiddleware.formats.containers import exif_words
from imgmiddleware.formats.containers.heif import metadata as heif_metadata
from imgmiddleware.formats.containers.heif.choice import choose
from imgmiddleware.formats.containers.heif.reduced import plane, reduced
from imgmiddleware.formats.containers.ifd import read_orientation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.gif import facts as gif
from imgmiddleware.formats.gif import frames as gif_frames
from imgmiddleware.formats.gif import mend as gif_mend
from imgmiddleware.formats.heic import facts as heic
from imgmiddleware.formats.heic import hevc as hevc_units
from imgmiddleware.formats.jp2 import facts as jp2
from imgmiddleware.formats.jpeg import abbreviated, wrapping
from imgmiddleware.formats.jpeg import facts as jpeg
from imgmiddleware.formats.jxl import facts as jxl
from imgmiddleware.formats.plain_rows import plain_rows
from imgmiddleware.formats.png import colors as png_colors
from imgmiddleware.formats.png import facts as png
from imgmiddleware.formats.png import frames as png_frames
from imgmiddleware.formats.png import mend as png_mend
from imgmiddleware.formats.png import rows as png_rows
from imgmiddleware.formats.reading import told_as
from imgmiddleware.formats.tiff import facts as tiff
from imgmiddleware.formats.tiff import mend as tiff_mend
from imgmiddleware.formats.tiff import pieces as tiff_pieces
from imgmiddleware.formats.tiff.ycbcr import read_units
from imgmiddleware.formats.webp import facts as webp
from imgmiddleware.formats.webp import frames as webp_frames
from imgmiddleware.formats.window import Window
from imgmiddleware.pixels import icc
from imgmiddleware.sources.memory import BytesOriginal

#: What `mend` may hold, and pixels of a picture that is drawn here.
_MOST = 2**16
#: Frames and pages that are read of one file.
_SOME = 20

Call = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What of a `Format` only reads, by the same names; `more` is what its decoder is given by us."""

    sniff: Call
    read: Call
    read_page: Call | None = None
    vet: Call | None = None
    profile: Call | None = None
    exif: Call | None = None
    raster: Call | None = None
    frames: Call | None = None
    mend: Call | None = None
    more: tuple[Call, ...] = field(default=())

    def __call__(self, data: bytes) -> None:
        """All that a request would read, each in its turn; what is damaged for one is not for all."""
        if self.sniff(data[:512]):
            for page in range(3 if self.read_page else 1):
                with suppress(ImageError):
                    self._read(data, page)
        with suppress(ImageError):
            self._mend(data)

    def _facts(self, data: bytes, page: int = 0) -> Facts:
        window = Window(BytesOriginal(data, version=1))
        with told_as("its header contradicts itself"):
            facts = self.read_page(window, page) if self.read_page and page else self.read(window)
        assert isinstance(facts, Facts)
        _check(facts)
        return facts

    def _read(self, data: bytes, page: int) -> None:
        facts = self._facts(data, page)
        calls = [self.vet, self.profile, self.exif, *self.more]
        for call in filter(None, calls):
            _told(call, data, facts)
        if facts.band_bytes:
            self._read_bands(data, facts)
        if self.frames and (facts.animated or facts.composed):
            with suppress(ImageError), told_as("a frame of it contradicts itself"):
                for frame in islice(self.frames(data, facts).frames, min(facts.frames, _SOME)):
                    _check(frame.facts)
                    assert frame.duration >= 0

    def _read_bands(self, data: bytes, facts: Facts) -> None:
        """Of the original itself, as such are read; and its rows, where no decoder makes them."""
        original = BytesOriginal(data, version=1)
        for call in filter(None, (self.profile, self.exif)):
            _told(call, original, facts)
        assert self.raster
        for one in (facts, *facts.overviews):
            raster = _told(self.raster, Window(original), one)
            if raster is None or not raster.is_plain or raster.width * raster.height > _MOST:
                continue
            box = (raster.width // 3, raster.height // 3, 1 + raster.width // 2, 1)
            box = (box[0], box[1], min(box[2], raster.width - box[0]), 1)
            with suppress(ImageError):
                for _ in plain_rows(original, raster, box, 8):
                    pass

    def _mend(self, data: bytes) -> None:
        """What is left is read like any other, and its size is bounded."""
        if self.mend is None:
            return
        with told_as("it cannot be mended"):
            left = self.mend(data, _MOST)
        if left is not None:
            assert len(left) <= 2 * len(data) + 2 * _MOST
            _told(self.vet or (lambda data, facts: data), left, self._facts(left))


def _told(call: Call, *given: object) -> Any:
    """What it returns; None where it is damaged, or what Python's own parsers raise (`probe.py`)."""
    with suppress(ImageError), told_as("its structure contradicts itself"):
        return call(*given)
    return None


def _check(facts: Facts) -> None:
    """What all that follows of the facts takes for granted."""
    for one in (facts, *facts.overviews):
        assert 0 < one.width < 2**31
        assert 0 < one.height < 2**31
        assert one.frames >= 1
        assert one.decode_bytes > 0
        assert one.band_bytes >= 0
        assert one.aspect > 0
        assert one.upright[0] * one.upright[1] == one.width * one.height
        assert one.reduced > 1 or one is facts
        hash((one.width, one.height, one.orientation, one.notes))


def _rewritten_heif(kind: bytes, brand: bytes) -> Call:
    """What a decoder is handed: a container of what it needs; of AVIF, its alpha by itself too."""

    def call(data: bytes, facts: Facts) -> None:
        chosen = choose(Window.over(data), kind)
        file = reduced(data, brand, chosen)
        assert len(file) <= 4 * len(data) + 2**16
        again = choose(Window.over(file), kind)
        assert (again.alpha is None) == (chosen.alpha is None)
        if chosen.alpha is not None:
            plane(data, brand, chosen.alpha)

    return call


def _avif_in_time(data: bytes, facts: Facts) -> None:
    window = Window.over(data)
    assert repeats.plays(window) >= 0
    assert all(lasts >= 0 for lasts in times.milliseconds(window))


def _bmp_runs(data: bytes, facts: Facts) -> None:
    header = read_header(Window.over(data))
    if header.compression in RUNS and header.width * header.height <= _MOST:
        drawn = bmp_runs.drawn(memoryview(data)[header.pixels :], header)
        assert drawn.shape[:2] == (header.height, header.width)


def _jpeg_plain(data: bytes, facts: Facts) -> None:
    plain = wrapping.made_plain(data)
    assert plain[-2:] == b"\xff\xd9"
    wrapping.is_surplus(plain, 3, 0xD9)
    wrapping.is_surplus(plain, 3, 0xD3)


def _jpeg_abbreviated(data: bytes, facts: Facts) -> None:
    """A piece of a TIFF; its tables are the file's own."""
    abbreviated.made_bare(b"", memoryview(data), ycc=True)
    whole, _ = abbreviated.made_whole(b"", memoryview(data), ycc=False)
    assert whole[:2] == b"\xff\xd8"


def _tiff_units(data: bytes, facts: Facts) -> None:
    if facts.own.units:  # type: ignore[attr-defined]
        read_units(Window.over(data), facts)


READERS: dict[str, Reader] = {
    "png": Reader(
        sniff=png.sniff, read=png.read, vet=png.vet, profile=png_colors.profile, exif=png.exif,
        raster=png_rows.read_raster, frames=png_frames.read, mend=png_mend.mended,
    ),
    "gif": Reader(sniff=gif.sniff, read=gif.read, frames=gif_frames.read, mend=gif_mend.mended),
    "bmp": Reader(
        sniff=bmp.sniff, read=bmp.read, profile=bmp.profile, raster=bmp.read_raster,
        mend=bmp_mend.mended, more=(_bmp_runs,),
    ),
    "jpeg": Reader(
        sniff=jpeg.sniff, read=jpeg.read, vet=jpeg.vet, profile=jpeg.profile, exif=jpeg.exif,
        mend=wrapping.mended, more=(_jpeg_plain, _jpeg_abbreviated),
    ),
    "webp": Reader(
        sniff=webp.sniff, read=webp.read, profile=webp.profile, exif=webp.exif, frames=webp_frames.read
    ),
    "avif": Reader(
        sniff=avif.sniff, read=avif.read, profile=avif.profile, exif=heif_metadata.exif,
        more=(_rewritten_heif(avif.CODED, b"avif"), _avif_in_time),
    ),
    "heic": Reader(
        sniff=heic.sniff, read=heic.read, profile=heif_metadata.profile, exif=heif_metadata.exif,
        more=(_rewritten_heif(heic.CODED, b"heic"),),
    ),
    "jxl": Reader(sniff=jxl.sniff, read=jxl.read, vet=jxl.vet, exif=jxl.exif),
    "jp2": Reader(sniff=jp2.sniff, read=jp2.read, vet=jp2.vet, profile=jp2.profile),
    "tiff": Reader(
        sniff=tiff.sniff, read=tiff.read, read_page=tiff.read_page, vet=tiff.vet, profile=tiff.profile,
        exif=tiff.exif, raster=tiff_pieces.read_raster, mend=tiff_mend.mended, more=(_tiff_units,),
    ),
}  # fmt: skip


def exif(data: bytes) -> None:
    """A block of EXIF, whatever file it came in: what is kept of it, and the block that is written."""
    read_orientation(data)
    kept = exif_block.parse(data)
    assert kept.nbytes <= 2**20
    for words in (exif_words.taken, exif_words.camera, exif_words.artist, exif_words.rights):
        said = words(kept)
        assert said is None or said.encode()
    written = exif_block.written(kept)
    assert len(written) <= 2**16
    assert exif_block.written(exif_block.parse(written)) == written


def names(data: bytes) -> None:
    """What a file of no known format is called, by its first bytes."""
    found = signatures.name(data[:512])
    assert found is None or found.isprintable()


def profile(data: bytes) -> None:
    """An ICC profile, as far as it is read here."""
    icc.space_of(data)
    for read in (icc.name_of, icc.read_shaper, icc.code_points):
        read(data)


def av1(data: bytes) -> None:
    """What stands in an item of an AVIF, and in its configuration."""
    window = Window.over(data)
    with told_as("its structure contradicts itself"):
        stream = read_stream(window.read, len(data))
    for header in stream.sequences:
        assert 0 < header.width <= 2**16
        assert 0 < header.height <= 2**16
        assert header.like(header)
    assert all(size is None or min(size) > 0 for size in stream.sizes)


def hevc(data: bytes) -> None:
    """The same of a HEIC: a configuration, and units with their lengths before them."""
    with suppress(ImageError), told_as("its structure contradicts itself"):
        wide, sets = hevc_units.read_configuration(data)
        assert 1 <= wide <= 4
        assert all(one.samples >= 1 for one in sets)
    for wide in (1, 4):
        with suppress(ImageError), told_as("its structure contradicts itself"):
            hevc_units.read_units(Window.over(data).read, len(data), wide)


BYTES: dict[str, Call] = {
    **READERS,
    "exif": exif,
    "icc": profile,
    "names": names,
    "av1": av1,
    "hevc": hevc,
}
