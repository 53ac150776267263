"""Looking for a subject takes no more memory than was predicted of it."""

from __future__ import annotations

import pytest

from imgmiddleware.subjects.kinds import KINDS
from measuring import Forked, needs_proc


@needs_proc
@pytest.mark.parametrize("kind", KINDS)
def test_a_look_takes_what_is_predicted(kind: str) -> None:
    with Forked() as forked:
        taken, predicted = forked.until(lambda it: it[0] <= it[1], "subject_memory", "taken", kind)
    assert taken <= predicted
    if kind == "faces":
        assert taken > predicted / 3  # or the bound says nothing
