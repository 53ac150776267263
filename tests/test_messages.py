"""The request as a value: its comparison, its repr, and its form in another process."""

from __future__ import annotations

import copy
import pickle
import threading
from dataclasses import replace
from typing import Any

import pytest

from imgmiddleware import ImageRequest

#: A context as a server makes it: with what cannot be pickled.
REQUEST = ImageRequest(
    *("GET", "/image/cat.jpg", "w=4", {"accept": "image/webp"}, "https", "a.example", "/site"),
    sends_files=False,
    id="cat.jpg",
    context={"socket": threading.Lock(), "session": {"user": "ann"}},
)


def test_the_context_is_no_part_of_what_a_request_is() -> None:
    other = replace(REQUEST, context=object())
    assert other == REQUEST
    assert replace(REQUEST, id="dog.jpg") != REQUEST
    assert "ann" not in repr(REQUEST)
    assert "id='cat.jpg'" in repr(REQUEST)
    hashed = {"headers": None}
    assert hash(replace(REQUEST, **hashed)) == hash(replace(other, **hashed))


@pytest.mark.parametrize(
    "copied",
    [
        *(
            lambda r, p=p: pickle.loads(pickle.dumps(r, p))
            for p in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        copy.copy,
        copy.deepcopy,
    ],
)
def test_the_context_stays_behind_where_a_request_is_pickled(copied: Any) -> None:
    came = copied(REQUEST)
    assert came == REQUEST  # every other field
    assert came.context is None


def test_a_request_that_is_replaced_keeps_its_context() -> None:
    assert replace(REQUEST, id=None).context is REQUEST.context
