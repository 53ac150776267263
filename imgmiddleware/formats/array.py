"""The facts of pixels that are no file: nothing to parse, and nothing that could lie."""

from imgmiddleware.formats.facts import Facts
from imgmiddleware.sources.memory import ArrayOriginal


def array_facts(original: ArrayOriginal) -> Facts:
    """`decode_bytes` is one copy: for the order of channels, or of a float array as float32."""
    height, width, *rest = original.shape
    channels = rest[0] if rest else 1
    return Facts(
        format="array",
        width=width,
        height=height,
        color="gray" if channels == 1 else "rgb",
        alpha=channels == 4,
        depth=original.depth,
        decode_bytes=width * height * channels * original.depth // 8,
    )
