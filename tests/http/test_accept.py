"""Accept, RFC 9110, sections 12.4.2 and 12.5.1."""

from __future__ import annotations

import pytest

from imgmiddleware.http.accept import named, weight_of

OFFERED = ("image/avif", "image/webp")
AVIF, WEBP = OFFERED

#: The values of browsers for an image, by their documentation of the default Accept values.
FIREFOX = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
SAFARI_13 = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"
CHROMIUM = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, ()),
        ("", ()),
        ("*/*", ()),
        ("image/*", ()),
        (FIREFOX, (AVIF, WEBP)),
        (CHROMIUM, (AVIF, WEBP)),
        (SAFARI_13, ()),
        ("image/webp", (WEBP,)),
        ("IMAGE/WebP", (WEBP,)),
        ("image/webp;q=0", ()),
        ("image/webp; q=0.000", ()),
        ("image/webp;q=0.001", (WEBP,)),
        ("image/webp ; q=1.000", (WEBP,)),
        ("image/webp;Q=0.5", (WEBP,)),
        # No qvalue: more than three digits, over 1, or no number; the element is ignored.
        ("image/webp;q=0.0001", ()),
        ("image/webp;q=1.5", ()),
        ("image/webp;q=x", ()),
        ("image/webp;q=", ()),
        ("image/webp;q=x, image/avif", (AVIF,)),
        ("image/webp;level=1;q=0.5", (WEBP,)),
        ("image/webp;q=0, image/webp", (WEBP,)),
        (",, image/avif ,", (AVIF,)),
        ("image/webp, image/avif;q=0.1", (AVIF, WEBP)),
        ("image/webpx, ximage/avif, image", ()),
        (";q=1", ()),
        # 5.6.6: a parameter's value may be a quoted string, with anything inside.
        ('text/html;x=",image/webp,"', ()),
        ('text/html;x="\\",image/webp,", image/avif', (AVIF,)),
        ('image/webp;x="a;q=0"', (WEBP,)),
        ('text/html;x="image/webp, image/avif', ()),
    ],
)
def test_named(field: str | None, expected: tuple[str, ...]) -> None:
    assert named(field, OFFERED) == expected


@pytest.mark.parametrize(
    ("field", "weight"),
    [
        (None, 0),
        ("a/b", 0),
        ("a/b;profile=http://c", 1),
        ('a/b; profile="http://c"; q=0.5', 0.5),
        ('a/b;q=0.25;profile="http://c"', 0.25),
        ('a/b;profile="http://c";q=0', 0),
        ('a/b;profile="http://c";q=x', 0),
        ('a/b;profile="http://d;q=1, http://c";q=0.5, a/b;q=0.75', 0.5),
        ('a/b;profile="http://c";q=0.1,a/d;profile="http://c";q=0.3', 0.3),
        ('a/b;profile="http://d", a/b;profile="http://c', 1),  # and its end is missing
        ("," * 9000 + '"' * 9001, 0),
    ],
)
def test_the_weight_of_a_profile(field: str | None, weight: float) -> None:
    assert weight_of(field, "http://c") == weight
