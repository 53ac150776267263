"""Web-ready pictures of originals that are too large or too heavy for the web, made on the fly.

- `imgmiddleware.wsgi`, `imgmiddleware.asgi`: the middleware around an application. Both are made of
  `ImageService`, which knows neither protocol
- `imgmiddleware.frameworks`: the same in a route of Flask, Starlette, FastAPI or Django
- `imgmiddleware.settings`: all options
- `imgmiddleware.errors`: all errors
- `imgmiddleware.messages`: the request and the response
- `imgmiddleware.sources`: the sources of originals
- `imgmiddleware.observing`: metrics and traces for an operator, by Prometheus or OpenTelemetry
- `imgmiddleware.testing`: the tests that any source, and any `imgmiddleware.cache.store`, must pass
- `imgmiddleware.forms`: the arguments of an application's own operations
"""

from imgmiddleware.errors import ImageError
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations.own import OwnOperation
from imgmiddleware.operations.transform import Transform
from imgmiddleware.service import ImageService, Info, Picture, Work
from imgmiddleware.service.admission.deadline import ClientGoneError
from imgmiddleware.settings import Options, Settings
from imgmiddleware.sources import (
    ArrayOriginal,
    BytesOriginal,
    ChainSource,
    DirectorySource,
    FunctionSource,
    ObjectSource,
    Opened,
    Original,
    PrefixSource,
    Source,
)

__version__ = "0.1.0.dev0"

__all__ = [
    "ArrayOriginal",
    "BytesOriginal",
    "ChainSource",
    "ClientGoneError",
    "DirectorySource",
    "FunctionSource",
    "ImageError",
    "ImageRequest",
    "ImageResponse",
    "ImageService",
    "Info",
    "ObjectSource",
    "Opened",
    "Options",
    "Original",
    "OwnOperation",
    "Picture",
    "PrefixSource",
    "Settings",
    "Source",
    "Transform",
    "Work",
    "__version__",
]
