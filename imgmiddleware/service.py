"""ImageService: the order of the steps from a request to an answer, and nothing of the steps.

Cheap answers come before dear ones: what the text alone refuses costs no I/O, what the header or a
validator decides costs no decode. This is the one place that makes an answer of an `ImageError`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from imgmiddleware import answers
from imgmiddleware.cache import (
    Holding,
    Recent,
    original_tag,
    picture_key,
    version_token,
)
from imgmiddleware.errors import ImageError
from imgmiddleware.grammar import Asked, QueryGrammar, parse_id
from imgmiddleware.guards import check_bytes, check_facts, planned
from imgmiddleware.http.accept import named
from imgmiddleware.http.conditionals import evaluate
from imgmiddleware.imaging import Plan, engine
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations import Output, OwnStep, Page
from imgmiddleware.operations.output import MEDIA_TYPES
from imgmiddleware.pictures import Job, Pictures
from imgmiddleware.probe import Facts, array_facts, read_facts
from imgmiddleware.recall import Recall, Seen
from imgmiddleware.results import Picture
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, Opened, Original, SourceLike, as_source
from imgmiddleware.transform import Transform

_log = logging.getLogger("imgmiddleware")

#: Headers of originals that are remembered: a few hundred bytes each.
_MOST_FACTS = 4096

#: Looks for a picture by its key and its original's tag.
Find = Callable[[str, str], Picture | None]


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Work:
    """An answer that needs pixels. It holds its original open: `run` it, or `close` it."""

    service: ImageService
    request: ImageRequest
    seen: Seen
    job: Job
    opened: ExitStack

    def run(self, gone: Callable[[], bool] = _never) -> ImageResponse:
        """Render, when a slot is free. Raises `ClientGoneError` if `gone()` before that."""
        return self.service.run(self, gone)

    def close(self) -> None:
        """Let go of the original, of work that nobody wants any more."""
        self.opened.close()


class ImageService:
    """Pictures of a source's originals, as HTTP answers: `(source, **options)`.

    `source` is a directory, a function `id -> path | bytes | numpy array | None`, or a `Source`;
    the options are those of `Settings`. Safe to use from any number of threads. Raises `ValueError`
    or `TypeError` that names an option which is wrong.
    """

    def __init__(self, source: SourceLike, **options: Any) -> None:
        self.settings = Settings(**options)
        self.prefix = self.settings.prefix
        self._source = as_source(source, self.settings)
        self._grammar = QueryGrammar(self.settings)
        self._facts: Recent[tuple[str, str, int], Facts] = Recent(_MOST_FACTS)
        self._recall = Recall(self.settings)
        self._pictures = Pictures(self.settings)

    def handle(
        self, request: ImageRequest, gone: Callable[[], bool] = _never
    ) -> ImageResponse | None:
        """The answer; None where the request is to go on to the application (`missing="pass"`)."""
        answer = self.answer(request)
        return answer.run(gone) if isinstance(answer, Work) else answer

    def ready(self, request: ImageRequest) -> ImageResponse | None:
        """The answer where it takes no pixels and no file, as event loops may give it themselves.

        That is for what was asked for within `recheck` seconds and is in memory; None for all else.
        """
        return self._recalled(request, self._pictures.held)

    def answer(self, request: ImageRequest) -> ImageResponse | Work | None:
        """Everything that needs no pixels: a refusal, a 304, or the `Work` that is left."""
        recalled = self._recalled(request, self._pictures.found)
        if recalled is not None:
            return recalled
        passes = self.settings.missing == "pass"
        id, asked = "", None
        with ExitStack() as opened:
            try:
                id = parse_id(request.path, self.prefix, self.settings.id_type)
                self._authorize(request)
                # Whatever its method and query, a path of which we have no original is not ours.
                original = self._opened(id, opened) if passes else None
                if passes and original is None:
                    return None
                if request.method == "OPTIONS":
                    return answers.options()
                asked = self._asked(request)
                if original is None:
                    original = self._opened(id, opened)
                if original is None:
                    raise ImageError("not-found", "there is no original of this ID")
                answer = self._decided(request, id, original, asked)
            except ImageError as error:
                if passes and not id:
                    return None
                return self._refused(request, id, asked, error)
            if isinstance(answer, ImageResponse):
                return self._sent(request, asked, answer)
            work = Work(self, request, *answer, opened.pop_all())
            return self._stand_in(work) or work

    def run(self, work: Work, gone: Callable[[], bool]) -> ImageResponse:
        """What `Work.run` does."""
        try:
            with work.opened:
                picture = self._pictures.make(work.job, gone)
        except ImageError as error:
            self._recall.note_failure(_page(work.job.id, work.job.version, work.seen.asked), error)
            return self._refused(work.request, work.job.id, work.seen.asked, error)
        self._recall.note_shown(work.request, work.seen)
        return self._sent(work.request, work.seen.asked, _shown(picture, work.seen.validators))

    def url(self, id: str | int, *, mount: str = "", **parameters: object) -> str:
        """A link to a picture: `url("cat.jpg", w=800)` is `/image/cat.jpg?w=800&v=...`.

        `v` is the token of the original's present version, which lets browsers keep the picture for
        good; it is left out where there is no such original. `mount` is the path under which the
        application is mounted. Raises `ImageError` for parameters that would be refused.
        """
        query = {name: _spelled(value) for name, value in parameters.items()}
        self._grammar.parse(urlencode(query))
        id = parse_id(f"{self.prefix}{id}", self.prefix, self.settings.id_type)
        original = self._source.open(id)
        if original is not None:
            with original:
                query["v"] = version_token(self.settings.namespace, id, original.version)
        path = f"{mount.rstrip('/')}{self.prefix}{id}"
        return quote(path) + (f"?{urlencode(query, safe=',')}" if query else "")

    def purge(self, id: str | int) -> int:
        """Forget all pictures of an original, in memory and on disk; how many there were.

        Processes that share `cache_dir` forget them within `recheck` seconds. A new version of an
        original needs none of this: it has keys of its own. Raises `ImageError` for what is no ID.
        """
        id = parse_id(f"{self.prefix}{id}", self.prefix, self.settings.id_type)
        self._recall.forget()
        return self._pictures.purge(self._tag(id))

    def holding(self) -> dict[str, Holding]:
        """What is held in "memory", "decoded" and, with `cache_dir`, on "disk"."""
        return self._pictures.holding()

    def _tag(self, id: str) -> str:
        return original_tag(self.settings.namespace, id)

    def _authorize(self, request: ImageRequest) -> None:
        if self.settings.authorize is not None and not self.settings.authorize(request):
            raise ImageError("forbidden", "this original is not for you")

    def _asked(self, request: ImageRequest) -> Asked:
        if request.method not in answers.METHODS:
            method = request.method[:20]
            raise ImageError("method-not-allowed", f"{method!r} is not answered here")
        return self._grammar.parse(request.query)

    def _decided(
        self, request: ImageRequest, id: str, original: Opened, asked: Asked
    ) -> ImageResponse | tuple[Seen, Job]:
        """What the header and the validators decide: an answer, or all that rendering needs."""
        settings = self.settings
        page = _page(id, original.version, asked)
        self._recall.check_failure(page)
        facts = self._facts_of(original, page)
        accepted = self._accepted(request) if self._negotiates(asked) else ()
        plan = planned(facts, asked.transform, accepted, settings)
        versions = [(id, original.version)]
        canonical, parts = asked.transform.canonical, _parts(asked.transform, plan)
        key = picture_key(settings.namespace, versions, canonical, accepted, parts)
        token = version_token(settings.namespace, id, original.version)
        validators = answers.validators(
            key, original.last_modified, settings, immutable=asked.version == token
        )
        tag = self._tag(id)
        seen = Seen(asked, key, tag, original.last_modified, validators)
        self._recall.note(request, seen)
        answer = _without_pixels(request, seen, self._pictures.found)
        if answer is not None:
            self._recall.note_shown(request, seen)
            return answer
        replan = partial(planned, facts, asked.transform, accepted, settings)
        job = Job(key, tag, id, original.version, _renderable(original), facts, plan, replan)
        return seen, job

    def _recalled(self, request: ImageRequest, find: Find) -> ImageResponse | None:
        """The answer to what was seen a moment ago, if there is one without pixels."""
        seen = self._recall.seen(request)
        if seen is None:
            return None
        try:
            answer = _without_pixels(request, seen, find)
        except ImageError as error:
            id = request.path.removeprefix(self.prefix)
            return self._refused(request, id, seen.asked, error)
        return None if answer is None else self._sent(request, seen.asked, answer)

    def _stand_in(self, work: Work) -> ImageResponse | None:
        """The picture of the version before, where the options allow it; ours is made meanwhile."""
        old = self._recall.instead_of(work.request, work.seen)
        if old is None:
            return None
        old = replace(old, validators=answers.stale(old.validators))
        try:
            answer = _without_pixels(work.request, old, self._pictures.found)
        except ImageError:
            return None
        if answer is not None:
            self._make_meanwhile(work)
            return self._sent(work.request, old.asked, answer)
        return None

    def _make_meanwhile(self, work: Work) -> None:
        if self._pictures.is_making(work.job.key):
            work.close()
        else:
            threading.Thread(target=work.run, name="imgmiddleware", daemon=True).start()

    def _negotiates(self, asked: Asked) -> bool:
        return bool(self.settings.formats) and asked.transform.get(Output).negotiates

    def _accepted(self, request: ImageRequest) -> tuple[str, ...]:
        """The formats, of those that are offered, that this request's Accept names."""
        offered = {MEDIA_TYPES[name]: name for name in self.settings.formats}
        return tuple(offered[kind] for kind in named(request.headers.get("accept"), offered))

    def _opened(self, id: str, stack: ExitStack) -> Opened | None:
        original = self._source.open(id)
        if original is not None:
            stack.enter_context(original)
        return original

    def _facts_of(self, original: Opened, page: tuple[str, str, int]) -> Facts:
        try:
            check_bytes(original.size, self.settings)
            facts = self._facts.get(page, lambda: self._probed(original, page[2]))
            check_facts(facts, self.settings)
        except ImageError as error:
            self._recall.note_failure(page, error)
            raise
        return facts

    def _probed(self, original: Opened, page: int) -> Facts:
        renderable = _renderable(original)
        if isinstance(renderable, ArrayOriginal):
            return array_facts(renderable)
        return read_facts(renderable, self.settings.original_formats, page)

    def _refused(
        self, request: ImageRequest, id: str, asked: Asked | None, error: ImageError
    ) -> ImageResponse:
        # What is wrong with a request is its sender's news; with an original, the operator's.
        level = logging.INFO if error.status < 413 else logging.WARNING
        line = "refused id=%r status=%d code=%s: %s"
        _log.log(level, line, id, error.status, error.code, error.detail)
        return self._sent(request, asked, answers.refusal(error))

    def _sent(
        self, request: ImageRequest, asked: Asked | None, response: ImageResponse
    ) -> ImageResponse:
        """With `Vary` once it is known that the answer depends on Accept, and as HEAD asks."""
        if asked is not None and self._negotiates(asked):
            response = answers.varying(response)
        return answers.handed_over(answers.sent(request, response), self.settings)


