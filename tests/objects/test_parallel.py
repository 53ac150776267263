"""Several requests at once."""

import threading

import pytest

from imgmiddleware.objects.parallel import together


def test_they_are_made_at_once() -> None:
    barrier = threading.Barrier(4, timeout=5)

    def call(number: int) -> int:
        barrier.wait()
        return number * 2

    assert together(call, range(4)) == [0, 2, 4, 6]


@pytest.mark.parametrize("wrong", [0, 2])
def test_what_one_raises_is_raised_when_all_have_ended(wrong: int) -> None:
    ended = []

    def call(number: int) -> None:
        if number == wrong:
            raise KeyError(number)
        ended.append(number)

    with pytest.raises(KeyError):
        together(call, range(3))
    assert len(ended) == 2
