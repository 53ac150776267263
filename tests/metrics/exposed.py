"""The exports of a Prometheus observer, as prometheus-client's own parser reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Labels = frozenset[tuple[str, str]]


class Exposed:
    """The samples of one scrape by name and labels."""

    def __init__(self, text: str) -> None:
        from prometheus_client.parser import text_string_to_metric_families

        self.samples: dict[tuple[str, Labels], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name.startswith("imgmiddleware_"):
                    self.samples[sample.name, frozenset(sample.labels.items())] = sample.value

    def sum(self, name: str, **labels: str) -> float:
        """Of all series of this name that have these labels."""
        return sum(
            value
            for (known, having), value in self.samples.items()
            if known == name and labels.items() <= having
        )

    def series(self) -> Iterable[tuple[str, Labels]]:
        return self.samples.keys()

    def values(self, label: str) -> set[str]:
        return {value for _, labels in self.samples for name, value in labels if name == label}


def scraped(observer: Any) -> Exposed:
    return Exposed(observer.exposition().decode())