def as_service(source: SourceLike | ImageService, options: dict[str, Any]) -> ImageService:
    """The service that was given, or one made of the source and the options."""
    if not isinstance(source, ImageService):
        return ImageService(source, **options)
    if options:
        raise TypeError(f"an ImageService has its own options; not also {', '.join(options)}")
    return source


def _without_pixels(request: ImageRequest, seen: Seen, find: Find) -> ImageResponse | None:
    """What the preconditions and a cache decide. Raises 412 `precondition-failed`."""
    status = evaluate(request.headers, f'"{seen.key}"', seen.last_modified)
    if status == 304:
        return answers.not_modified(seen.validators)
    if status == 412:
        raise ImageError("precondition-failed", "the picture is not the one you named")
    picture = find(seen.key, seen.tag)
    return None if picture is None else _shown(picture, seen.validators)


def _shown(picture: Picture, validators: answers.Headers) -> ImageResponse:
    return answers.picture(picture.media_type, picture.body, picture.notes, validators)


def _page(id: str, version: str, asked: Asked) -> tuple[str, str, int]:
    """Which page of which version of an original is meant; pages count from 0 here."""
    return id, version, asked.transform.get(Page).page - 1


def _renderable(original: Opened) -> Original | ArrayOriginal:
    if isinstance(original, ArrayOriginal | Original):
        return original
    raise TypeError(f"a source's `open` returns an Original or None; not {type(original).__name__}")


def _parts(transform: Transform, plan: Plan) -> str:
    """What renders this: the engine, and the versions of the application's own operations.

    And of what could move whether it does, which the settings' limits decide.
    """
    own = (step.key for step in transform.steps if isinstance(step, OwnStep))
    frames = (f"frames/{plan.frames}",) if plan.frames > 1 else ()
    return " ".join((engine(), *own, *frames))


def _spelled(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
