"""The order of the steps from a request to an answer. The steps themselves are elsewhere.

Cheap answers come before dear ones. A request that its text alone refuses costs no I/O. One that
the original's header or a validator decides costs no decode. This is the one place that makes an
answer of an `ImageError`.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Unpack

from imgmiddleware.cache.forks import notice
from imgmiddleware.cache.key import original_tag
from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.path import parse_id
from imgmiddleware.grammar.placed import Told
from imgmiddleware.grammar.query import Asked, QueryGrammar
from imgmiddleware.imaging.engine import load
from imgmiddleware.messages import ImageRequest, ImageResponse, Result
from imgmiddleware.process.interpreter import require_main_interpreter
from imgmiddleware.process.malloc import tune_malloc
from imgmiddleware.service import answers, timing
from imgmiddleware.service.admission.deadline import WaitLimit
from imgmiddleware.service.known import Find, is_cut_off, shown, stale, without_pixels
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Eras
from imgmiddleware.service.meaning import meaning
from imgmiddleware.service.observed import Watch
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.overlays import Overlays, is_of_the_mark
from imgmiddleware.service.originals.permission import Permission
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.pages.candidates import Candidates
from imgmiddleware.service.pages.links import Links
from imgmiddleware.service.pictures import Pictures
from imgmiddleware.service.recall import Recall, Seen
from imgmiddleware.service.refusals.refusals import Refusals
from imgmiddleware.service.sendfile import announce, hands_over
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.service.viewers.viewers import Viewers, not_yet_read
from imgmiddleware.service.work import Work
from imgmiddleware.settings import Options, Settings
from imgmiddleware.sources import Opened, SourceLike, as_source
from imgmiddleware.sources.several import directories, object_sources


class Answering:
    """Answers requests for pictures of a source's originals. Both adapters call it.

    `ImageService` adds the methods that an application's own code calls.
    """

    def __init__(self, source: SourceLike, **options: Unpack[Options]) -> None:
        require_main_interpreter()
        self.settings = Settings(**options)
        """The options, with the defaults of those that were not given."""
        self.prefix = self.settings.prefix
        """Where IDs begin in a path, with a slash at each end."""
        self.source = as_source(
            source,
            id_type=self.settings.id_type,
            array_order=self.settings.array_order,
            unsafe_follow_symlinks=self.settings.unsafe_follow_symlinks,
            file_version=self.settings.file_version,
            around=self.settings.around,
            recheck=self.settings.recheck,
            source_timeout=self.settings.source_timeout,
        )
        """Where originals come from."""
        self._permission = Permission(self.settings)
        self._grammar = QueryGrammar(self.settings)
        restricted = self.settings.presets_only or self.settings.widths
        free = QueryGrammar(self.settings, restricted=False) if restricted else self._grammar
        self._free_grammar = free  # of the application's own code
        self._viewers = Viewers(self.settings)
        self._signatures = Signatures(self.settings)
        self._recall = Recall(self.settings, self._grammar.settled)
        limit = WaitLimit(self.settings.max_waiting)
        self._originals = Originals(self.source, self.settings, self._recall, limit)
        opening = self._originals, self._recall, limit, self._permission
        self._overlays = Overlays(self.settings, *opening)
        known = self._originals, self._overlays
        self._links = Links(self.settings, self._grammar, *known, self._signatures)
        kept = self.settings, self._grammar, self._originals, self._links
        self._candidates = Candidates(*kept)
        self._pictures = Pictures(self.settings, limit, directories(self.source))
        self._watch = Watch(self.settings, self._pictures.gauges)
        self._pictures.keep_blocks_of(object_sources(self.source))
        load(self.settings.opened_formats)
        self._refusals = Refusals(self.settings, self._grammar, self._pictures, *known)
        announce(self.settings)
        if self.settings.tune_malloc:
            tune_malloc()

    def handle(
        self, request: ImageRequest, gone: Callable[[], bool] = lambda: False
    ) -> ImageResponse | None:
        """The answer. None where the request goes on to the application (`missing="pass"`).

        `gone` is called while the request waits: True means that the client has hung up. Then this
        raises `ClientGoneError`, unless rendering has begun.
        """
        answer = self.answer(request)
        return answer.run(gone) if isinstance(answer, Work) else answer

    def ready(self, request: ImageRequest) -> ImageResponse | None:
        """The answer, if it takes neither pixels nor a file, so that an event loop may call this.

        A request has such an answer if it came within the last `recheck` seconds, and its result is
        in memory or was sent as a path. All others get None.
        """
        watch = self._watch
        with timing.measured(timing.Steps() if watch.times_all else None):
            answer = self._recalled(request, self._pictures.results.at_hand)
        if answer is None:
            return None
        body = answer.body
        if not isinstance(body, bytes) and not (request.sends_files and body.whole):
            return None
        if watch.observes:
            watch.tell_recalled(request, answer)
        return answer

    def answer(self, request: ImageRequest) -> ImageResponse | Work | None:
        """The answer, if it takes no pixels (an error, a 304, a cached picture), or the `Work`.

        None as for `handle`.
        """
        results = self._pictures.results
        by_file = request.sends_files or hands_over(request, self.settings)
        find = results.found if by_file else results.found_small
        steps = self._watch.steps(request) if self._watch.measures else None
        with timing.measured(steps):
            answer = self._recalled(request, find) or self._answered(request, find)
            if steps is not None and isinstance(answer, ImageResponse):
                steps.ended(answer)
            return answer

    def _parsed(self, path: str) -> str:
        return parse_id(path, self.prefix, self.settings.id_type)

    def _answered(self, request: ImageRequest, find: Find) -> ImageResponse | Work | None:
        notice()
        passes = self.settings.missing == "pass"
        id, allowed = "", False
        asked: Asked | None = None
        era = self._pictures.results.era()
        with ExitStack() as opened:
            try:
                named = self._viewers.named(request)
                asked = not_yet_read(named) if named else None
                id = self._parsed(f"{self.prefix}{named.id}" if named else request.path)
                if self.settings.authorize and answers.asks_first(request, self.settings):
                    return answers.options(request, self.settings)
                self._permission.check(request, id)
                allowed = True
                # A path without an original goes on, whatever the method and the query.
                original = self._open(request, id, opened, find) if passes else None
                if passes and original is None:
                    return None
                if request.method == "OPTIONS":
                    return answers.options(request, self.settings)
                self._signatures.check(request, id, named)
                asked = self._asked(request, asked)
                self._overlays.check(request, asked.transform)
                if original is None:
                    original = self._open(request, id, opened, find)
                if original is None:
                    raise ImageError("not-found", "there is no original of this ID")
                answer = self._decided(request, id, original, asked, opened, era=era, find=find)
            except ImageError as error:
                if passes and not id:
                    return None
                last = self._last_seen(request) if allowed and is_cut_off(error) else None
                return self._stale(request, last, find) or self._refusals.answer(
                    request, id, asked, error
                )
            if isinstance(answer, ImageResponse):
                return answers.sent(request, answer, self.settings, asked)
            seen, job = answer
            ends = partial(self._shown, request, seen), partial(self._failed, request, seen)
            work = Work(self._pictures, job, opened.pop_all(), *ends)
            return self._stand_in(work, request, seen, job, find) or work

    def _shown(self, request: ImageRequest, seen: Seen, result: Result) -> ImageResponse:
        self._recall.note_shown(request, seen)
        answer = shown(request, seen, result)
        return answers.sent(request, answer, self.settings, seen.asked)

    def _failed(self, request: ImageRequest, seen: Seen, error: ImageError) -> ImageResponse | Work:
        if not is_of_the_mark(error):
            self._recall.note_failure(seen.page, error)
        elif isinstance(error.__cause__, ImageError):  # the refusal of the overlay, raised here
            self._recall.note_failure(seen.others[0], error.__cause__)
        return self._refusals.answer(request, seen.page[0], seen.asked, error)

    def _open(self, request: ImageRequest, id: str, opened: ExitStack, find: Find) -> Opened | None:
        return self._originals.open(id, opened, partial(self._has_other, request, find))

    def _has_other(self, request: ImageRequest, find: Find) -> bool:
        """Whether there is another answer if the source gives none."""
        other = stale(request, self._last_seen(request), find, self.settings)
        if other is not None:
            other.close()
        return other is not None

    def _last_seen(self, request: ImageRequest) -> Seen | None:
        """The last meaning of the request, if its client may see all originals in it."""
        seen = self._recall.last_seen(request)
        if seen is not None and seen.others:
            try:
                self._overlays.check(request, seen.asked.transform)
            except ImageError:
                return None
        return seen

    def _asked(self, request: ImageRequest, asked: Asked | None) -> Asked:
        if request.method not in answers.METHODS:
            method = request.method[:20]
            raise ImageError("method-not-allowed", f"this service does not answer {method!r}")
        if asked:
            return asked
        asked = self._grammar.parse(request.query, request.headers)
        if not self.settings.iiif or request.query or "Accept" in asked.varies:
            return asked
        return replace(asked, varies=("Accept", *asked.varies))  # to JSON, we would say 303

    def _decided(
        self,
        request: ImageRequest,
        id: str,
        original: Opened,
        asked: Asked,
        opened: ExitStack,
        *,
        era: Eras,
        find: Find,
    ) -> ImageResponse | tuple[Seen, Job]:
        """The decision of the header and the validators: an answer, or all that rendering needs."""
        settings = self.settings
        page = (id, original.version, asked.page, asked.moves)
        facts = self._originals.facts(original, page, opened)
        extra: answers.Headers = ()
        if asked.named:
            named, asks = asked.named, asked.named.asks
            if isinstance(asks, Told):
                timing.note_tier("none")
                tag = original_tag(settings.namespace, id)
                return self._viewers.told(request, named, asks, facts, tag)
            asked, extra = self._viewers.asked(request, named, asked, asks, facts)
        probed = Probed(page, original, facts)
        has_other = partial(self._has_other, request, find)
        overlay = self._overlays.probed(asked.transform, opened, has_other)
        seen, job = meaning(asked, probed, overlay, era, settings, extra=extra)
        self._recall.note(request, seen)
        answer = without_pixels(request, seen, find)
        if answer is not None:
            self._recall.note_shown(request, seen)
            return answer
        return seen, job

    def _recalled(self, request: ImageRequest, find: Find) -> ImageResponse | None:
        """The answer to a request that was seen a moment ago, if it takes no pixels."""
        seen = self._recall.seen(request)
        if seen is None:
            return None
        try:
            answer = without_pixels(request, seen, find)
        except ImageError as error:
            return self._refusals.said(request, seen.page[0], seen.asked, error)
        return None if answer is None else answers.sent(request, answer, self.settings, seen.asked)

    def _stand_in(
        self, work: Work, request: ImageRequest, seen: Seen, job: Job, find: Find
    ) -> ImageResponse | None:
        """The picture of the version before, if the options allow it; the new one is made later."""
        answer = self._stale(request, self._recall.instead_of(request, seen), find)
        if answer is not None:
            later = work.measured(self._watch.meanwhile(request))
            if not self._pictures.make_meanwhile(job, later.run):
                work.close()
        return answer

    def _stale(self, request: ImageRequest, seen: Seen | None, find: Find) -> ImageResponse | None:
        answer = stale(request, seen, find, self.settings)
        if answer is not None:
            timing.note_outcome("stale")
        return answer
