"""Answers that take no pixels: the preconditions and a cache decide about a known key."""

from collections.abc import Callable
from dataclasses import replace

from imgmiddleware.cache.store import Tags
from imgmiddleware.errors import ImageError
from imgmiddleware.http.conditionals import evaluate
from imgmiddleware.messages import ImageRequest, ImageResponse, Result
from imgmiddleware.service import answers, timing
from imgmiddleware.service.recall import Seen
from imgmiddleware.settings import Settings

Find = Callable[[str, Tags], Result | None]
"""Looks for a result by its key and the tags of its originals."""


def without_pixels(request: ImageRequest, seen: Seen, find: Find) -> ImageResponse | None:
    """A 304, a cached picture, or None. Raises 412 `precondition-failed`, and 416."""
    status = evaluate(request.headers, f'"{seen.key}"', seen.last_modified)
    if status == 304:
        return answers.not_modified(seen.validators)
    if status == 412:
        raise ImageError("precondition-failed", "the picture is not the one you named")
    with timing.step("cache"):
        result = find(seen.key, seen.tags)
    return None if result is None else shown(request, seen, result)


def shown(request: ImageRequest, seen: Seen, result: Result) -> ImageResponse:
    """The result as an answer, or the part of it that Range asks for. Raises `ImageError` (416)."""
    return answers.picture(request, result, seen.asked, shared=seen.validators)


def is_cut_off(error: ImageError) -> bool:
    """Whether the source fails, hangs or is overloaded, so that nobody knows whether the original
    has changed.

    A cache may then show the picture that it has (RFC 9111, section 4.2.4).
    """
    return error.code in ("source-unavailable", "busy")


def stale(
    request: ImageRequest, seen: Seen | None, find: Find, settings: Settings
) -> ImageResponse | None:
    """The same for a picture that may be outdated, with headers that make caches ask again next
    time.

    None where there is no such picture, or where a condition of the request fails.
    """
    if seen is None:
        return None
    seen = replace(seen, validators=answers.stale(seen.validators))
    try:
        answer = without_pixels(request, seen, find)
    except ImageError:
        return None
    return None if answer is None else answers.sent(request, answer, settings, seen.asked)
