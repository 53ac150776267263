"""The operations, in the order in which they apply. A new one is a file and a row here."""

from __future__ import annotations

from collections.abc import Mapping

from imgmiddleware.operations.focus import Blur, Sharpen
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Frame, Resize
from imgmiddleware.operations.surround import Backdrop, Pad
from imgmiddleware.operations.turn import Flip, Rotate
from imgmiddleware.transform import Operation, Transform

OPERATIONS: tuple[type[Operation], ...] = (
    Orient,
    Region,
    Resize,
    Flip,
    Rotate,
    Blur,
    Sharpen,
    Pad,
    Backdrop,
    Output,
)

#: Which operation a query parameter belongs to.
OWNERS: Mapping[str, type[Operation]] = {
    name: operation for operation in OPERATIONS for name in operation.forms()
}


def build(texts: Mapping[str, str]) -> Transform:
    """The Transform of parameters given as text; every name must be a key of `OWNERS`.

    Raises `ImageError` (400) that names the parameter whose text is malformed or out of range.
    """
    values: dict[type[Operation], dict[str, object]] = {}
    for name, text in texts.items():
        owner = OWNERS[name]
        values.setdefault(owner, {})[name] = owner.forms()[name].parse(name, text)
    return Transform(tuple(kind(**values[kind]) for kind in OPERATIONS if kind in values))


__all__ = [
    "OPERATIONS",
    "OWNERS",
    "Backdrop",
    "Frame",
    "Orient",
    "Output",
    "PixelOperation",
    "Region",
    "Resize",
    "build",
]
