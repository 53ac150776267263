"""The meaning of each request a moment ago, so that the next one costs neither a parse nor a file.

For `recheck` seconds the version that was seen of an original counts as the newest. After that its
picture is shown only where the source does not answer. For `serve_stale` seconds the picture of the
version before may stand in, while the new one is made. For `remember_errors` seconds a version that
was refused is refused again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from imgmiddleware.cache.store import Tags
from imgmiddleware.cache.superseded import Superseded
from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.lenient import Settled
from imgmiddleware.grammar.query import Asked
from imgmiddleware.http.hints import FIELDS
from imgmiddleware.messages import ImageRequest
from imgmiddleware.service.answers import Headers
from imgmiddleware.settings import Settings

#: The number of requests that are remembered, a few hundred bytes each, and the longest text of
#: one.
_MOST, _LONGEST = 4096, 1024

#: Too large, of no opened format, damaged: this holds until the version changes.
_OF_THE_ORIGINAL = frozenset({413, 415, 422})

#: Path with its mount, query, Accept and hints. With the version of the original they determine the
#: key and the headers of the result.
_Question = tuple[str, str, tuple[str | None, ...]]


#: ID and version of an original, its page (from 0), and whether all its frames are asked for. If a
#: later frame is damaged, the first can still be shown.
PageOf = tuple[str, str, int, bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """The meaning of a request: the key of its result, and the headers beside it."""

    asked: Asked
    page: PageOf
    tags: Tags  # of all originals in the result, whatever their versions
    key: str
    last_modified: int | None
    validators: Headers
    others: tuple[PageOf, ...] = ()  # the overlay's page


class Recall:
    """The memory of one service."""

    def __init__(
        self, settings: Settings, settled: Callable[[str], Settled | None] = lambda query: None
    ) -> None:
        """`settled` tells which parameters of a query count, where some are ignored."""
        lenient = settings.unknown == "ignore" and not settings.signs
        self._settled = settled if lenient else None
        self._open_to_all = settings.authorize is None
        hints = (name for hint in settings.client_hints for name in FIELDS[hint])
        self._fields = ("accept", *(name.lower() for name in hints))
        self._seen: TtlCache[_Question, Seen] = TtlCache(_MOST, settings.recheck)
        self._newest: TtlCache[str, str] = TtlCache(_MOST, settings.recheck)
        self._failures: TtlCache[PageOf, ImageError] = TtlCache(_MOST, settings.remember_errors)
        self._superseded: Superseded[_Question, Seen] = Superseded(_MOST, settings.serve_stale)

    def note(self, request: ImageRequest, seen: Seen) -> None:
        """Remember the meaning of this request while its original stays the same.

        A link that ends is not remembered. It is checked each time, as the time for which caches
        may keep its picture changes.
        """
        for id, version, *_ in (seen.page, *seen.others):
            self.note_version(id, version)
        question = self._question(request) if seen.asked.expires is None else None
        if question is not None and _is_short(question):
            self._seen.put(question, seen)

    def note_version(self, id: str, version: str | None) -> None:
        """Remember the newest version of an original; None: there is no such original."""
        if version is None:
            self._newest.forget(id)
        else:
            self._newest.put(id, version)

    def seen(self, request: ImageRequest) -> Seen | None:
        """The meaning of a request that came a moment ago. None if an original was refused since,
        or if the client has to be authorized.
        """
        question = self._question(request) if self._open_to_all else None
        seen = None if question is None else self._seen.get(question)
        if seen is None or self._failures.get(seen.page):
            return None
        if seen.others and any(map(self._failures.get, seen.others)):
            return None
        return self._noted(request, seen) if self._settled else seen

    def last_seen(self, request: ImageRequest) -> Seen | None:
        """The last meaning of a request, however old, unless a newer version of an original is
        known.

        The caller makes sure that the client may see all its originals.
        """
        question = self._question(request)
        seen = None if question is None else self._seen.last(question)
        if seen is None:
            return None
        for page in (seen.page, *seen.others):
            if self._failures.get(page) or self._newest.last(page[0]) != page[1]:
                return None
        return self._noted(request, seen)

    def note_shown(self, request: ImageRequest, seen: Seen) -> None:
        """Remember a meaning whose result was answered, not only asked for."""
        question = self._question(request) if seen.asked.expires is None else None
        if question is not None and _is_short(question):
            self._superseded.put(question, seen)

    def instead_of(self, request: ImageRequest, seen: Seen) -> Seen | None:
        """The picture before this result, which has yet to be made; None if it is too old."""
        question = self._question(request)
        other = None if question is None else self._superseded.instead_of(question, seen)
        return None if other is None else self._noted(request, other)

    def note_failure(self, page: PageOf, error: ImageError) -> None:
        """Remember the refusal of an original: a hostile one is not decoded over and over."""
        if error.status in _OF_THE_ORIGINAL:
            self._failures.put(page, error)

    def check_failure(self, page: PageOf) -> None:
        """Raises the refusal of this version of an original, if there was one a moment ago."""
        error = self._failures.get(page)
        if error is not None:
            raise error.again()

    def forget(self) -> None:
        """Ask the source for the version of every original again."""
        self._seen.clear()

    def _question(self, request: ImageRequest) -> _Question | None:
        if request.method not in ("GET", "HEAD"):
            return None
        headers = request.headers
        # Where a route gives the ID, the same path may mean another original; no path begins with a
        # NUL.
        path = request.path if request.id is None else f"\0{request.path}"
        path = f"{request.mount}\0{path}" if request.mount else path  # IIIF's links have it
        query = request.query
        if self._settled and (settled := self._said(query)):
            query = settled.query  # queries that differ in ignored parameters are one
        return path, query, tuple(map(headers.get, self._fields))

    def _noted(self, request: ImageRequest, seen: Seen) -> Seen:
        """The meaning with this query's notes; the remembered query may differ in these."""
        settled = self._said(request.query)
        if settled is None or settled.notes == seen.asked.notes:
            return seen
        return replace(seen, asked=replace(seen.asked, notes=settled.notes))

    def _said(self, query: str) -> Settled | None:
        try:
            return self._settled(query) if self._settled else None
        except ImageError:
            return None


def _is_short(question: _Question) -> bool:
    path, query, fields = question
    return len(path) + len(query) + sum(len(field or "") for field in fields) <= _LONGEST
