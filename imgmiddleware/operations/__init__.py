"""What may be done to an original: one file an operation, and one list of all stages."""

from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.own import OwnOperation, OwnStep
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.pixels import PixelOperation
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.resize import Geometry, Resize
from imgmiddleware.operations.stages import OWNERS, Owners, Stage, build, owners_with
from imgmiddleware.operations.surround import Backdrop
from imgmiddleware.operations.trim import Trim

__all__ = [
    "OWNERS",
    "Backdrop",
    "Geometry",
    "Orient",
    "Output",
    "OwnOperation",
    "OwnStep",
    "Owners",
    "Page",
    "PixelOperation",
    "Region",
    "Resize",
    "Stage",
    "Trim",
    "build",
    "owners_with",
]
