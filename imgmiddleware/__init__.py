"""Web-ready pictures of originals that are too large or too heavy, made on the fly.

`imgmiddleware.wsgi.WSGIImageMiddleware` and `imgmiddleware.asgi.ASGIImageMiddleware` wrap an
application; `ImageService` is what both are made of, and knows neither protocol.
"""

from imgmiddleware.errors import ImageError
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations import OwnOperation
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service import ImageService, Work
from imgmiddleware.service.deadline import ClientGoneError
from imgmiddleware.settings import Options, Settings
from imgmiddleware.sources import (
    ArrayOriginal,
    BytesOriginal,
    DirectorySource,
    FunctionSource,
    Opened,
    Original,
    Source,
)

__version__ = "0.1.0.dev0"

__all__ = [
    "ArrayOriginal",
    "BytesOriginal",
    "ClientGoneError",
    "DirectorySource",
    "FunctionSource",
    "ImageError",
    "ImageRequest",
    "ImageResponse",
    "ImageService",
    "Opened",
    "Options",
    "Original",
    "OwnOperation",
    "Settings",
    "Source",
    "Transform",
    "Work",
    "__version__",
]
