"""Masks of pages as their alpha, laid out as GDAL's COG driver writes them: by tifffile."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from asking import ask, get, made, serving, shown
from imgmiddleware import ImageService
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build
from originals import probe
from pictures import opened, photo_like, pixels_of, saved
from tiffs import cut

Array = Any  # a numpy array of any shape and dtype

TILE = (48, 64)
COLORS = photo_like(304, 202)
#: Which pixels are seen: a slanted field, as of a map that was turned.
SEEN = np.add.outer(np.arange(202), np.arange(304)) > 180


def levels(pixels: Array, count: int = 3) -> list[Array]:
    made = [pixels]
    while len(made) < count:
        size = made[-1].shape[1] // 2, made[-1].shape[0] // 2
        made.append(cv2.resize(made[-1], size, interpolation=cv2.INTER_AREA))
    return made


def mask_of(level: Array) -> Array:
    return cv2.resize(SEEN.astype(np.uint8), level.shape[1::-1], interpolation=0).astype(bool)


def write_colors(writer: Any, pixels: Array, smaller: bool, coding: str, **options: Any) -> None:
    tiles = cut(pixels, TILE)
    parts = (saved(np.ascontiguousarray(tile), "JPEG", quality=90) for tile in tiles)
    colored = pixels.ndim == 3
    writer.write(
        parts if coding == "jpeg" else pixels, shape=pixels.shape, dtype=pixels.dtype, tile=TILE,
        photometric="rgb" if colored else "minisblack", compression="adobe_deflate",
        planarconfig="contig" if colored else None, subfiletype=int(smaller), metadata=None, **options,
    )  # fmt: skip


def write_mask(writer: Any, mask: Array, smaller: bool, **options: Any) -> None:
    """Of one bit or, which tifffile does not write so, of eight: these are marked afterwards."""
    bits = mask.dtype == bool
    how = {
        "tile": TILE,
        "compression": "adobe_deflate",
        "photometric": "mask" if bits else "minisblack",
    }
    kind = int(smaller) + (4 if bits else 0)
    writer.write(mask, subfiletype=kind, metadata=None, description="mask", **(how | options))


def cog(
    pictures: Sequence[Array], masks: Sequence[Array | None], coding: str = "jpeg", *,
    apart: bool = False, below: bool = False, photometric: int = 4, **options: Any,
) -> bytes:  # fmt: skip
    """Each picture with its mask behind it; `apart`: all pictures and then all masks, as GDAL's
    GTiff driver may; `below`: the mask of one picture in its SubIFD.
    """
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, pixels in enumerate(pictures):
            write_colors(writer, pixels, number > 0, coding, subifds=1 if below else None)
            mask = masks[number]
            if not apart and mask is not None:
                write_mask(writer, mask, number > 0, **options)
        for number, mask in enumerate(masks if apart else ()):
            if mask is not None:
                write_mask(writer, mask, number > 0, **options)
    file.seek(0)
    with tifffile.TiffFile(file, mode="r+b") as written:
        for page in written.pages:
            if page.description == "mask":
                page.tags[254].overwrite(4 + int(page.shape != pictures[0].shape[:2]))
                page.tags[262].overwrite(photometric)
            elif coding == "jpeg":
                page.tags[259].overwrite(7)
                page.tags[262].overwrite(6 if page.tags[277].value == 3 else 1)
    return file.getvalue()


PICTURES = levels(COLORS)
MASKS = [mask_of(level) for level in PICTURES]
COG = cog(PICTURES, MASKS)
BARE = cog(PICTURES, [None] * 3)


def rgba(data: bytes, query: str = "") -> Array:
    return pixels_of(made(data, f"fm=png&{query}"), "RGBA")


def test_a_mask_is_alpha() -> None:
    facts = probe(COG)
    assert (facts.alpha, facts.frames, facts.notes) == (True, 6, ())
    assert [(copy.width, copy.alpha) for copy in facts.overviews] == [(152, True), (76, True)]
    found = rgba(COG)
    assert np.array_equal(found[..., 3], SEEN * 255)
    assert np.array_equal(found[..., :3], rgba(BARE)[..., :3])  # what is hidden is still there
    answer = ask(COG, "")
    assert (answer.header("content-type"), answer.header("image-notes")) == ("image/png", None)


def test_a_result_without_alpha_shows_the_background() -> None:
    found = shown(COG, "fm=jpg&bg=00f&q=95")
    assert np.abs(found[5:60, 5:60].astype(int) - (0, 0, 255)).max() <= 3
    expected = opened(BARE)
    assert np.abs(found[150:, 200:].astype(int) - np.asarray(expected)[150:, 200:]).mean() < 4


@pytest.mark.parametrize(
    ("query", "level"), [("w=76&h=50&fit=scale", 1), ("w=152", 0), ("w=38", 2)]
)
def test_it_is_read_at_the_level_of_its_picture(query: str, level: int) -> None:
    """Each level has a mask that shows by which it was read: one tile of it alone."""
    masks = [np.zeros_like(mask) for mask in MASKS]
    for number, mask in enumerate(masks):
        mask[:, mask.shape[1] * number // 4 : mask.shape[1] * (number + 1) // 4] = True
    found = rgba(cog(PICTURES, masks), query)[..., 3]
    wide = found.shape[1]
    quarters = [found[:, wide * n // 4 + 2 : wide * (n + 1) // 4 - 2] for n in range(4)]
    assert [quarter.min() > 250 for quarter in quarters] == [n == level for n in range(4)]


def test_parts_read_parts_of_it() -> None:
    whole = rgba(COG)
    assert np.array_equal(rgba(COG, "rect=41,37,101,83"), whole[37:120, 41:142])
    part = rgba(COG, "rect=64,48,128,96&w=64")
    assert np.abs(part[..., 3].astype(int) - rgba(COG, "w=152")[24:72, 32:96, 3]).max() <= 1


@pytest.mark.parametrize("options", [
    {"compression": None}, {"tile": None, "rowsperstrip": 7}, {"tile": (16, 16)}, {"tile": (208, 304)},
    {"photometric": 1}, {"photometric": 0}, {"eight": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("coding", ["jpeg", "deflate"])
def test_however_it_is_stored(coding: str, options: dict[str, Any]) -> None:
    mask: Array = ~SEEN if options.get("photometric") == 0 else SEEN
    if "eight" in options:
        mask, options = SEEN * np.uint8(255), {"tile": None, "rowsperstrip": 5}
    found = rgba(cog([COLORS], [mask], coding, **options))
    assert np.array_equal(found[..., 3], SEEN * 255)


def test_eight_bits_are_partly_clear() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 304).astype(np.uint8), SEEN.shape).copy()
    assert np.array_equal(rgba(cog([COLORS], [ramp]))[..., 3], ramp)


def test_gray_and_sixteen_bits_have_masks() -> None:
    gray = COLORS[..., 0].copy()
    found = rgba(cog([gray], [SEEN]))
    assert np.array_equal(found[..., 3], SEEN * 255)
    assert np.array_equal(found[..., 0], found[..., 2])
    deep = COLORS.astype(np.uint16) * 257
    body = made(cog([deep], [SEEN], "deflate"), "fm=png&depth=16")
    pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, np.dstack((deep[..., ::-1], SEEN * np.uint16(65535))))


@pytest.mark.parametrize("coding", ["deflate", "plain"])
def test_a_mask_of_measurements(coding: str) -> None:
    """What it hides counts for nothing, as if there were no numbers: not for the range either."""
    heights = np.where(SEEN, COLORS[..., 0] * np.float32(9), np.float32(-9999))
    lacking = np.where(SEEN, heights, np.float32(np.nan))
    found = rgba(cog([heights], [SEEN], coding))
    assert np.array_equal(found[..., 3], SEEN * 255)
    expected = rgba(cog([lacking], [None], coding))
    assert np.array_equal(found[SEEN], expected[SEEN])
    gray = rgba(cog([COLORS[..., 0].copy()], [SEEN], coding), "range=10,200")
    assert np.array_equal(gray[..., 3], SEEN * 255)


@pytest.mark.parametrize("way", [{"apart": True}, {"below": True}])
def test_wherever_it_stands(way: dict[str, bool]) -> None:
    """Behind all pictures; or below its own, which is the one then."""
    data = cog(PICTURES, MASKS, **way) if "apart" in way else cog(PICTURES[:1], MASKS[:1], **way)
    facts = probe(data)
    assert facts.alpha
    assert len(facts.overviews) == (2 if "apart" in way else 0)
    assert np.array_equal(rgba(data)[..., 3], SEEN * 255)


def test_a_level_without_a_mask_is_not_read() -> None:
    facts = probe(cog(PICTURES, [MASKS[0], None, MASKS[2]]))
    assert [copy.width for copy in facts.overviews] == [76]
    # And a mask that is of another size is none.
    assert not probe(cog([COLORS], [MASKS[1]])).alpha


def test_the_mask_of_another_picture_is_not_its_own() -> None:
    """A second page of the same size, with a mask of its own, and a third of inks, with one too."""
    file = io.BytesIO(cog(PICTURES[:1], [None]))
    with tifffile.TiffWriter(file, append=True) as writer:
        writer.write(COLORS[::-1], photometric="rgb", metadata=None)
        write_mask(writer, SEEN, False)
        inks = np.dstack((COLORS, COLORS[..., 0]))
        writer.write(inks, photometric="separated", metadata=None)
        write_mask(writer, SEEN, False)
    pages = [probe(file.getvalue(), page) for page in (0, 1, 3)]
    assert [page.alpha for page in pages] == [False, True, False]
    assert [page.notes for page in pages] == [(), (), ("mask-ignored",)]


def test_what_was_left_out_of_a_mask_is_clear() -> None:
    """GDAL's SPARSE_OK leaves out tiles of zeros."""
    file = io.BytesIO(COG)
    with tifffile.TiffFile(file, mode="r+b") as written:
        tags = written.pages[1].tags
        for tag in (324, 325):
            tags[tag].overwrite((0, *tags[tag].value[1:]))
    found = rgba(file.getvalue())[..., 3]
    assert found[:48, :64].max() == 0
    assert np.array_equal(found[48:], SEEN[48:] * 255)


