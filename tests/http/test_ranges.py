"""RFC 9110, section 14: ranges of a body, by the examples of 14.1.2 and its grammar."""

from __future__ import annotations

import pytest

from imgmiddleware.http.ranges import content_range, requested, unsatisfied_range


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        # The examples of 14.1.2, "assuming a representation of length 10000".
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=-500", (9500, 10_000)),
        ("bytes=9500-", (9500, 10_000)),
        ("bytes=0-0", (0, 1)),
        # "If the selected representation is shorter than the specified suffix-length, the entire
        # representation is used"; a last-pos behind the end is the end.
        ("bytes=-10001", (0, 10_000)),
        ("bytes=0-99999", (0, 10_000)),
        ("bytes=9999-", (9999, 10_000)),
        ("bytes=9999-9999", (9999, 10_000)),
        ("Bytes=0-", (0, 10_000)),  # 14.1: names of units are case-insensitive
        ("bytes=,, 5-6 ,", (5, 7)),  # 5.6.1.2: empty elements of a list
        # "recipients MUST anticipate potentially large decimal numerals"
        (f"bytes=5-{10**30}", (5, 10_000)),
        ("bytes=5-" + "9" * 50_000, (5, 10_000)),
        ("bytes=-" + "9" * 50_000, (0, 10_000)),
        ("bytes=" + "0" * 50_000 + "5-6", (5, 7)),
        # Not satisfiable: a first-pos that is not less than the length, a suffix-length of zero.
        ("bytes=10000-", (10_000, 10_000)),
        ("bytes=10000-10001", (10_000, 10_000)),
        ("bytes=" + "9" * 50_000 + "-", (10_000, 10_000)),
        ("bytes=-0", (10_000, 10_000)),
        # 14.1.1: "invalid if the last-pos value is present and less than first-pos"; 14.2: a server
        # may ignore it, and units that it does not know.
        ("bytes=5-4", None),
        ("bytes=20000-19999", None),
        ("bytes=0-0,-1", None),
        ("bytes=0-1, 3-4", None),
        ("bytes=20000-, 30000-", None),
        ("lines=0-4", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes= 0-4", None),
        ("bytes =0-4", None),
        ("bytes=0 - 4", None),
        ("bytes=0-4-", None),
        ("bytes=--4", None),
        ("bytes=+0-4", None),
        ("bytes=0x0-4", None),
        ("bytes=a-b", None),
        ("bytes=1_0-20", None),
        ("bytes=\u0663-4", None),
        ("bytes=0-4;x", None),
        ("bytes=0-4\n", None),
        ("0-4", None),
        ("", None),
        (None, None),
    ],
)
def test_requested(field: str | None, expected: tuple[int, int] | None) -> None:
    assert requested(field, 10_000) == expected


def test_content_range() -> None:
    # The examples of 14.4.
    assert content_range((42, 1234), 1234) == "bytes 42-1233/1234"
    assert unsatisfied_range(1234) == "bytes */1234"
