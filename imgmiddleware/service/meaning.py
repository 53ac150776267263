"""The meaning of a request for originals whose headers are read: the plan, the key, and the headers
beside the picture.
"""

from collections.abc import Sequence
from functools import partial

from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.errors import ImageError
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar.query import Asked
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.imaging.measured import as_asked
from imgmiddleware.imaging.overlay import canonical_overlay
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.operations.mark import Mark
from imgmiddleware.operations.redact import Redact
from imgmiddleware.pixels.arrays import Size
from imgmiddleware.service import answers
from imgmiddleware.service.making.job import Job, Laid
from imgmiddleware.service.making.results import Eras
from imgmiddleware.service.originals.limits import check_overlay, check_reading, planned
from imgmiddleware.service.originals.overlays import of_the_mark
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.service.recall import Seen
from imgmiddleware.settings import Settings
from imgmiddleware.sources.marked import unmarked


def read_as(asked: Asked, probed: Probed, settings: Settings) -> tuple[Facts, Plan]:
    """The facts of the original as the request reads it, and the plan, within the limits.

    Raises `ImageError` where the original or the plan is over a limit.
    """
    facts = as_asked(probed.facts, asked.transform, settings.range)
    plan = planned(facts, asked.transform, asked.accepted, settings)
    if plan.output.decodes:
        check_reading(facts, plan, probed.original.size, settings)
    return facts, plan


def meaning(
    asked: Asked,
    probed: Probed,
    overlay: Probed | None,
    era: Eras,
    settings: Settings,
    *,
    extra: answers.Headers = (),
) -> tuple[Seen, Job]:
    """The key and the headers of the result, and the job that makes it of originals that were
    opened in this era. `extra` are further headers. Raises as `read_as` does.
    """
    facts, plan = read_as(asked, probed, settings)
    text = canonical(plan, asked.transform, asked.accepted)
    layers, laid = [probed], None
    if overlay is not None:
        _check_hidden(asked, probed, overlay)
        laid = _laid(asked.transform.get(Mark), overlay, plan.result, era, settings)
        text += canonical_overlay(laid.plan, laid.mark, plan.result)
        layers.append(overlay)
    originals, namespace = [layer.page[:2] for layer in layers], settings.namespace
    key = picture_key(namespace, originals, text, made_by(plan))
    tags = tuple(dict.fromkeys(original_tag(namespace, id) for id, _ in originals))
    modified = _latest(layers)
    shared = answers.validators(
        key,
        modified,
        settings,
        immutable=asked.version is not None
        and asked.version == version_token(namespace, originals),
        surrogates=tags,
        expires=asked.expires,
    )
    job = Job.of(
        *(probed, facts, plan, era, namespace),
        key=key,
        tags=tags,
        replan=partial(planned, facts, asked.transform, asked.accepted, settings),
        overlay=laid,
    )
    others = tuple(layer.page for layer in layers[1:])
    return Seen(asked, probed.page, tags, key, modified, shared + extra, others), job


def _check_hidden(asked: Asked, probed: Probed, overlay: Probed) -> None:
    """Raises `ImageError` (400) where a redacted original would be laid over itself."""
    if asked.transform.get(Redact).redact is not None and _is_same(probed, overlay):
        why = "it would show the redacted parts"
        raise ImageError("parameter-not-allowed", f"'mark': {why}", parameter="mark")


def _is_same(one: Probed, other: Probed) -> bool:
    """Whether both are one original. It may have several IDs: by several prefixes, by a link in a
    directory, or as a registered overlay. Equal versions mean equal content.
    """
    (id, version, *_), (other_id, other_version, *_) = one.page, other.page
    alike = unmarked(version) == unmarked(other_version)
    return id == other_id or (alike and one.original.size == other.original.size)


def _laid(mark: Mark, overlay: Probed, canvas: Size, era: Eras, settings: Settings) -> Laid:
    """The overlay as it is read for a picture of this size. Raises as `read_as` does."""
    with of_the_mark():
        facts, plan = read_as(Asked(mark.transform(canvas)), overlay, settings)
        check_overlay(plan.result, canvas)
    return Laid.of(overlay, facts, plan, era, settings.namespace, mark=mark)


def _latest(layers: Sequence[Probed]) -> int | None:
    """The time of the latest change, in seconds since 1970; None where one is unknown."""
    times = [layer.original.last_modified for layer in layers]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None
