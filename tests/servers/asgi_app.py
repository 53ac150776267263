"""What the ASGI servers serve."""

import os

from imgmiddleware.asgi import ASGIImageMiddleware
from servers import bare

application = ASGIImageMiddleware(bare.asgi, os.environ["IMGMIDDLEWARE_TEST_PHOTOS"])
