"""Decode: the samples of an original, held at the level that a plan asks for."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice

from imgmiddleware.formats.array import check_samples
from imgmiddleware.formats.bands import blocks_of, decode_bands, passing_bands
from imgmiddleware.formats.compose import seen_frames
from imgmiddleware.formats.containers.exif import Exif
from imgmiddleware.formats.contents import Contents
from imgmiddleware.formats.decode import decode
from imgmiddleware.formats.decoders import check_decoded
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Found
from imgmiddleware.formats.probe import read_contents, read_exif, read_profile
from imgmiddleware.imaging.draft import Rows
from imgmiddleware.imaging.ends import ends_of, find_ends, is_dark, shown_by, with_channels
from imgmiddleware.imaging.held import Held, Level
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.pixels.arrays import Pixels
from imgmiddleware.pixels.codepoints import CodePoints
from imgmiddleware.pixels.color import is_usable
from imgmiddleware.pixels.icc import code_points
from imgmiddleware.pixels.resample import resample_around
from imgmiddleware.pixels.shown import Shown
from imgmiddleware.pixels.value_range import Ends
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.original import Original, read_all

#: The note about a profile that is broken, or for another kind of picture.
PROFILE_IGNORED = "profile-ignored"
#: The note about values of an array outside of the range that is shown: how many they are.
CLIPPED = "clipped"
#: The note about a TIFF of 16 bits that comes out nearly black. A TIFF of 12 bits does so if its
#: header does not say 12: `range=` is for it.
DARK = "dark"


def decode_original(
    original: Original | ArrayOriginal,
    facts: Facts,
    plan: Plan,
    contents: Contents | None = None,
    ends: Ends | None = None,
) -> Held:
    """The page or frame that the plan means, at the plan's level.

    `contents` are those of an original that is read in bands, and `ends` those of its range of
    values, where they are known. Raises `ImageError` where the original is damaged or has changed.
    """
    if isinstance(original, ArrayOriginal):
        return _held_array(original, facts, plan)
    if plan.in_bands:
        contents = contents or read_contents(original, facts, plan.overview)
        shown = shown_by(facts, ends or find_ends(original, facts))
        held = _read_in_bands(original, facts, plan, plan.level, contents, shown=shown)
        return _told(held, facts, shown)
    data = read_all(original)
    found = _found(data, facts, plan)
    # All geometry is that of the level: samples of another size would show another part.
    check_decoded(found.pixels.shape[1::-1], plan.level.samples)
    pixels = found.pixels if facts.reading is None else with_channels(found.pixels, facts)
    shown = shown_by(facts, ends_of(pixels, facts))
    pixels = shown(pixels) if shown else pixels
    return _told(held_with(data, facts, pixels, plan.level, found.profile), facts, shown)


def is_of_values(note: str) -> bool:
    """Whether a note was made of the samples, and not of the header."""
    return note == DARK or note.startswith(CLIPPED)


def told(held: Held, facts: Facts) -> Held:
    """A part that was cut from a whole in bands, with the notes about its own samples."""
    return _told(held, facts, None)


def _told(held: Held, facts: Facts, shown: Shown | None) -> Held:
    """The same, with notes about lost values: those that were clipped, or all of a dark picture."""
    notes = []
    if shown and shown.tally.clipped:
        notes.append(f"{CLIPPED}={shown.tally.clipped}")
    elif shown is None and facts.pages and facts.depth == 16 and is_dark(held.pixels):
        notes.append(DARK)
    return replace(held, notes=(*held.notes, *notes)) if notes else held


def held_with(
    data: memoryview, facts: Facts, pixels: Pixels, level: Level, found: bytes | None = None
) -> Held:
    """Pixels with the metadata of their file.

    `found` is the profile of a format whose profile only the decoder can read.
    """
    return _held(facts, pixels, level, read_exif(data, facts), found or read_profile(data, facts))


def decode_whole(
    original: Original, facts: Facts, plan: Plan, whole: Level, contents: Contents
) -> Held:
    """All samples that the plan could read, of an original whose samples are read in bands.

    Raises `ImageError`.
    """
    return _read_in_bands(original, facts, plan, whole, contents)


def decode_rows(
    original: Original, facts: Facts, plan: Plan, whole: Level, contents: Contents
) -> Rows:
    """The same from the top down. It raises also while the rows are taken."""
    read = plan.overview or facts
    blocks: Iterator[Pixels] = blocks_of(original, read, whole.box, contents.raster)
    first = next(blocks)
    held = _held(facts, first, whole, contents.exif, contents.profile)
    return Rows(held, chain([first], blocks))


def _held_array(original: ArrayOriginal, facts: Facts, plan: Plan) -> Held:
    """An array, read at once. Raises the errors of its function."""
    samples = original.samples(facts.reading)
    check_samples(samples, facts)
    held = _held(facts, samples.pixels, plan.level, Exif(), samples.profile)
    if samples.clipped:
        held = replace(held, notes=(*held.notes, f"{CLIPPED}={samples.clipped}"))
    return held


def _found(data: memoryview, facts: Facts, plan: Plan) -> Found:
    """A page, and an overview, has facts of its own; a frame is laid on those before it."""
    if facts.composed or (plan.frame and not facts.pages):
        pixels, _ = next(islice(seen_frames(data, facts).frames, plan.frame, None))
        return Found(pixels)
    return decode(data, plan.overview or facts, plan.level.samples)


def _read_in_bands(
    original: Original,
    facts: Facts,
    plan: Plan,
    level: Level,
    contents: Contents,
    *,
    shown: Shown | None = None,
) -> Held:
    """The metadata is read first: an original that is cut short meanwhile then lacks rows."""
    raster, read = contents.raster, plan.overview or facts
    times, scaled = level.by.bit_length() - 1, not level.averaged
    if level.passed is None:
        pixels = decode_bands(
            original, read, level.box, times, scaled=scaled, shown=shown, raster=raster
        )
    else:
        crop, sampled, size, linear = level.passed
        rows = passing_bands(
            original, read, level.box, times, scaled=scaled, shown=shown, raster=raster
        )
        area = level.area(crop)
        pixels, _ = resample_around(rows, sampled, size, area=area, linear=linear, averaged=True)
    return _held(facts, pixels, level, contents.exif, contents.profile)


def _held(facts: Facts, pixels: Pixels, level: Level, exif: Exif, profile: bytes | None) -> Held:
    color = "gray" if pixels.ndim == 2 else facts.color
    points = facts.points or _points_of(profile)
    notes = facts.notes
    if points:
        profile = None if points.hdr else points.profile()
    if profile is not None and not is_usable(profile, color):
        profile, notes = None, (*notes, PROFILE_IGNORED)
    return Held(
        level=level,
        pixels=pixels,
        color=color,
        profile=profile,
        points=points,
        exif=exif,
        notes=notes,
    )


def _points_of(profile: bytes | None) -> CodePoints | None:
    """The code points of a profile, if they are HDR: the profile's curves cannot describe that."""
    numbers = code_points(profile) if profile else None
    points = CodePoints.stated(*numbers) if numbers else None
    return points if points and points.hdr else None
