"""Django: a view that answers with pictures, after the checks of any middleware and decorators."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from anyio import to_thread
from django.db import close_old_connections
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from imgmiddleware import wsgi
from imgmiddleware.asgi.scope import read
from imgmiddleware.frameworks.asked import asked
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse


def image_request(
    request: HttpRequest, id: object = None, *, prefix: str = "/image/"
) -> ImageRequest:
    """The request for `ImageService.handle`, on WSGI and on ASGI.

    Give `id` where the path of the view does not have the original's ID in the service's form;
    `prefix` is then the service's.

    >>> from django.core.handlers.wsgi import WSGIRequest
    >>> from wsgiref.util import setup_testing_defaults
    >>> environ = {"PATH_INFO": "/me", "QUERY_STRING": "w=64"}
    >>> setup_testing_defaults(environ)
    >>> made = image_request(WSGIRequest(environ), "ann/face.jpg")
    >>> made.path, made.query
    ('/image/ann/face.jpg', 'w=64')
    """
    # Django sends no file by its path: a small one comes as bytes.
    return asked(replace(_read(request), path=request.path_info, sends_files=False), id, prefix)


def response(answer: ImageResponse | None) -> HttpResponseBase:
    """The answer as a response of Django, to the letter; middleware may add to it.

    A large picture is read while it is sent, and closed then. None, the answer of a service with
    `missing="pass"`, is the project's own 404: this raises `django.http.Http404`.
    """
    if answer is None:
        raise Http404
    made = (
        _Streamed(answer.body, status=answer.status)
        if isinstance(answer.body, FileBody)
        else HttpResponse(answer.body, status=answer.status)
    )
    del made.headers["Content-Type"]  # the default one, which no 304 has
    for name, value in answer.headers:
        made.headers[name] = value
    return made


@contextmanager
def around() -> Iterator[None]:
    """A service's `around`: closes the database connections that are due to be closed.

    Django does so with each request of its own, but knows nothing of threads that only ask for an
    original. `CONN_MAX_AGE` holds here too.

    >>> from imgmiddleware import ImageService
    >>> service = ImageService("photos/", around=around)
    """
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


def _read(request: HttpRequest) -> ImageRequest:
    if hasattr(request, "scope"):
        return read(request.scope)
    # Django has decoded these in the server's own environ, where PEP 3333 has bytes as latin-1.
    names = ("PATH_INFO", "SCRIPT_NAME")
    dressed = {name: request.META[name].encode().decode("latin-1") for name in names}
    return replace(wsgi.read(request.environ | dressed), context=request.environ)


class _Streamed(StreamingHttpResponse):
    """With a plain iterator Django on ASGI would read all of it before it sends anything."""

    def __init__(self, body: FileBody, **given: Any) -> None:
        super().__init__(_Pieces(body), **given)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.is_async:  # some middleware has put an iterator of its own here
            async for piece in super().__aiter__():
                yield piece
            return
        pieces = iter(self.streaming_content)
        while piece := await to_thread.run_sync(next, pieces, b""):
            yield piece


class _Pieces:
    """The pieces of a file, which Django closes with the response."""

    def __init__(self, body: FileBody) -> None:
        self._body = body
        self.close = body.close

    def __iter__(self) -> Iterator[bytes]:
        return self._body.pieces()
