"""The facts of an array: there is no file to parse, and no header that could lie."""

from dataclasses import replace

from imgmiddleware.formats.facts import Facts
from imgmiddleware.sources.array import ArrayOriginal
from imgmiddleware.sources.array_reading import Samples


def array_facts(original: ArrayOriginal) -> Facts:
    """Raises the errors of `ArrayOriginal.header`."""
    header = original.header()
    return Facts(
        format="array",
        width=header.width,
        height=header.height,
        orientation=header.orientation,
        color=header.color,
        alpha=header.alpha,
        depth=header.depth,
        values=header.values,
        reading=header.reading,
        decode_bytes=header.nbytes,
    )


def check_samples(samples: Samples, facts: Facts) -> None:
    """Raises `ValueError` where a function made another array than was planned for."""
    height, width = samples.pixels.shape[:2]
    alpha = samples.color != "cmyk" and samples.pixels.shape[2:] == (4,)
    made = replace(
        facts,
        width=width,
        height=height,
        color=samples.color,
        alpha=facts.alpha or alpha,
        depth=8 * samples.pixels.itemsize,
        orientation=samples.orientation,
    )
    if made != facts:
        raise ValueError(
            f"an array's function made {_words(made)}; the array declared by shape= and dtype=, or "
            f"made before under the same version=, is {_words(facts)}"
        )


def _words(facts: Facts) -> str:
    turned = f", turned as EXIF's {facts.orientation}" if facts.orientation > 1 else ""
    clear = ", with alpha" if facts.alpha else ""
    return f"{facts.width}x{facts.height} {facts.color} of {facts.depth} bits{clear}{turned}"