@pytest.mark.parametrize(("tag", "value"), [(258, 3), (259, 9), (257, 0), (324, 2**31)])
def test_a_mask_that_cannot_be_read_is_left_out(tag: int, value: int) -> None:
    """Of three bits, of an unknown compression, of no rows, beyond the end of the file."""
    masks = [MASKS[0].astype(np.uint8) * 255, None, None]
    file = io.BytesIO(cog(PICTURES, masks))
    with tifffile.TiffFile(file, mode="r+b") as written:
        found = written.pages[1].tags[tag]
        found.overwrite((value,) * found.count if found.count > 1 else value)
    answer = ask(file.getvalue(), "fm=png")
    assert answer.status == 200
    # A mask of no rows is one of another size.
    assert answer.header("image-notes") == (None if tag == 257 else "mask-ignored")
    assert np.array_equal(pixels_of(answer.read(), "RGBA")[..., :3], rgba(BARE)[..., :3])


def test_damage_of_what_it_holds_is_damage_of_the_picture() -> None:
    data = bytearray(COG)
    with tifffile.TiffFile(io.BytesIO(COG)) as written:
        at = written.pages[1].dataoffsets[5]
    data[at + 4 : at + 12] = bytes(8)
    assert ask(bytes(data), "fm=png").status == 422
    assert get(serving(bytes(data)), "rect=0,0,40,40").status == 200


