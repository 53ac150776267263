"""Predicted memory: what is held of an original that is read in bands, and what is made of it."""

from __future__ import annotations

import pytest

from imgmiddleware.formats.facts import Facts
from imgmiddleware.imaging.memory import predicted_bytes
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.stages import build


@pytest.mark.parametrize(
    ("alpha", "query", "least"),
    [
        (False, {"trim": "auto"}, 3 + 1),  # a byte of each pixel tells whether it is border
        (True, {}, 4 + 4),  # a copy has the colours weighed by their alpha
        (True, {"trim": "auto"}, 4 + 4 + 1),
    ],
)
def test_what_is_made_of_samples_counts(alpha: bool, query: dict[str, str], least: int) -> None:
    facts = Facts(format="tiff", width=4000, height=3000, alpha=alpha, band_bytes=1)
    plan = make_plan(facts, build({"w": "10", **query}))
    assert predicted_bytes(facts, plan) >= 4000 * 3000 * least
