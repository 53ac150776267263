"""Probed: an original that is open, and its facts."""

from dataclasses import dataclass

from imgmiddleware.formats.facts import Facts
from imgmiddleware.service.recall import PageOf
from imgmiddleware.sources import Opened


@dataclass(frozen=True, slots=True)
class Probed:
    """An original that is open, the page that the request means, and the facts of its header."""

    page: PageOf
    original: Opened
    facts: Facts
