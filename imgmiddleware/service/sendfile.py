"""The server in front sends the files of `cache_dir`, where it announces that it does.

An answer to such a server has no body. A client that asks the application directly would see an
empty picture. So the server announces itself by a header of the request, `X-Sendfile-Type`, as with
Rack::Sendfile.
"""

import logging
import os
from dataclasses import replace
from functools import lru_cache

from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse
from imgmiddleware.settings import Settings

_log = logging.getLogger("imgmiddleware")

_ANNOUNCED = "X-Sendfile-Type"


def announce(settings: Settings) -> None:
    """Log at the start which header the server in front has to send."""
    if settings.hands_over:
        line = "the server in front sends the files of %r where it says '%s: %s'"
        _log.info(line, settings.folder, _ANNOUNCED, _header(settings))


def hands_over(request: ImageRequest, settings: Settings) -> bool:
    """Whether this request came through the server that sends the files of `cache_dir`."""
    if not settings.hands_over:
        return False
    if request.headers.get(_ANNOUNCED.lower()) == _header(settings):
        return True
    _tell_once(_header(settings), str(settings.folder))
    return False


def handed_over(response: ImageResponse, settings: Settings) -> ImageResponse:
    """The answer with a header that names the file for the server in front, instead of a body.

    nginx takes a URI in `X-Accel-Redirect`, Apache's and lighttpd's modules a path in `X-Sendfile`.
    """
    body = response.body
    path = body.path() if isinstance(body, FileBody) and body.whole else None
    if path is None:
        return response
    response.close()
    where = _header(settings), _place(path, settings)
    kept = (pair for pair in response.headers if pair[0] != "Content-Length")
    return replace(response, headers=(where, *kept), body=b"")


def _header(settings: Settings) -> str:
    return "X-Sendfile" if settings.x_sendfile else "X-Accel-Redirect"


def _place(path: str, settings: Settings) -> str:
    if settings.x_sendfile:
        return os.fsencode(path).decode("latin-1")  # the bytes of the name, as headers have them
    assert isinstance(settings.folder, str)  # the settings saw to it
    inside = path.removeprefix(settings.folder).replace(os.sep, "/")
    return settings.x_accel_redirect.rstrip("/") + inside


@lru_cache(maxsize=64)  # said once, and not at each answer
def _tell_once(header: str, folder: str) -> None:
    line = "the application sends the files of %r: no server in front said '%s: %s'"
    _log.warning(line, folder, _ANNOUNCED, header)
