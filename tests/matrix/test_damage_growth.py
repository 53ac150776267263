"""Damage of every kind, round after round in one process."""

from __future__ import annotations

from measuring import Forked, needs_proc


@needs_proc
def test_memory_does_not_grow_over_damage(forked: Forked) -> None:
    """Rounds of 400 damaged files: one leaked picture of 20 kB in each would be 8 MB a round."""
    assert forked("matrix.test_damage", "growing", 4) < 8 * 2**20
