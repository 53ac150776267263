"""The applications of the WSGI servers."""

import os

from imgmiddleware import Options
from imgmiddleware.wsgi import WSGIImageMiddleware
from servers import bare

_CACHE = os.environ.get("IMGMIDDLEWARE_TEST_CACHE")
_OPTIONS: Options = {"cache_dir": _CACHE, "cache_bytes": 0} if _CACHE else {}

application = WSGIImageMiddleware(
    bare.wsgi,
    os.environ["IMGMIDDLEWARE_TEST_PHOTOS"],
    **_OPTIONS,
)
