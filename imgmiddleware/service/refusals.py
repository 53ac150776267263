"""Refusals: what is answered instead of a picture, and what the log says of it."""

import logging

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.query import Asked
from imgmiddleware.http.destination import is_for_a_picture
from imgmiddleware.http.problem import MEDIA_TYPE, problem
from imgmiddleware.http.ranges import unsatisfied_range
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.service import answers, debug_image
from imgmiddleware.settings import Settings

_log = logging.getLogger("imgmiddleware")

#: Seconds after which a client may ask again for an original that changed under our hands.
_RETRY_AFTER = "1"

#: An SVG may hold scripts and load others' files; ours does neither, whoever opens it.
_NOTHING_ELSE = ("Content-Security-Policy", "default-src 'none'; sandbox")


def refused(
    request: ImageRequest, id: str, asked: Asked | None, error: ImageError, settings: Settings
) -> ImageResponse:
    """The answer that says what is wrong, which is logged too."""
    error = error if asked is None else asked.in_its_words(error)
    # A wrong request is for its sender to know, a wrong original for the operator.
    ours = error.status >= 413 and error.status != 416
    level = logging.WARNING if ours else logging.INFO
    line = "refused id=%r status=%d code=%s: %s"
    _log.log(level, line, id, error.status, error.code, error.detail)
    return answers.sent(request, _refusal(request, error, settings), settings, asked)


def _refusal(request: ImageRequest, error: ImageError, settings: Settings) -> ImageResponse:
    """What says so. Nobody may keep it: what is wrong now may be right in a second."""
    media_type, body = MEDIA_TYPE, problem(error.status, error.code, error.detail, error.members)
    headers: answers.Headers = (("Cache-Control", "no-store"),)
    if settings.debug_images and is_for_a_picture(request.headers):
        media_type, body = debug_image.MEDIA_TYPE, debug_image.drawn(error, request)
        headers += (_NOTHING_ELSE,)
    if error.status == 405:
        headers += (answers.allow(),)
    if error.status == 416:
        length = error.members["length"]
        assert isinstance(length, int)
        headers += (("Content-Range", unsatisfied_range(length)),)
    if error.status == 503:
        headers += (("Retry-After", _RETRY_AFTER),)
    return ImageResponse(error.status, (*answers.content(media_type, len(body)), *headers), body)
