"""What the WSGI servers serve."""

import os

from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

application = WSGIImageMiddleware(bare.wsgi, os.environ["IMGMIDDLEWARE_TEST_PHOTOS"])
