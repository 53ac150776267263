"""Encode: pixels, or the frames of an animation, to the bytes of a format of results."""

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.metadata import NO_METADATA, Metadata
from imgmiddleware.formats.result_format import Frames
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.pixels.arrays import Pixels


def encode(
    pixels: Pixels,
    format: str,
    quality: int,
    metadata: Metadata = NO_METADATA,
    *,
    chroma: str | None = None,
    quickly: bool = False,
    lossless: bool = False,
) -> bytes:
    """The file of `pixels`: uint8, (height, width) gray, or with 3 (BGR) or 4 (BGRA) channels;
    uint16 too for png and tif.

    `format` is a key of `RESULTS`; `quality` is 0 to 100, without effect on lossless formats.
    `metadata` goes along where the format has a place for it; GIF and BMP have none. `quickly`
    takes less time and some more bytes. `chroma` is one of `CHROMA`, or None for the one that suits
    the quality. `lossless` has no quality, where the format can do that.

    Raises `ImageError("result-too-large")` where a side is over the format's longest.
    """
    result = RESULTS[format]
    result.check_sides(pixels.shape[1], pixels.shape[0])
    if lossless and result.write_lossless:
        return result.write_lossless(pixels, metadata)
    own, chosen = result.own(quality), result.chroma(chroma, quality)
    if result.write_chroma and chosen:
        return result.write_chroma(pixels, own, metadata, chosen, quickly)
    write = (quickly and result.write_quickly) or result.write
    return write(pixels, own, metadata)


def encode_within(
    pixels: Pixels,
    format: str,
    quality: int,
    most: int,
    metadata: Metadata = NO_METADATA,
    *,
    chroma: str | None = None,
    lossless: bool = False,
) -> bytes:
    """The file at the highest quality, up to `quality`, at which it has no more than `most` bytes.

    Halves the range of qualities, so that it encodes at most nine times. Raises
    `ImageError("result-too-large")` where even the lowest quality is larger, or there is none.
    """
    result = RESULTS[format]
    best = encode(pixels, format, quality, metadata, chroma=chroma, lossless=lossless)
    if len(best) <= most:
        return best
    fixed = result.scale is None or (lossless and result.write_lossless)
    smallest = best if fixed else encode(pixels, format, 0, metadata, chroma=chroma)
    if len(smallest) > most:
        raise ImageError(
            "result-too-large",
            f"as {format} this takes at least {len(smallest)} bytes; max_bytes is {most}",
            parameter="max_bytes",
            limit=most,
        )
    best, fits, exceeds = smallest, 0, quality
    while exceeds - fits > 1:
        middle = (fits + exceeds) // 2
        data = encode(pixels, format, middle, metadata, chroma=chroma)
        if len(data) <= most:
            best, fits = data, middle
        else:
            exceeds = middle
    return best


def encode_animation(
    frames: Frames,
    format: str,
    quality: int,
    plays: int,
    metadata: Metadata = NO_METADATA,
    *,
    lossless: bool = False,
) -> bytes:
    """The file of `frames`: uint8 gray, BGR or BGRA, all of one size; each with its milliseconds.

    `plays` is how often the animation runs, 0 for ever. `format` is a key of `RESULTS` that has an
    `animate`. `quality` is 0 to 100 as in `encode`; `lossless` has no quality, where the format can
    do that. Plays and times that the format cannot say become the nearest that it can.
    """
    result = RESULTS[format]
    assert result.animate is not None  # or no animation was planned
    durations = result.durations([milliseconds for _, milliseconds in frames])
    timed = [(pixels, ms) for (pixels, _), ms in zip(frames, durations, strict=True)]
    if lossless and result.animate_lossless:
        return result.animate_lossless(timed, result.plays(plays), metadata)
    return result.animate(timed, result.own(quality), result.plays(plays), metadata)
