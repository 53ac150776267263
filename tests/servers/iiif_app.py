"""The application of both kinds of servers with IIIF."""

import os
from typing import Literal, cast

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

_VERSION = cast("Literal[2, 3]", int(os.environ.get("IMGMIDDLEWARE_TEST_IIIF", "3")))

_service = ImageService(os.environ["IMGMIDDLEWARE_TEST_PHOTOS"], iiif=True, iiif_version=_VERSION)
asgi = ASGIImageMiddleware(bare.asgi, _service)
wsgi = WSGIImageMiddleware(bare.wsgi, _service)
