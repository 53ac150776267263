"""A WSGI application whose pictures are made in workers. It makes one before it is forked."""

import os

from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.wsgi import WSGIImageMiddleware

service = ImageService(os.environ["IMGMIDDLEWARE_PHOTOS"], isolate=True)
answer = service.handle(ImageRequest("GET", "/image/a.png", "w=7"))
assert answer is not None
assert answer.status == 200, answer.body


def nothing(environ, start_response):  # type: ignore[no-untyped-def]
    start_response("404 Not Found", [])
    return [b""]


application = WSGIImageMiddleware(nothing, service)
