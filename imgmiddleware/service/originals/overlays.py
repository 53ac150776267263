"""Overlays: the originals of `mark=`, found, allowed and opened.

A name that the service registers wins. A name that begins with / is an ID of the source. A client
that may not see that original may not have it laid over another one either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Any

from imgmiddleware.errors import ImageError
from imgmiddleware.grammar.path import parse_id
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.messages import ImageRequest
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.transform import Transform
from imgmiddleware.pixels.values import is_array
from imgmiddleware.service.admission.deadline import WaitLimit
from imgmiddleware.service.originals.limits import check_reading, planned
from imgmiddleware.service.originals.originals import Originals, known_kind
from imgmiddleware.service.originals.permission import Permission
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.recall import Recall
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ArrayOriginal, BytesOriginal, FunctionSource, Source, as_source

#: The character in front of a registered name, which makes an ID that no path has: no text of UTF-8
#: decodes to this.
_REGISTERED = "\udc00"


def overlay_id(name: str) -> str:
    """The ID of a registered overlay, by which its results have their keys and tags."""
    return f"{_REGISTERED}{name}"


class Overlays:
    """The overlays of one service."""

    def __init__(
        self,
        settings: Settings,
        originals: Originals,
        recall: Recall,
        limit: WaitLimit,
        permission: Permission,
    ) -> None:
        """Raises `ValueError` where a registered one cannot be shown."""
        self._settings = settings
        self._originals = originals
        self._permission = permission
        registered = Registered(settings)
        self._registered = Originals(registered, settings, recall, limit)
        for name in registered.fixed:
            self._check_shown(name)

    def opened_by(self, originals: Originals, permission: Permission) -> Overlays:
        """The same, but an overlay that is an ID is allowed and opened by these."""
        own = copy(self)
        own._originals, own._permission = originals, permission
        return own

    def id(self, transform: Transform) -> str | None:
        """The ID of the overlay, if there is one. Raises `ImageError` (404) for an invalid ID."""
        mark = transform.get(Mark).mark
        if mark is None:
            return None
        if mark in self._settings.overlays:
            return overlay_id(mark)
        with of_the_mark():
            return self._parsed(mark)

    def check(self, request: ImageRequest, transform: Transform) -> None:
        """Raises `ImageError` (403) where the client may not see the overlay by itself. Raises 400
        where only the application could know: its route has checked the other original alone.
        """
        id = self.id(transform)
        if id is None or _is_registered(id):
            return
        settings = self._settings
        if settings.authorize is None and (settings.private or request.id is not None):
            why = "an ID is for a route to check; here it is the name of an overlay"
            raise ImageError("parameter-not-allowed", f"'mark': {why}", parameter="mark")
        self._permission.check(request, id)

    def probed(
        self,
        transform: Transform,
        opened: ExitStack,
        has_other: Callable[[], object] = lambda: None,
    ) -> Probed | None:
        """The overlay, open until `opened` is left, if the request has one. Raises `ImageError`."""
        id = self.id(transform)
        if id is None:
            return None
        originals = self._of(id)
        with of_the_mark():
            original = originals.open(id, opened, has_other)
            if original is None:
                raise ImageError("not-found", "there is no such original")
            page = (id, original.version, 0, False)
            return Probed(page, original, originals.facts(original, page, opened))

    def version(self, id: str) -> str | None:
        """The newest version; None where there is none, or its source does not answer now."""
        return self._of(id).version(id)

    def _of(self, id: str) -> Originals:
        return self._registered if _is_registered(id) else self._originals

    def _parsed(self, mark: str) -> str:
        settings = self._settings
        return parse_id(f"{settings.prefix}{mark[1:]}", settings.prefix, settings.id_type)

    def _check_shown(self, name: str) -> None:
        """Raises `ValueError` at the start: the operator knows before the first client does."""
        try:
            with ExitStack() as opened:
                probed = self.probed(Transform((Mark(name),)), opened)
                assert probed is not None
                facts, original = probed.facts, known_kind(probed.original)
                plan = planned(facts, Transform(), (), self._settings)
                check_reading(facts, plan, original.size, self._settings)
                decode_original(original, facts, plan)
        except (ImageError, OSError) as error:
            why = error.detail if isinstance(error, ImageError) else error.strerror or error
            raise ValueError(f"overlays[{name!r}]: it cannot be shown: {why}") from error


class Registered:
    """The `Source` of the registered overlays, by their IDs."""

    def __init__(self, settings: Settings) -> None:
        """Raises `ValueError` and `TypeError` that name the wrong overlay."""
        self.fixed: list[str] = []
        """The names of the overlays that never change: all but those of a source."""
        self._sources: dict[str, Source] = {}
        for name, given in settings.overlays.items():
            try:
                self._sources[name] = self._source(name, given, settings)
            except (TypeError, ValueError) as error:
                raise type(error)(f"overlays[{name!r}]: {error}") from error

    def open(self, id: str) -> Any:
        """The newest version of an overlay. Its source is asked by its name."""
        name = id.removeprefix(_REGISTERED)
        return self._sources[name].open(name) if name in self._sources else None

    def _source(self, name: str, given: Any, settings: Settings) -> Source:
        order, version = settings.array_order, settings.file_version
        if _is_source(given):
            around = settings.around
            return as_source(given, array_order=order, file_version=version, around=around)
        self.fixed.append(name)
        if isinstance(given, bytes):
            given = BytesOriginal(given)  # its digest is then made once
        elif is_array(given):
            given = ArrayOriginal(given, order)
        return FunctionSource(lambda name: given, file_version=version)


@contextmanager
def of_the_mark() -> Iterator[None]:
    """Makes an `ImageError` from inside name the overlay."""
    try:
        yield
    except ImageError as error:
        detail = error.detail.replace("with w= or h=", "with mark-w= or mark-h=")
        members = {**error.members, "parameter": "mark"}
        raise ImageError(error.code, f"mark: {detail}", **members) from error


def is_of_the_mark(error: ImageError) -> bool:
    """Whether the error is about the overlay."""
    return error.members.get("parameter") == "mark"


def _is_registered(id: str) -> bool:
    return id.startswith(_REGISTERED)


def _is_source(given: object) -> bool:
    """Whether it is asked for the overlay each time, and so may give another."""
    if isinstance(given, str | bytes) or is_array(given):
        return False
    return callable(given) or callable(getattr(given, "open", None))
