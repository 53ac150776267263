"""Flask: a view that answers with pictures, after the checks of Flask and any decorators."""

from typing import Any

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound

from imgmiddleware.frameworks.asked import asked
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.wsgi import read, sent_body


def image_request(
    request: flask.Request, id: object = None, *, prefix: str = "/image/"
) -> ImageRequest:
    """The request for `ImageService.handle`.

    Give `id` where the path of the view does not have the original's ID in the service's form;
    `prefix` is then the service's.

    >>> app = flask.Flask(__name__)
    >>> with app.test_request_context("/me?w=64"):
    ...     made = image_request(flask.request, "ann/face.jpg")
    >>> made.path, made.query
    ('/image/ann/face.jpg', 'w=64')
    """
    return asked(read(request.environ), id, prefix)


def response(answer: ImageResponse | None) -> flask.Response:
    """The answer as a response of Flask, to the letter; Flask may add to it.

    A large picture is sent as a file, which is closed with the response. None, the answer of a
    service with `missing="pass"`, is Flask's own 404: this raises `werkzeug.exceptions.NotFound`.

    >>> response(ImageResponse(304, (("ETag", '"a"'),))).headers.to_wsgi_list()
    [('ETag', '"a"')]
    """
    if answer is None:
        raise NotFound
    environ = flask.request.environ if flask.has_request_context() else {}
    body = answer.body
    return _Picture(
        body if isinstance(body, bytes) else sent_body(body, environ),
        answer.status,
        list(answer.headers),
        direct_passthrough=not isinstance(body, bytes),
    )


class _Picture(flask.Response):
    """Unlike werkzeug's, it removes no headers from a 304, and adds no Content-Type."""

    default_mimetype = None
    automatically_set_content_length = False

    def get_wsgi_headers(self, environ: Any) -> Headers:
        return Headers(self.headers)
