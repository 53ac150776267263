"""TIFF 6.0 and BigTIFF, with pages and pyramids. docs/tiff.md goes through the files."""

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat
from imgmiddleware.formats.tiff import (
    decode,
    decode_pieces,
    decode_stored,
    facts,
    mend,
    pieces,
    write,
)

FORMAT = Format(
    name="tiff",
    sniff=facts.sniff,
    read=facts.read,
    read_page=facts.read_page,
    vet=facts.vet,
    profile=facts.profile,
    exif=facts.exif,
    decode=decode.decode,
    upright=True,
    raster=pieces.read_raster,
    rows=decode_pieces.rows,
    stored=decode_stored.stored_piece,
    mend=mend.mended,
)

RESULT = ResultFormat(
    name="tif", media_type="image/tiff", suffixes=("tif", "tiff"),
    alpha=True, deep=True, profile=True, gray=True,
    write=write.write,
)  # fmt: skip
