"""Quality: how much of a result's quality is kept, by a number or by the eye."""

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.plan import Plan


def loses_nothing(plan: Plan) -> bool:
    """Whether it is without loss in a format that could have a quality."""
    return plan.output.lossless and RESULTS[plan.format].loses_nothing(moves=plan.frames > 1)


def is_by_eye(plan: Plan) -> bool:
    """Whether the quality is sought. For 16 bits it is not: the comparison knows 8 bits."""
    sought = plan.output.q == "auto" and RESULTS[plan.format].read is not None
    return sought and not (plan.deep or loses_nothing(plan))
