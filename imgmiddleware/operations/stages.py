"""The stages of a picture: every step that it takes, in the order of the steps.

This list is the only one. The grammar learns from it to which operation a parameter belongs, and
takes its order for the canonical string and for the plan's steps. The renderer goes through it. The
sentence about the order in docs/query.md is made of its words.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from imgmiddleware.operations.colors import Colors, Tint
from imgmiddleware.operations.enhance import Enhance
from imgmiddleware.operations.focus import Blur, NoiseReduction, Sharpen, UnsharpMask
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.measured import Measured
from imgmiddleware.operations.monochrome import Monochrome
from imgmiddleware.operations.mosaic import Mosaic
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.own import OwnOperation, OwnStep, step_kinds
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.redact import Redact
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Resize
from imgmiddleware.operations.shape import Border, Mask
from imgmiddleware.operations.surround import Backdrop, Fill, Pad
from imgmiddleware.operations.tone import Tone
from imgmiddleware.operations.transform import Operation, Transform, operation
from imgmiddleware.operations.trim import Trim
from imgmiddleware.operations.turn import Flip, Rotate

#: Which operation a query parameter belongs to, in the order in which they apply.
Owners = Mapping[str, type[Operation]]


class Stage(Enum):
    """One stage: the words for it, and the kind of the operation whose parameters ask for it.

    No parameter asks for `COLOR`: every picture goes through it.
    """

    PAGE = "`page`", Page
    MEASURED = "`band`, `range` and `colormap`", Measured
    REDACT = "`redact`", Redact
    ORIENT = "`orient`", Orient
    REGION = "`rect`", Region
    TRIM = "`trim`", Trim
    RESIZE = "the size with `crop`", Resize
    COLOR = "the conversion to sRGB", None
    NOISE = "`nr`", NoiseReduction
    ENHANCE = "`auto=enhance`", Enhance
    TONE = "`exp`, `gam`, `bri`, `con`, `high`, `shad` and `invert`", Tone
    COLORS = "`vib`, `sat`, `hue` and `sepia`", Colors
    TINT = "`duotone` and `monochrome`", Tint
    FRAME = "the frame that `fit` and `fill` put around the picture", Fill
    FLIP = "`flip`", Flip
    ROTATE = "`rot`", Rotate
    BLUR = "`blur`", Blur
    SHARPEN = "`sharp`", Sharpen
    UNSHARP_MASK = "`usm`", UnsharpMask
    MOSAIC = "`px`", Mosaic
    MONOCHROME = "`mono`", Monochrome
    OWN = "your own operations", OwnStep
    MASK = "`mask`", Mask
    BORDER = "`border`", Border
    PAD = "`pad`", Pad
    BACKDROP = "`bg`", Backdrop
    MARK = "`mark`", Mark
    OUTPUT = "then the format", Output

    def __init__(self, words: str, kind: type[Operation] | None) -> None:
        self.words = words
        self.kind = kind


def _kinds(own: Sequence[type[OwnStep]] = ()) -> Iterator[type[Operation]]:
    for stage in Stage:
        if stage is Stage.OWN:
            yield from own
        elif stage.kind is not None:
            yield stage.kind


def _owners(kinds: Iterator[type[Operation]]) -> Owners:
    return {name: kind for kind in kinds for name in kind.forms()}


#: The owners of the parameters of the package's own operations.
OWNERS: Owners = _owners(_kinds())


def owners_with(own: Mapping[str, OwnOperation], reserved: Sequence[str]) -> Owners:
    """`OWNERS` with an application's own operations.

    Raises `ValueError` for a name that cannot be one, is taken, or is `reserved`.
    """
    return _owners(_kinds(step_kinds(own, [*OWNERS, *reserved])))


def build(texts: Mapping[str, str], known: Owners = OWNERS) -> Transform:
    """The Transform of parameters given as text; every name must be one of those `known`.

    Raises `ImageError` (400) that names the parameter whose text is malformed or out of range.
    """
    values: dict[type[Operation], dict[str, object]] = {}
    for name, text in texts.items():
        kind = known[name]
        values.setdefault(kind, {})[name] = kind.forms()[name].parse(name, text)
    in_order = dict.fromkeys(known.values())
    return Transform(tuple(operation(kind, values[kind]) for kind in in_order if kind in values))
