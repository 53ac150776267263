"""Bit fields, worked out by hand."""

from __future__ import annotations

import pytest

from imgmiddleware.errors import ImageError
from imgmiddleware.formats.bits import Bits, LowBits


def test_from_the_highest_bit_down() -> None:
    bits = Bits(b"\xa5\x3c", "a header")  # 10100101 00111100
    assert [bits.take(count) for count in (1, 3, 0, 6, 6)] == [1, 0b010, 0, 0b010100, 0b111100]


def test_from_the_lowest_bit_up() -> None:
    bits = LowBits(b"\xa5\x3c", "a header")
    assert [bits.take(count) for count in (1, 3, 0, 6, 6)] == [1, 0b010, 0, 0b001010, 0b001111]


@pytest.mark.parametrize("kind", [Bits, LowBits])
def test_more_than_there_are_is_damage(kind: type[Bits]) -> None:
    bits = kind(b"\0", "a header")
    bits.take(7)
    with pytest.raises(ImageError, match="a header is cut short"):
        bits.take(2)


def test_zeros_up_to_the_next_one() -> None:
    bits = Bits(b"\x11", "a header")  # 00010001
    assert (bits.zeros(), bits.zeros(3), bits._left) == (3, 3, 0)
    bits = Bits(b"\x11", "a header")
    assert (bits.zeros(2), bits.take(1)) == (3, 1)  # one more than allowed, and not the one behind
    with pytest.raises(ImageError, match="cut short"):
        Bits(b"\0", "a header").zeros()