def test_alpha_of_its_own_counts() -> None:
    colors = np.dstack((COLORS, np.full(SEEN.shape, 200, np.uint8)))
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(
            colors, photometric="rgb", extrasamples=["unassalpha"], tile=TILE, metadata=None
        )
        write_mask(writer, SEEN, False)
    facts = probe(file.getvalue())
    assert (facts.alpha, facts.notes) == (True, ())
    assert (rgba(file.getvalue())[..., 3] == 200).all()


def test_what_it_takes_is_predicted_and_bounded() -> None:
    """Its bytes are among those that a limit is held against."""
    plan = make_plan(probe(COG), build({}))
    bare = make_plan(probe(BARE), build({}))
    assert predicted_bytes(probe(COG), plan) > predicted_bytes(probe(BARE), bare) + 202 * 304
    box = plan.level.box
    assert plan.pieces is not None
    assert bare.pieces is not None
    stored = plan.pieces.read(box, (304, 202))[0] - bare.pieces.read(box, (304, 202))[0]
    with tifffile.TiffFile(io.BytesIO(COG)) as written:
        assert stored >= sum(written.pages[1].databytecounts)


def test_a_page_that_is_a_mask_is_a_gray_picture() -> None:
    found = pixels_of(made(COG, "page=2&fm=png"), "L")
    assert np.array_equal(found, SEEN * 255)
    assert isinstance(serving(COG), ImageService)
    with Image.open(io.BytesIO(made(COG, "w=76&fm=webp"))) as image:
        assert image.mode == "RGBA"
