"""All that it takes to make a result, as a value."""

from dataclasses import dataclass
from typing import Any, Self

from imgmiddleware.cache.key import original_tag
from imgmiddleware.cache.store import Tags
from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.render import Replan
from imgmiddleware.operations.mark import Mark
from imgmiddleware.service.making.results import Eras
from imgmiddleware.service.originals.originals import known_kind
from imgmiddleware.service.originals.probed import Probed
from imgmiddleware.sources import ArrayOriginal, Original


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """An original that goes into a result, opened, with its facts and its plan.

    It was opened in the `era`. If there was a purge since, nothing of it is kept.
    """

    tag: str  # of the original, whatever its version, for any cache
    id: str
    version: str
    original: Original | ArrayOriginal
    facts: Facts
    plan: Plan
    era: Eras

    @classmethod
    def of(
        cls, probed: Probed, facts: Facts, plan: Plan, era: Eras, namespace: str, **more: Any
    ) -> Self:
        """The layer of an original with these facts; `more` are the fields of a derived class."""
        id, version, *_ = probed.page
        return cls(
            tag=original_tag(namespace, id),
            id=id,
            version=version,
            original=known_kind(probed.original),
            facts=facts,
            plan=plan,
            era=era,
            **more,
        )

    @property
    def page(self) -> tuple[str, str, int]:
        """The part of the original that is decoded."""
        return self.id, self.version, self.plan.frame

    @property
    def predicted(self) -> int:
        """The most bytes that decoding the original, and all steps after it, take."""
        return predicted_bytes(self.facts, self.plan, self.original.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid(Layer):
    """An original that is laid over another one."""

    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Layer):
    """A result that is to be made of this original. `tags` are those of all originals in it."""

    key: str
    tags: Tags
    replan: Replan
    overlay: Laid | None = None

    @property
    def beside(self) -> int:
        """The same for the overlay."""
        return 0 if self.overlay is None else self.overlay.predicted
