"""RFC 9110: entity tags, preconditions and dates, by its sections."""

from __future__ import annotations

import time

import pytest

from imgmiddleware.http.caching import cache_control
from imgmiddleware.http.conditionals import evaluate, range_applies
from imgmiddleware.http.dates import http_date, imf_date
from imgmiddleware.http.etag import listed

ETAG = '"xyzzy"'
WHEN = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT (section 5.6.7)
THEN = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"


@pytest.mark.parametrize(
    ("field", "weak", "expected"),
    [
        # The examples of 13.1.1 and 13.1.2.
        ('"xyzzy"', False, True),
        ('"xyzzy", "r2d2xxxx", "c3piozzzz"', False, True),
        ("*", False, True),
        ('W/"xyzzy"', True, True),
        ('W/"r2d2xxxx", W/"xyzzy", W/"c3piozzzz"', True, True),
        # 8.8.3.2: a strong comparison of a weak tag is never true.
        ('W/"xyzzy"', False, False),
        # 5.6.1.2: empty elements of a list.
        (',, "a" ,\t"xyzzy",', True, True),
        # No list of tags at all.
        ("xyzzy", True, False),
        ('"xyzzy', True, False),
        ('"a" "xyzzy"', True, False),
        ('w/"xyzzy"', True, False),
        ('"XYZZY"', True, False),
        ('"a, "xyzzy"', True, False),
        ("", True, False),
        (' "xyzzy" ', True, True),
        ('"a,b", "xyzzy"', True, True),
    ],
)
def test_listed(field: str, weak: bool, expected: bool) -> None:
    assert listed(field, ETAG, weak=weak) is expected


@pytest.mark.parametrize(
    ("field", "weak", "expected"),
    [
        # The tag that Apache 2.4 sends for one of ours: DeflateAlterETag and BrotliAlterETag,
        # AddSuffix.
        ('"xyzzy-gzip"', True, True),
        ('W/"xyzzy-gzip"', True, True),
        ('"a", "xyzzy-br"', True, True),
        ('"xyzzy-deflate"', True, False),
        ('"xyzz-gzip"', True, False),
        ('"xyzzy-gzip-gzip"', True, False),
        # 13.1.1: bytes that were compressed on the way are another representation.
        ('"xyzzy-gzip"', False, False),
    ],
)
def test_a_tag_that_a_compressing_server_has_suffixed(
    field: str, weak: bool, expected: bool
) -> None:
    assert listed(field, ETAG, weak=weak) is expected


def test_a_weak_tag_of_ours_never_compares_strongly() -> None:
    assert not listed('W/"xyzzy"', 'W/"xyzzy"', weak=False)
    assert listed('"xyzzy"', 'W/"xyzzy"', weak=True)


def test_a_hostile_field_costs_linear_time() -> None:
    start = time.process_time()
    for field in (" " * 100_000 + "x", ", " * 50_000 + "x", '"a",' * 25_000 + "x", '"' * 100_001):
        listed(field, ETAG, weak=True)
    assert time.process_time() - start < 2  # quadratic time would take minutes


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        # 13.2.2, step 1 and 2
        ({"if-match": ETAG}, 200),
        ({"if-match": '"other"'}, 412),
        ({"if-unmodified-since": THEN}, 200),
        ({"if-unmodified-since": BEFORE}, 412),
        ({"if-match": ETAG, "if-unmodified-since": BEFORE}, 200),
        ({"if-unmodified-since": "no date"}, 200),
        # step 3 and 4
        ({"if-none-match": ETAG}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-modified-since": THEN}, 304),
        ({"if-modified-since": BEFORE}, 200),
        ({"if-none-match": '"other"', "if-modified-since": THEN}, 200),
        ({"if-none-match": ETAG, "if-modified-since": BEFORE}, 304),
        ({"if-modified-since": "no date"}, 200),
        # the order of the steps
        ({"if-match": '"other"', "if-none-match": ETAG}, 412),
        ({"if-match": ETAG, "if-none-match": ETAG}, 304),
    ],
)
def test_the_order_of_13_2_2(headers: dict[str, str], expected: int) -> None:
    assert evaluate(headers, ETAG, WHEN) == expected


def test_without_a_date_the_date_conditions_are_ignored() -> None:
    assert evaluate({"if-modified-since": THEN}, ETAG, None) == 200
    assert evaluate({"if-unmodified-since": BEFORE}, ETAG, None) == 200


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        # The three forms of 5.6.7.
        ("Sun, 06 Nov 1994 08:49:37 GMT", WHEN),
        ("Sunday, 06-Nov-94 08:49:37 GMT", WHEN),
        ("Sun Nov  6 08:49:37 1994", WHEN),
        ("Sun Nov 06 08:49:37 1994", WHEN),
        ("Thu, 31 Dec 1998 23:59:60 GMT", 915_148_800),  # a leap second, here the next one's first
        # "HTTP-date is case sensitive"; GMT is the one zone; no other white space.
        ("sun, 06 nov 1994 08:49:37 gmt", None),
        ("Sun, 06 Nov 1994 08:49:37 UTC", None),
        ("Sun, 06 Nov 1994 09:49:37 +0100", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("Sun,  06 Nov 1994 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:61 GMT", None),
        ("", None),
        ("0", None),
        ("-1", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
        (None, None),
    ],
)
def test_http_dates(field: str | None, expected: int | None) -> None:
    assert http_date(field) == expected


def test_two_digits_of_a_year_are_at_most_50_years_ahead() -> None:
    now = time.gmtime().tm_year
    for year in (now - 49, now, now + 50):
        field = f"Sunday, 06-Nov-{year % 100:02} 08:49:37 GMT"
        assert time.gmtime(http_date(field)).tm_year == year
    field = f"Sunday, 06-Nov-{(now + 51) % 100:02} 08:49:37 GMT"
    assert time.gmtime(http_date(field)).tm_year == now - 49


@pytest.mark.parametrize(
    ("field", "etag", "date", "expected"),
    [
        (None, ETAG, WHEN, True),
        # 13.1.5: the strong comparison of one entity tag
        (ETAG, ETAG, WHEN, True),
        ('"other"', ETAG, WHEN, False),
        (f"W/{ETAG}", ETAG, WHEN, False),
        (f"W/{ETAG}", f"W/{ETAG}", WHEN, False),
        (f"{ETAG}, {ETAG}", ETAG, WHEN, False),
        ("*", ETAG, WHEN, False),
        # or a date that is exactly that of Last-Modified
        (THEN, ETAG, WHEN, True),
        ("Sun Nov  6 08:49:37 1994", ETAG, WHEN, True),
        (BEFORE, ETAG, WHEN, False),
        ("Sun, 06 Nov 1994 08:49:38 GMT", ETAG, WHEN, False),
        (THEN, ETAG, None, False),
        ("no date", ETAG, None, False),
        ("", ETAG, WHEN, False),
    ],
)
def test_if_range(field: str | None, etag: str, date: int | None, expected: bool) -> None:
    assert range_applies(field, etag, date) is expected


def test_imf_date() -> None:
    assert imf_date(WHEN) == THEN


def test_cache_control() -> None:
    assert cache_control(60, private=False, immutable=False) == "public, max-age=60"
    assert cache_control(60, private=True, immutable=False) == "private, max-age=60"
    # RFC 5861, section 3; what never changes is never stale.
    stale = cache_control(60, private=False, immutable=False, stale=30)
    assert stale == "public, max-age=60, stale-while-revalidate=30"
    assert "stale" not in cache_control(60, private=False, immutable=True, stale=30)
    assert cache_control(60, private=True, immutable=True) == "private, max-age=31536000, immutable"
