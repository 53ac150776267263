"""The operations, in the order in which they apply. A new one is a file and a row here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imgmiddleware.operations.focus import Blur, Sharpen
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.own import OwnOperation, OwnStep, step_kinds
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Frame, Resize
from imgmiddleware.operations.surround import Backdrop, Pad
from imgmiddleware.operations.transform import Operation, Transform
from imgmiddleware.operations.trim import Trim
from imgmiddleware.operations.turn import Flip, Rotate

OPERATIONS: tuple[type[Operation], ...] = (
    Page,
    Orient,
    Region,
    Trim,
    Resize,
    Flip,
    Rotate,
    Blur,
    Sharpen,
    Pad,
    Backdrop,
    Output,
)

Owners = Mapping[str, type[Operation]]


def _owners(operations: Sequence[type[Operation]]) -> Owners:
    return {name: operation for operation in operations for name in operation.forms()}


#: Which operation a query parameter belongs to, in the order in which they apply.
OWNERS: Owners = _owners(OPERATIONS)


def owners_with(own: Mapping[str, OwnOperation], reserved: Sequence[str]) -> Owners:
    """`OWNERS` with an application's own operations: after `sharp`, before `pad`.

    Raises `ValueError` for a name that cannot be one, is taken, or is `reserved`.
    """
    kinds = step_kinds(own, [*OWNERS, *reserved])
    place = OPERATIONS.index(Pad)
    return _owners((*OPERATIONS[:place], *kinds, *OPERATIONS[place:]))


def build(texts: Mapping[str, str], known: Owners = OWNERS) -> Transform:
    """The Transform of parameters given as text; every name must be one of those `known`.

    Raises `ImageError` (400) that names the parameter whose text is malformed or out of range.
    """
    values: dict[type[Operation], dict[str, object]] = {}
    for name, text in texts.items():
        kind = known[name]
        values.setdefault(kind, {})[name] = kind.forms()[name].parse(name, text)
    in_order = dict.fromkeys(known.values())
    return Transform(tuple(kind(**values[kind]) for kind in in_order if kind in values))


__all__ = [
    "OPERATIONS",
    "OWNERS",
    "Backdrop",
    "Frame",
    "Orient",
    "Output",
    "OwnOperation",
    "OwnStep",
    "Owners",
    "Page",
    "PixelOperation",
    "Region",
    "Resize",
    "Trim",
    "build",
    "owners_with",
]
