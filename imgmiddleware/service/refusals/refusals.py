"""Refusals: the answers instead of a picture, and their lines in the log."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from imgmiddleware.cache.key import original_tag
from imgmiddleware.errors import ImageError
from imgmiddleware.errors.lines import in_one_line
from imgmiddleware.grammar.query import Asked, QueryGrammar
from imgmiddleware.http.destination import is_for_a_picture
from imgmiddleware.http.problem import MEDIA_TYPE, problem
from imgmiddleware.http.ranges import unsatisfied_range
from imgmiddleware.messages import ImageRequest, ImageResponse, Result
from imgmiddleware.operations.output import Output
from imgmiddleware.service import answers, timing
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.overlays import Overlays
from imgmiddleware.service.pictures import Pictures
from imgmiddleware.service.refusals import debug_image
from imgmiddleware.service.refusals.fallback import Fallback
from imgmiddleware.service.refusals.remains import DAMAGED, Remains, is_for
from imgmiddleware.service.work import Work
from imgmiddleware.settings import Settings

_log = logging.getLogger("imgmiddleware")

#: Seconds after which a client may ask again for an original that changed while it was read.
_RETRY_AFTER = "1"

#: There is no original, or it is over a limit, of no opened format, or damaged.
_OF_THE_ORIGINAL = frozenset({404, 413, 415, 422})

#: An SVG may have scripts and load other files; this one does neither, and the header makes sure of
#: it.
_NOTHING_ELSE = ("Content-Security-Policy", "default-src 'none'; sandbox")


class Refusals:
    """The answers of one service instead of pictures, and its fallback if it has one."""

    def __init__(
        self,
        settings: Settings,
        grammar: QueryGrammar,
        pictures: Pictures,
        originals: Originals,
        overlays: Overlays,
    ) -> None:
        """Raises `ValueError` where the fallback cannot be shown itself."""
        self._settings = settings
        self._grammar = grammar
        self._pictures = pictures
        self._fallback = None if settings.fallback is None else Fallback(settings)
        shows = settings.damaged == "show"
        self._remains = Remains(settings, originals, overlays, pictures) if shows else None

    def said(
        self, request: ImageRequest, id: str, asked: Asked | None, error: ImageError
    ) -> ImageResponse:
        """The answer that names the error, which is logged too."""
        error = _told(id, asked, error)
        return self._document(request, asked, error)

    def answer(
        self, request: ImageRequest, id: str, asked: Asked | None, error: ImageError
    ) -> ImageResponse | Work:
        """The same; or the intact part of the original, or the fallback, if there is one."""
        error = _told(id, asked, error)
        without = partial(self._without, request, id, asked, error)
        if self._remains and asked and is_for(asked, error) and request.method in ("GET", "HEAD"):
            return self._rest(self._remains, request, id, asked, without)
        return without()

    def _rest(
        self,
        remains: Remains,
        request: ImageRequest,
        id: str,
        asked: Asked,
        without: Callable[[], ImageResponse | Work],
    ) -> ImageResponse | Work:
        """The intact part, if there is one; otherwise the answer without it."""

        def shown(result: Result) -> ImageResponse:
            response = answers.rest(request, result, self._settings, asked, DAMAGED)
            return answers.sent(request, response, self._settings, asked)

        era = self._pictures.results.era()
        with ExitStack() as opened:
            try:
                job = remains.job(id, asked, era, opened)
            except ImageError:
                return without()
            if job is None:
                return without()
            kept = self._pictures.results.read(job.key, job.tags)
            if kept is not None:
                return shown(kept)
            return Work(self._pictures, job, opened.pop_all(), shown, lambda error: without())

    def _without(
        self, request: ImageRequest, id: str, asked: Asked | None, error: ImageError
    ) -> ImageResponse | Work:
        """The fallback, or the answer that names the error."""
        said = partial(self._document, request, asked, error)
        meant = self._fallback and self._meant(request, asked, error)
        if not self._fallback or not meant:
            return said()
        shown = partial(self._shown, request, id, meant, error)
        era = self._pictures.results.era()
        with ExitStack() as opened:
            try:
                job = self._fallback.job(meant, era, opened)
            except (ImageError, OSError) as own:
                return _failed(said, own)
            kept = self._pictures.results.read(job.key, job.tags)
            if kept is not None:
                return shown(kept)
            return Work(self._pictures, job, opened.pop_all(), shown, partial(_failed, said))

    def _meant(self, request: ImageRequest, asked: Asked | None, error: ImageError) -> Asked | None:
        """The request as it applies to the fallback; None where it does not stand in."""
        if error.status not in _OF_THE_ORIGINAL or request.method not in ("GET", "HEAD"):
            return None
        if asked and asked.named:  # a viewer would show it as a tile, or read it as a description
            return None
        if self._settings.debug_images and is_for_a_picture(request.headers):
            return None
        try:
            # A path that has no ID is refused before its query is read.
            meant = asked or self._grammar.parse(request.query, request.headers)
        except ImageError:
            return None
        # The description of an original would be wrong for another.
        return None if meant.transform.get(Output).tells else meant

    def _shown(
        self, request: ImageRequest, id: str, asked: Asked, error: ImageError, result: Result
    ) -> ImageResponse:
        tags = (original_tag(self._settings.namespace, id),) if id else ()
        response = answers.stand_in(error.status, result, self._settings, tags)
        return answers.sent(request, response, self._settings, asked)

    def _document(
        self, request: ImageRequest, asked: Asked | None, error: ImageError
    ) -> ImageResponse:
        return answers.sent(
            request, _refusal(request, error, self._settings), self._settings, asked
        )


def _told(id: str, asked: Asked | None, error: ImageError) -> ImageError:
    """The error in the words of the query; the log has it then."""
    error = error if asked is None else asked.in_its_words(error)
    timing.note_outcome(error.code)
    # The client has to know of a wrong request, the operator of a wrong original.
    ours = error.status >= 413 and error.status != 416
    level = logging.WARNING if ours else logging.INFO
    line = "refused id=%r status=%d code=%s: %s"
    _log.log(level, line, id, error.status, error.code, in_one_line(error.detail))
    return error


def _failed(said: Callable[[], ImageResponse], error: ImageError | OSError) -> ImageResponse:
    """The first refusal, where the fallback cannot be shown either."""
    _log.warning("the fallback cannot be shown: %s", error)
    return said()


def _refusal(request: ImageRequest, error: ImageError, settings: Settings) -> ImageResponse:
    """The document of an error. No cache may keep it: the next request may succeed."""
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
