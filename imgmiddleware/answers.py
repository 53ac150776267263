"""Answers: which status, headers and body each outcome has, once for both protocols."""

from __future__ import annotations

import os
from dataclasses import replace

from imgmiddleware.errors import ImageError
from imgmiddleware.http.caching import cache_control
from imgmiddleware.http.conditionals import imf_date
from imgmiddleware.http.problem import MEDIA_TYPE, problem
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse
from imgmiddleware.settings import Settings

METHODS = ("GET", "HEAD", "OPTIONS")

#: Seconds after which a client may ask again for an original that changed under our hands.
_RETRY_AFTER = "1"

Headers = tuple[tuple[str, str], ...]

#: A browser that guesses another type than the one it was told could run a picture as a script.
_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")


def validators(
    key: str, last_modified: int | None, settings: Settings, *, immutable: bool
) -> Headers:
    """The headers that a 200 and its 304 share (RFC 9110, section 15.4.5)."""
    private = settings.authorize is not None
    caching = cache_control(settings.max_age, private=private, immutable=immutable)
    headers: Headers = (("ETag", f'"{key}"'), ("Cache-Control", caching))
    if last_modified is None:
        return headers
    return (*headers, ("Last-Modified", imf_date(last_modified)))


def stale(shared: Headers) -> Headers:
    """The `validators` of a picture whose original is newer by now: to be asked for again."""
    return tuple(
        (name, "public, no-cache") if name == "Cache-Control" else (name, value)
        for name, value in shared
    )


def picture(
    media_type: str, body: bytes | FileBody, notes: tuple[str, ...], shared: Headers
) -> ImageResponse:
    """A rendered picture, with its `validators`, and a word on what was set aside for it."""
    noted: Headers = (("Image-Notes", ", ".join(notes)),) if notes else ()
    return ImageResponse(200, (*_content(media_type, body), *shared, *noted), body)


def not_modified(shared: Headers) -> ImageResponse:
    """What the client has is what it would get."""
    return ImageResponse(304, shared)


def options() -> ImageResponse:
    """What may be asked (RFC 9110, section 9.3.7)."""
    return ImageResponse(204, (_allow(),))


def refusal(error: ImageError) -> ImageResponse:
    """A problem document, which nobody may keep: what is wrong now may be right in a second."""
    body = problem(error.status, error.code, error.detail, error.members)
    headers: Headers = (*_content(MEDIA_TYPE, body), ("Cache-Control", "no-store"))
    if error.status == 405:
        headers += (_allow(),)
    if error.status == 503:
        headers += (("Retry-After", _RETRY_AFTER),)
    return ImageResponse(error.status, headers, body)


def varying(response: ImageResponse) -> ImageResponse:
    """The same, told to caches to depend on Accept (RFC 9110, section 12.5.5)."""
    return replace(response, headers=(*response.headers, ("Vary", "Accept")))


def handed_over(response: ImageResponse, settings: Settings) -> ImageResponse:
    """The same, with a word to the server in front which file it is to send instead of a body.

    nginx takes a URI in `X-Accel-Redirect`, Apache's and lighttpd's modules a path in `X-Sendfile`.
    """
    body = response.body
    if not (settings.hands_over and isinstance(body, FileBody) and body.whole):
        return response
    path = body.path()
    if path is None:
        return response
    body.close()
    assert isinstance(settings.cache_dir, str)  # the settings saw to it
    if settings.x_sendfile:
        where = ("X-Sendfile", path)
    else:
        inside = path.removeprefix(settings.cache_dir).replace(os.sep, "/")
        where = ("X-Accel-Redirect", settings.x_accel_redirect.rstrip("/") + inside)
    kept = (pair for pair in response.headers if pair[0] != "Content-Length")
    return replace(response, headers=(*kept, where), body=b"")


def sent(request: ImageRequest, response: ImageResponse) -> ImageResponse:
    """HEAD is GET with the body dropped, and every header kept (RFC 9110, section 9.3.2)."""
    if request.method != "HEAD":
        return response
    response.close()
    return replace(response, body=b"")


def _content(media_type: str, body: bytes | FileBody) -> Headers:
    return ("Content-Type", media_type), ("Content-Length", str(len(body))), _NO_SNIFFING


def _allow() -> tuple[str, str]:
    return "Allow", ", ".join(METHODS)
