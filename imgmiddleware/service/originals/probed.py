"""Probed: an original that is open, and what its header tells."""

from dataclasses import dataclass

from imgmiddleware.formats.facts import Facts
from imgmiddleware.service.recall import PageOf
from imgmiddleware.sources import Opened


@dataclass(frozen=True, slots=True)
class Probed:
    """An original that is open, what is meant of it, and the facts of its header."""

    page: PageOf
    original: Opened
    facts: Facts
