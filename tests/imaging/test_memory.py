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


@pytest.mark.parametrize(("depth", "alpha", "bytes"), [(8, False, 3), (8, True, 4), (16, True, 8)])
def test_a_copy_in_which_parts_are_hidden_counts(depth: int, alpha: bool, bytes: int) -> None:
    """Of a PNG it does: its decoder's bytes are those of its samples, which stay as they are. And
    averages of the copy, 2 x 2, 4 x 4 and so on: a third of it.
    """
    facts = Facts(format="png", width=4000, height=3000, alpha=alpha, depth=depth, decode_bytes=1)
    shown, hidden = (
        predicted_bytes(facts, make_plan(facts, build({"w": "10", **query})))
        for query in ({}, {"redact": "0,0,9,9"})
    )
    assert hidden - shown == 4000 * 3000 * bytes * 4 / 3


@pytest.mark.parametrize(("query", "more"), [({"fm": "webp"}, 4), ({"fm": "png"}, 0)])
def test_what_is_read_back_of_a_try_counts(query: dict[str, str], more: int) -> None:
    facts = Facts(format="png", width=400, height=300, decode_bytes=1)
    fixed, sought = (
        predicted_bytes(facts, make_plan(facts, build({**query, "q": q}))) for q in ("75", "auto")
    )
    assert sought - fixed == 400 * 300 * 4 * more
