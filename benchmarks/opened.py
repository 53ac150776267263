"""An original and what would be done with it: steps of a render, for who measures them alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from imgmiddleware import Settings
from imgmiddleware.formats.probe import read_facts
from imgmiddleware.grammar.query import QueryGrammar
from imgmiddleware.imaging.decode import decode_original
from imgmiddleware.imaging.plan import Plan
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.sources.file import FileOriginal


class Opened:
    """One original, and what would be done for a query."""

    def __init__(self, path: Path, query: str) -> None:
        settings = Settings()
        self._formats = settings.opened_formats
        self.path = path
        self.original = FileOriginal(os.open(path, os.O_RDONLY))
        self.facts = read_facts(self.original, self._formats)
        self.plan: Plan = make_plan(self.facts, QueryGrammar(settings).parse(query).transform)

    def probe(self) -> object:
        return read_facts(self.original, self._formats)

    def decode(self) -> Any:
        return decode_original(self.original, self.facts, self.plan)
