"""What a request means for an original, once its header is read: the plan, and all that is told of
it beside the picture.
"""

from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.formats.facts import Facts
from imgmiddleware.grammar.query import Asked
from imgmiddleware.imaging.canonical import canonical
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.imaging.measured import as_asked
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.service import answers
from imgmiddleware.service.limits import check_reading, planned
from imgmiddleware.service.recall import PageOf, Seen
from imgmiddleware.settings import Settings
from imgmiddleware.sources import Opened


def meaning(
    asked: Asked,
    page: PageOf,
    original: Opened,
    facts: Facts,
    *,
    extra: answers.Headers,
    settings: Settings,
) -> tuple[Facts, Plan, Seen]:
    """The facts of the original as it is to be read, and the plan, within the limits, with the key
    and the headers of its result; `extra` are more.

    Raises `ImageError` where it is over a limit.
    """
    id, version, *_ = page
    transform, tag = asked.transform, original_tag(settings.namespace, id)
    facts = as_asked(facts, transform, settings.range)
    plan = planned(facts, transform, asked.accepted, settings)
    check_reading(facts, plan, original.size, settings)
    text = canonical(plan, transform, asked.accepted)
    key = picture_key(settings.namespace, [(id, version)], text, made_by(plan))
    shared = answers.validators(
        key,
        original.last_modified,
        settings,
        immutable=asked.version is not None
        and asked.version == version_token(settings.namespace, id, version),
        surrogate=tag,
        expires=asked.expires,
    )
    return facts, plan, Seen(asked, page, tag, key, original.last_modified, shared + extra)
