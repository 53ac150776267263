"""RFC 6266 and 8187: names of files that no text can break out of."""

from __future__ import annotations

import re
import string
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgmiddleware.http.disposition import content_disposition, file_name

JPEG, AVIF = ("jpg", "jpeg"), ("avif", "avifs")
KNOWN = frozenset({"jpg", "jpeg", "avif", "avifs", "png", "tif", "tiff"})


@pytest.mark.parametrize(
    ("name", "suffixes", "expected"),
    [
        ("cat.jpg", JPEG, "cat.jpg"),
        ("2024/cat.tif", AVIF, "cat.avif"),
        ("cat.JPEG", JPEG, "cat.JPEG"),
        ("cat.TIFF", JPEG, "cat.jpg"),
        ("cat", ("png",), "cat.png"),
        ("7", ("webp",), "7.webp"),
        ("v1.2", ("tif", "tiff"), "v1.2.tif"),  # no suffix of a picture
        ("cat.php", ("gif",), "cat.php.gif"),
        ("cat.jpg.exe", JPEG, "cat.jpg.exe.jpg"),
        ("a/b/", ("bmp", "dib"), "b.bmp"),
        (".hidden.jpg", JPEG, "hidden.jpg"),
        ("..", JPEG, "picture.jpg"),
        (".jpg", JPEG, "picture.jpg"),
        ("/", JPEG, "picture.jpg"),
        ("", JPEG, "picture.jpg"),
        ("a b+c%20.png", AVIF, "a b+c%20.avif"),
        ('a"b\\c:d*e.jpg', JPEG, "a_b_c_d_e.jpg"),
        ("..\\..\\win.ini", JPEG, "_.._win.ini.jpg"),
        ("a\r\nSet-Cookie: b.jpg", JPEG, "a__Set-Cookie_ b.jpg"),
        ("\u202egpj.exe", JPEG, "_gpj.exe.jpg"),  # shown from right to left
        ("a\u2028b\u0000\u007f\u0085.jpg", JPEG, "a_b___.jpg"),
        ("日本.tif", AVIF, "日本.avif"),
        ("x" * 5000 + ".tif", AVIF, "x" * 200 + ".avif"),
        ("é" * 150, AVIF, "é" * 100 + ".avif"),  # two bytes each
        ("é" * 99 + "x" + "é", AVIF, "é" * 99 + "x.avif"),  # cut between characters
    ],
)
def test_file_name(name: str, suffixes: tuple[str, ...], expected: str) -> None:
    assert file_name(name, suffixes, KNOWN) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.jpg", 'inline; filename="cat.jpg"'),
        # RFC 8187, section 3.2.2: the pound and the euro; RFC 6266, section 5: with a fallback.
        (
            "£ and € rates.jpg",
            "inline; filename=\"_ and _ rates.jpg\"; filename*=UTF-8''%C2%A3%20and%20%E2%82%AC%20rates.jpg",
        ),
        # RFC 6266, appendix D: no percent sign in `filename`.
        ("50%41.jpg", "inline; filename=\"50_41.jpg\"; filename*=UTF-8''50%2541.jpg"),
        ("it's (1).jpg", 'inline; filename="it\'s (1).jpg"'),
        ("é'(*).jpg", "inline; filename=\"_'(_).jpg\"; filename*=UTF-8''%C3%A9%27%28_%29.jpg"),
    ],
)
def test_content_disposition(name: str, expected: str) -> None:
    assert content_disposition(name, JPEG, KNOWN, attachment=False) == expected
    attached = content_disposition(name, JPEG, KNOWN, attachment=True)
    assert attached == expected.replace("inline", "attachment", 1)


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_any_text_is_one_field_and_is_read_back(name: str) -> None:
    header = content_disposition(name, JPEG, KNOWN, attachment=True)
    assert header.isascii()
    assert header.isprintable()
    found = re.fullmatch(
        r'attachment; filename="([^"\\%]+)"(?:; filename\*=UTF-8\'\'(\S+))?', header
    )
    assert found is not None
    expected = file_name(name, JPEG, KNOWN)
    assert len(expected.encode()) <= 255
    assert not {*expected} & {*'/\\"\r\n\0'}
    if found[2] is None:
        assert found[1] == expected
        return
    # ext-value of RFC 8187: attr-char and percent-encoded bytes; read by the standard library.
    assert not {*found[2]} - {*string.ascii_letters, *string.digits, *"!#$&+-.^_`|~%"}
    message = Message()
    message["Content-Disposition"] = f"attachment; filename*=UTF-8''{found[2]}"
    value = message.get_param("filename", header="content-disposition")
    assert collapse_rfc2231_value(value) == expected
    assert quote(expected, safe="!#$&+-.^_`|~") == found[2]
