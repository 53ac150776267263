"""The facts that tell two versions of an object apart."""

import pytest

from imgmiddleware.objects.errors import ChangedError
from imgmiddleware.objects.part import Stat


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Stat(9, '"a"'), Stat(9, '"b"')),
        (Stat(9, 'W/"a"', 5), Stat(9, 'W/"a"', 6)),  # RFC 9110, section 8.8.1: bytes may differ
        (Stat(9, 'W/"a"', 5), Stat(8, 'W/"a"', 5)),
        (Stat(9, None, 5), Stat(9, None, 6)),
        (Stat(9, None, 5, "1"), Stat(9, None, 5, "2")),
        (Stat(9, '"a"'), Stat(8, '"a"')),
    ],
)
def test_another_version_is_told(one: Stat, other: Stat) -> None:
    with pytest.raises(ChangedError):
        one.check(other)
    one.check(one)


def test_what_is_put_again_with_the_same_bytes_is_the_same() -> None:
    Stat(9, '"a"', 5, "1").check(Stat(9, '"a"', 6, "2"))


def test_only_a_strong_etag_is_a_condition() -> None:
    assert Stat(9, '"a"').strong == '"a"'
    assert Stat(9, 'W/"a"').strong is None
    assert Stat(9).strong is None
