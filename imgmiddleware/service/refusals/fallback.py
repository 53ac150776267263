"""The fallback: an original that stands in for originals that are missing, or cannot be shown.

It is rendered as the query asks, through the slots and caches of all results. The status stays that
of the refusal, so the answer has no part of a 200. It has no validators and no ranges (RFC 9110,
sections 13.2.1 and 14.2), and no name to save it under.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from imgmiddleware.cache.key import original_tag, picture_key
from imgmiddleware.cache.lru import LruCache
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.grammar.query import Asked
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.orient import Orient
from imgmiddleware.operations.page import Page
from imgmiddleware.operations.redact import Redact
from imgmiddleware.operations.region import Region
from imgmiddleware.operations.transform import Operation, Transform
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.results import Eras
from imgmiddleware.service.originals.limits import check_bytes, check_facts, check_reading, planned
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.settings import Settings
from imgmiddleware.sources import BytesOriginal
from imgmiddleware.sources.file import FileOriginal, open_path
from imgmiddleware.sources.paths import encoded

_log = logging.getLogger("imgmiddleware")

#: No path has this ID, so no result of the fallback is ever found as another original's.
_ID = ""

#: The number of headers that are remembered: of this version, and of some before.
_MOST_FACTS = 4


class Fallback:
    """The original of `fallback=`. Raises `ValueError` where it cannot be shown itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = _opener(settings.fallback)
        self._facts: LruCache[str, Facts] = LruCache(_MOST_FACTS)
        try:
            with self._open() as original:
                facts = self._read_facts(original)
                plan = planned(facts, Transform(), (), settings)
                check_reading(facts, plan, original.size, settings)
                decode_original(original, facts, plan)
        except (ImageError, OSError) as error:
            why = error.detail if isinstance(error, ImageError) else error.strerror or error
            given = settings.fallback
            named = repr(given) if isinstance(given, str) else "the bytes"
            raise ValueError(f"fallback: {named} cannot be shown: {why}") from error

    def job(self, asked: Asked, era: Eras, opened: ExitStack) -> Job:
        """The job that makes it. Raises `ImageError`, and `OSError` where the file has gone."""
        original = self._open()
        opened.enter_context(original)
        facts = self._read_facts(original)
        transform, namespace = _of_any(asked.transform), self._settings.namespace
        plan_of = partial(planned, facts, transform, asked.accepted, self._settings)
        plan = plan_of()
        check_reading(facts, plan, original.size, self._settings)
        text = canonical(plan, transform, asked.accepted)
        key = picture_key(namespace, [(_ID, original.version)], text, made_by(plan))
        probed = Probed((_ID, original.version, 0, False), original, facts)
        return Job.of(
            *(probed, facts, plan, era, namespace),
            key=key,
            tags=(original_tag(namespace, _ID),),
            replan=plan_of,
        )

    def _read_facts(self, original: FileOriginal | BytesOriginal) -> Facts:
        check_bytes(original.size, self._settings)
        read = partial(read_facts, original, self._settings.opened_formats)
        facts = self._facts.get(original.version, read)
        check_facts(facts, original.size, self._settings)
        return facts


def _opener(given: object) -> Callable[[], FileOriginal | BytesOriginal]:
    """How to open it: a file is opened each time, so that another one may take its place."""
    if isinstance(given, str):
        path = encoded(given)
        return lambda: open_path(path)
    assert isinstance(given, bytes)  # the settings saw to it
    original = BytesOriginal(given)
    return lambda: original


def _of_any(transform: Transform) -> Transform:
    """The Transform without the steps for one original alone: page, boxes, top, and overlay."""
    steps: list[Operation] = []
    for step in transform.steps:
        if isinstance(step, Page):
            steps.append(Page(anim=step.anim))
        elif not isinstance(step, Mark | Orient | Redact | Region):
            steps.append(step)
    return Transform(tuple(steps))
