"""All that making a result takes, as a value."""

from dataclasses import dataclass

from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.render import Replan
from imgmiddleware.service.results import Eras
from imgmiddleware.sources import ArrayOriginal, Original


@dataclass(frozen=True, slots=True)
class Job:
    """All that making a result takes.

    The original was opened in the `era`. If somebody has purged since, nothing of it is kept.
    """

    key: str
    tag: str  # of the original, whatever its version, in any cache
    id: str
    version: str
    original: Original | ArrayOriginal
    facts: Facts
    plan: Plan
    replan: Replan
    era: Eras

    @property
    def page(self) -> tuple[str, str, int]:
        """What of the original is decoded."""
        return self.id, self.version, self.plan.frame
