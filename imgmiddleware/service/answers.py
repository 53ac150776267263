"""Answers: which status, headers and body each outcome has, once for both protocols."""

from dataclasses import replace
from functools import lru_cache
from time import time

from imgmiddleware.cache.store import Tags
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.results import known_suffixes, suffixes_of
from imgmiddleware.grammar.query import Asked
from imgmiddleware.http import cors
from imgmiddleware.http.caching import cache_control
from imgmiddleware.http.conditionals import range_applies
from imgmiddleware.http.dates import http_date, imf_date
from imgmiddleware.http.disposition import content_disposition
from imgmiddleware.http.hints import accept_ch
from imgmiddleware.http.ranges import content_range, requested
from imgmiddleware.messages import FileBody, ImageRequest, ImageResponse, Result
from imgmiddleware.service import timing
from imgmiddleware.service.sendfile import handed_over, hands_over
from imgmiddleware.settings import Settings

METHODS = ("GET", "HEAD", "OPTIONS")

Headers = tuple[tuple[str, str], ...]

#: Seconds for which a cache may keep the picture that stands in for an original.
_SHORT = 60

#: A browser that guesses another type than the one in Content-Type could run a picture as a script.
_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")


def validators(
    key: str,
    last_modified: int | None,
    settings: Settings,
    *,
    immutable: bool,
    surrogates: Tags,
    expires: int | None = None,
) -> Headers:
    """The headers that a 200 and its 304 share (RFC 9110, section 15.4.5).

    `surrogates` are the keys by which a CDN may be told to forget the pictures of an original.
    `expires` is the end of a signed link, in seconds since 1970.
    """
    caching = cache_control(
        settings.max_age,
        private=settings.keeps_private,
        immutable=immutable,
        stale=settings.stale_while_revalidate,
        left=None if expires is None else max(0, int(expires - time())),
    )
    headers: Headers = (("ETag", f'"{key}"'), ("Cache-Control", caching))
    if last_modified is not None:
        headers += (("Last-Modified", imf_date(last_modified)),)
    return headers + _surrogate(surrogates, settings)


def _surrogate(keys: Tags, settings: Settings) -> Headers:
    if not keys or not settings.surrogate_keys:
        return ()
    # Fastly reads the first, Cloudflare the second.
    return ("Surrogate-Key", " ".join(keys)), ("Cache-Tag", ",".join(keys))


def stand_in(status: int, result: Result, settings: Settings, surrogates: Tags) -> ImageResponse:
    """The fallback's picture with the status of the refusal. The result's body is bytes.

    A cache may keep it for a minute at most, as the right picture may be there by then. Without
    Cache-Control a cache might keep a 404 for as long as it likes (RFC 9110, section 15.5.5; RFC
    9111, section 4.2.2).
    """
    caching = cache_control(
        min(_SHORT, settings.max_age), private=settings.keeps_private, immutable=False
    )
    headers: Headers = (*content(result.media_type, len(result.body)), ("Cache-Control", caching))
    headers += _notes(result.notes) + _surrogate(surrogates, settings)
    return ImageResponse(status, headers, result.body)


def rest(
    request: ImageRequest, result: Result, settings: Settings, asked: Asked, note: str
) -> ImageResponse:
    """The intact part of a damaged original, whose body is bytes: no cache may keep it."""
    body = result.read()
    headers: Headers = (
        *content(result.media_type, len(body)),
        ("Cache-Control", "no-store"),
        ("Content-Disposition", _saved_as(request.path, asked.download, result.media_type)),
    )
    return ImageResponse(200, headers + _notes((note, *result.notes, *asked.notes)), body)


def _notes(notes: tuple[str, ...]) -> Headers:
    return (("Image-Notes", ", ".join(notes)),) if notes else ()


def stale(shared: Headers) -> Headers:
    """The `validators` of a picture whose original is newer by now: caches have to ask again."""
    return tuple(
        (name, f"{value.partition(',')[0]}, no-cache") if name == "Cache-Control" else (name, value)
        for name, value in shared
    )


def picture(
    request: ImageRequest, result: Result, asked: Asked, *, shared: Headers
) -> ImageResponse:
    """A result, or the part of it that Range asks for, with its `validators`.

    A 304 has the validators alone: `dl=` and the notes of ignored parameters are no part of the
    picture. Raises `ImageError` (416).
    """
    body, notes = result.body, result.notes + asked.notes
    of = result.media_type, len(body), notes
    headers = _of_picture(request.path, asked.download, *of, shared=shared)
    return _ranged(request, ImageResponse(200, headers, body))


