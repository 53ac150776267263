"""Looking for faces takes no more memory than was predicted of it."""

from __future__ import annotations

from measuring import Forked, needs_proc


@needs_proc
def test_a_look_takes_what_is_predicted() -> None:
    """For faces, which take eight times what all else does."""
    with Forked() as forked:
        job = "subject_memory", "taken", "faces"
        taken, predicted = forked.until(lambda it: it[0] <= it[1], *job)
    assert predicted / 3 < taken <= predicted
