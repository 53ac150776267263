"""ImageService: the order of the steps from a request to an answer, and nothing of the steps.

Cheap answers come before dear ones: what the text alone refuses costs no I/O, what the header or a
validator decides costs no decode. This is the one place that makes an answer of an `ImageError`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from imgmiddleware import answers
from imgmiddleware.cache import Recent, picture_key, version_token
from imgmiddleware.errors import ImageError
from imgmiddleware.grammar import Asked, QueryGrammar, parse_id
from imgmiddleware.guards import check_bytes, check_facts, planned
from imgmiddleware.http.accept import named
from imgmiddleware.http.conditionals import evaluate
from imgmiddleware.imaging import Plan, engine
from imgmiddleware.messages import ImageRequest, ImageResponse
from imgmiddleware.operations import Output, OwnStep, Page
from imgmiddleware.operations.output import MEDIA_TYPES
from imgmiddleware.pictures import Job, Picture, Pictures
from imgmiddleware.probe import Facts, array_facts, read_facts
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, Opened, Original, SourceLike, as_source
from imgmiddleware.transform import Transform

_log = logging.getLogger("imgmiddleware")

#: Headers of originals that are remembered: a few hundred bytes each.
_MOST_FACTS = 4096


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Work:
    """An answer that needs pixels. It holds its original open: `run` it, or `close` it."""

    service: ImageService
    request: ImageRequest
    asked: Asked
    job: Job
    validators: answers.Headers
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
        self._pictures = Pictures(self.settings)

    def handle(
        self, request: ImageRequest, gone: Callable[[], bool] = _never
    ) -> ImageResponse | None:
        """The answer; None where the request is to go on to the application (`missing="pass"`)."""
        answer = self.answer(request)
        return answer.run(gone) if isinstance(answer, Work) else answer

    def answer(self, request: ImageRequest) -> ImageResponse | Work | None:
        """Everything that needs no pixels: a refusal, a 304, or the `Work` that is left."""
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
            return Work(self, request, asked, *answer, opened.pop_all())

    def run(self, work: Work, gone: Callable[[], bool]) -> ImageResponse:
        """What `Work.run` does."""
        try:
            with work.opened:
                picture = self._pictures.make(work.job, gone)
        except ImageError as error:
            return self._refused(work.request, work.job.id, work.asked, error)
        return self._sent(work.request, work.asked, _shown(picture, work.validators))

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
    ) -> ImageResponse | tuple[Job, answers.Headers]:
        """What the header and the validators decide: an answer, or all that rendering needs."""
        settings = self.settings
        facts = self._facts_of(id, original, asked.transform.get(Page).page - 1)
        accepted = self._accepted(request) if self._negotiates(asked) else ()
        plan = planned(facts, asked.transform, accepted, settings)
        failure = self._pictures.failure(id, original.version, plan.frame)
        if failure is not None:
            raise failure.again()
        versions = [(id, original.version)]
        canonical, parts = asked.transform.canonical, _parts(asked.transform, plan)
        key = picture_key(settings.namespace, versions, canonical, accepted, parts)
        token = version_token(settings.namespace, id, original.version)
        validators = answers.validators(
            key, original.last_modified, settings, immutable=asked.version == token
        )
        status = evaluate(request.headers, f'"{key}"', original.last_modified)
        if status == 304:
            return answers.not_modified(validators)
        if status == 412:
            raise ImageError("precondition-failed", "the picture is not the one you named")
        found = self._pictures.find(key)
        if found is not None:
            return _shown(found, validators)
        replan = partial(planned, facts, asked.transform, accepted, settings)
        job = Job(key, id, original.version, _renderable(original), facts, plan, replan)
        return job, validators

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

    def _facts_of(self, id: str, original: Opened, page: int) -> Facts:
        check_bytes(original.size, self.settings)
        facts = self._facts.get((id, original.version, page), lambda: self._probed(original, page))
        check_facts(facts, self.settings)
        return facts

    def _probed(self, original: Opened, page: int) -> Facts:
        renderable = _renderable(original)
        if isinstance(renderable, ArrayOriginal):
            return array_facts(renderable)
        return read_facts(renderable, self.settings.opened_formats, page)

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
        return answers.sent(request, response)


def as_service(source: SourceLike | ImageService, options: dict[str, Any]) -> ImageService:
    """The service that was given, or one made of the source and the options."""
    if not isinstance(source, ImageService):
        return ImageService(source, **options)
    if options:
        raise TypeError(f"an ImageService has its own options; not also {', '.join(options)}")
    return source


def _shown(picture: Picture, validators: answers.Headers) -> ImageResponse:
    return answers.picture(picture.media_type, picture.body, picture.notes, validators)


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