@lru_cache(maxsize=1024)  # equal answers repeat, and this is half of the time of a hit
def _of_picture(
    path: str,
    download: str | None,
    media_type: str,
    length: int,
    notes: tuple[str, ...],
    *,
    shared: Headers,
) -> Headers:
    headers: Headers = (
        *content(media_type, length),
        ("Accept-Ranges", "bytes"),
        *shared,
        ("Content-Disposition", _saved_as(path, download, media_type)),
    )
    return headers + _notes(notes)


def _saved_as(path: str, download: str | None, media_type: str) -> str:
    """Content-Disposition. `download` is a name, or "1" for the name at the end of the `path`."""
    name = path if download is None or download == "1" else download
    return content_disposition(
        name, suffixes_of(media_type), known_suffixes(), attachment=download is not None
    )


def _ranged(request: ImageRequest, response: ImageResponse) -> ImageResponse:
    """The part of a picture that Range asks for (RFC 9110, section 14), or all of it.

    The last step of 13.2.2, after all preconditions, and for GET alone (14.2).
    """
    field = request.headers.get("range")
    if field is None or request.method != "GET":
        return response
    etag, last_modified = response.header("ETag"), http_date(response.header("Last-Modified"))
    if not range_applies(request.headers.get("if-range"), etag or "", last_modified):
        return response
    length = len(response.body)
    span = requested(field, length)
    if span is None:
        return response
    start, stop = span
    if start == stop:
        response.close()
        detail = f"the picture has {length} bytes, and none of them in the Range asked for"
        raise ImageError("range-not-satisfiable", detail, length=length)
    headers = dict(response.headers) | {
        "Content-Length": str(stop - start),
        "Content-Range": content_range(span, length),
    }
    return ImageResponse(206, tuple(headers.items()), _part(response.body, start, stop))


def _part(body: bytes | FileBody, start: int, stop: int) -> bytes | FileBody:
    if isinstance(body, bytes):
        return body[start:stop]
    return replace(body, start=body.start + start, stop=body.start + stop)


def not_modified(shared: Headers) -> ImageResponse:
    """A 304: the client has the picture already."""
    return ImageResponse(304, shared)


def options(request: ImageRequest, settings: Settings) -> ImageResponse:
    """The methods of the service (RFC 9110, section 9.3.7), and the answer to a preflight."""
    headers: Headers = (allow(),)
    if asks_first(request, settings):
        headers += cors.preflight(authorized=settings.keeps_private)
    return sent(request, ImageResponse(204, headers), settings, None)


def asks_first(request: ImageRequest, settings: Settings) -> bool:
    """Whether this is a browser's preflight, which never has the next request's credentials."""
    return bool(settings.origins) and cors.is_preflight(request.method, request.headers)


def sent(
    request: ImageRequest, response: ImageResponse, settings: Settings, asked: Asked | None
) -> ImageResponse:
    """The answer with the headers that all answers have, and without a body for HEAD.

    `asked` tells on which headers of the request it depends (RFC 9110, section 12.5.5); None where
    that is not known yet. HEAD is GET with the body dropped, and every header kept (9.3.2).
    """
    headers, varies = response.headers, () if asked is None else asked.varies
    if settings.origins:
        headers += cors.shared(settings.origins, request.headers.get("origin"))
        if cors.varies(settings.origins):
            varies = (*varies, "Origin")
    if varies:
        headers += (("Vary", ", ".join(varies)),)
    if hints := accept_ch(settings.client_hints):
        headers += (("Accept-CH", hints),)
    if taken := timing.taken():
        headers += (("Server-Timing", taken),)
    if request.method == "HEAD":
        response.close()
        return ImageResponse(response.status, headers)
    response = ImageResponse(response.status, headers, response.body)
    by_file = isinstance(response.body, FileBody) and hands_over(request, settings)
    return handed_over(response, settings) if by_file else response


def content(media_type: str, length: int) -> Headers:
    """The headers of a body."""
    return ("Content-Type", media_type), ("Content-Length", str(length)), _NO_SNIFFING


def allow() -> tuple[str, str]:
    """The header that names the methods of the service."""
    return "Allow", ", ".join(METHODS)
