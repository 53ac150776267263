"""The WSGI adapter (PEP 3333): it translates, and decides nothing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Unpack, cast

from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse
from imgmiddleware.service import ImageService, application, as_service, mounted
from imgmiddleware.settings import Options
from imgmiddleware.sources import SourceLike

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# WebOb 1.8 imports `cgi`, of which Python 3.11 and 3.12 warn: an error in an application that makes
# warnings errors. The filters belong to the whole process: this undoes changes that another thread
# makes to them during this one import.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    from webob import Request, Response

#: Bytes that `wsgi.file_wrapper` reads at a time where the server has no sendfile.
_BLOCK = 2**16


class WSGIImageMiddleware:
    """A WSGI application that answers `/image/<ID>` and leaves every other request to `app`.

    >>> from wsgiref.simple_server import demo_app
    >>> application = WSGIImageMiddleware(demo_app, "photos/", default="w=800")

    `source` is the source of the originals: a directory, a function `id -> path | bytes | numpy
    array | None`, a `Source`, a mapping of prefixes to these, or an `ImageService` to share, which
    has its options already. `options` are described at `Settings`. Raises `ValueError` or
    `TypeError` that names the wrong option.
    """

    def __init__(
        self, app: WSGIApplication, source: SourceLike | ImageService, **options: Unpack[Options]
    ) -> None:
        self.app = application(app, "WSGI", "environ, start_response", "ASGIImageMiddleware")
        """The wrapped application."""
        self.service = as_service(source, options)
        """The service, for its `url` and `purge`."""
        # PATH_INFO is UTF-8 dressed as latin-1; the prefix is dressed once instead of each path.
        self._prefix = self.service.prefix.encode().decode("latin-1")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(self._prefix):
            return self.app(environ, start_response)
        response = self.service.handle(read(environ))
        if response is None:
            return self.app(environ, start_response)
        return _sent(response, environ, start_response)


class WSGIImageApp:
    """A WSGI application that answers with pictures, and all other paths with a 404.

    >>> from werkzeug.middleware.dispatcher import DispatcherMiddleware
    >>> from wsgiref.simple_server import demo_app
    >>> pictures = WSGIImageApp("photos/", default="w=800")
    >>> application = DispatcherMiddleware(demo_app, {"/image": pictures})

    `prefix` is "/" unless it is given: the path of the mount takes its place. `source` and
    `options` are those of `WSGIImageMiddleware`; an `ImageService` has its own `prefix`. Raises
    `ValueError` or `TypeError` that names the wrong option; `missing="pass"` is wrong too, as there
    is no application to pass to.
    """

    def __init__(self, source: SourceLike | ImageService, **options: Unpack[Options]) -> None:
        self.service = as_service(source, mounted(source, options))
        """The service, for its `url` and `purge`: `url` takes the path of the mount, as `mount`."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self.service.handle(read(environ))
        assert response is not None
        return _sent(response, environ, start_response)


def read(environ: WSGIEnvironment) -> ImageRequest:
    """The request that a server or a framework has put into `environ`."""
    request = Request(environ)
    return ImageRequest(
        method=request.method,
        path=_text(environ.get("PATH_INFO", "")),
        query=request.query_string,
        headers=_headers(environ),
        scheme=request.scheme,
        host=request.host,
        mount=_text(environ.get("SCRIPT_NAME", "")),
        sends_files="wsgi.file_wrapper" in environ,
        # Not in PEP 3333: gunicorn and granian set the first, uWSGI and waitress the second.
        raw_path=environ.get("RAW_URI") or environ.get("REQUEST_URI") or "",
        context=environ,
    )


def _text(dressed: str) -> str:
    """A path of PEP 3333, which is bytes dressed as latin-1."""
    return dressed.encode("latin-1").decode("utf-8", "replace")


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    """The headers of the request. WebOb's own take a third of the time of a hit in memory."""
    return {
        key[5:].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }


def _sent(
    response: ImageResponse, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    try:
        body = sent_body(response.body, environ)
        sent = Response(status=response.status, headerlist=list(response.headers), app_iter=body)
        return cast("Iterable[bytes]", sent(environ, start_response))
    except BaseException:
        response.close()
        raise


def sent_body(body: bytes | FileBody, environ: WSGIEnvironment) -> Iterable[bytes]:
    """The body for the server. A whole file goes to `wsgi.file_wrapper`, if there is one."""
    if not isinstance(body, FileBody):
        return [body] if body else []
    wrapper = environ.get("wsgi.file_wrapper")
    if wrapper is None or not body.whole:
        return _Pieces(body)
    return cast("Iterable[bytes]", wrapper(body.file, _BLOCK))


class _Pieces:
    """A part of a file, for a server that iterates over it and closes it.

    It has no `len`: a server takes that for the number of blocks (PEP 3333).
    """

    def __init__(self, body: FileBody) -> None:
        self._body = body
        self.close = body.close

    def __iter__(self) -> Iterator[bytes]:
        return self._body.pieces()
