"""What a request means for originals, once their headers are read: the plan, the key, and all that
is told beside the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar.query import Asked
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.imaging.measured import as_asked
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.service import answers
from imgmiddleware.service.job import Job
from imgmiddleware.service.limits import check_reading, planned
from imgmiddleware.service.originals import known_kind
from imgmiddleware.service.recall import PageOf, Seen
from imgmiddleware.service.results import Eras
from imgmiddleware.settings import Settings
from imgmiddleware.sources import Opened


@dataclass(frozen=True, slots=True)
class Probed:
    """An original that is open, what is meant of it, and the facts of its header."""

    page: PageOf
    original: Opened
    facts: Facts


def read_as(asked: Asked, probed: Probed, settings: Settings) -> tuple[Facts, Plan]:
    """The facts of the original as it is to be read, and the plan, within the limits.

    Raises `ImageError` where it is over a limit.
    """
    facts = as_asked(probed.facts, asked.transform, settings.range)
    plan = planned(facts, asked.transform, asked.accepted, settings)
    if plan.output.decodes:
        check_reading(facts, plan, probed.original.size, settings)
    return facts, plan


def meaning(
    asked: Asked, probed: Probed, era: Eras, settings: Settings, extra: answers.Headers = ()
) -> tuple[Seen, Job]:
    """The key and the headers of the result, of which `extra` are more, and what it takes to make
    it of an original that was opened in this era. Raises as `read_as` does.
    """
    facts, plan = read_as(asked, probed, settings)
    id, version, *_ = probed.page
    originals, namespace = [(id, version)], settings.namespace
    text = canonical(plan, asked.transform, asked.accepted)
    key = picture_key(namespace, originals, text, made_by(plan))
    tags = tuple(dict.fromkeys(original_tag(namespace, id) for id, _ in originals))
    last_modified = latest([probed])
    shared = answers.validators(
        key,
        last_modified,
        settings,
        immutable=asked.version is not None
        and asked.version == version_token(namespace, originals),
        surrogates=tags,
        expires=asked.expires,
    )
    job = Job(
        tag=tags[0],
        id=id,
        version=version,
        original=known_kind(probed.original),
        facts=facts,
        plan=plan,
        era=era,
        key=key,
        tags=tags,
        replan=partial(planned, facts, asked.transform, asked.accepted, settings),
    )
    return Seen(asked, probed.page, tags, key, last_modified, shared + extra), job


def latest(layers: Sequence[Probed]) -> int | None:
    """When the last of them was changed, in seconds since 1970; None where nobody knows of one."""
    times = [layer.original.last_modified for layer in layers]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None
