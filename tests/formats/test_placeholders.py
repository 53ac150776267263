"""Placeholders by the arithmetic of their formats; `tests/browser/test_placeholders.py` has npm's."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pytest

from asking import ask, get, refused, serving
from drivers import both
from imgmiddleware import ImageError
from imgmiddleware.formats.placeholder.blurhash import blurhash
from imgmiddleware.formats.placeholder.thumbhash import thumbhash
from pictures import opened, quadrants, saved

RED = np.full((300, 400, 3), (0, 0, 255), np.uint8)  # BGR


def test_the_fields_of_a_thumbhash() -> None:
    made = thumbhash(RED[:75, :100])
    head, shape = int.from_bytes(made[:3], "little"), int.from_bytes(made[3:5], "little")
    # Red: a third of light, half yellow, all red; 63/3 and 31.5 + 31.5/2, + 31.5.
    assert (head & 63, head >> 6 & 63, head >> 12 & 63) == (21, 47, 63)
    assert (head >> 18, shape >> 15) == (0, 1)  # no waves, no alpha; wider than high
    assert shape & 7 == 5  # 7 x 75 / 100, along the shorter side
    assert not any(made[5:])  # flat: what rounding leaves is no wave
    clear = np.zeros((40, 30, 4), np.uint8)
    assert int.from_bytes(thumbhash(clear)[:3], "little") >> 23 == 1
    assert thumbhash(clear)[5] == 0


def test_the_digits_of_a_blurhash() -> None:
    assert blurhash(RED, 1, 1) == "00TI:j"  # 0xff0000 = ((29 * 83 + 18) * 83 + 70) * 83 + 45
    assert blurhash(np.zeros((5, 5), np.uint8), 4, 3) == "L00000" + "fQ" * 11  # 9, 9, 9 of 19
    assert blurhash(np.zeros((5, 5), np.uint8), 1, 1) == "000000"


def test_they_are_results_like_any_other() -> None:
    service = serving(saved(quadrants(1200, 900), "JPEG"), keys=["k" * 32])
    for fm in ("thumbhash", "blurhash", "lqip"):
        link = service.url("a", fm=fm, sign=True)
        status, headers, body = both(service, link)
        fields = dict(headers)
        assert (status, fields["content-type"]) == (200, "text/plain")
        assert service.placeholder("a", fm=fm) == body.decode()
        assert both(service, link, headers={"If-None-Match": fields["etag"]})[0] == 304
        assert both(service, link[:-3])[0] == 403
    assert (b64decode(ask(RED, "fm=thumbhash").read())[4]) >> 7 == 1


def test_a_data_uri_is_a_small_picture_that_looks_the_same() -> None:
    photo = np.asarray(quadrants(1200, 800))[..., ::-1]
    head, _, coded = ask(photo, "fm=lqip").read().decode().partition(",")
    assert head == "data:image/webp;base64"
    tiny = opened(b64decode(coded, validate=True))
    assert (tiny.format, tiny.size) == ("WEBP", (16, 11))
    wide = np.asarray(tiny.convert("RGB").resize((120, 80)), float)
    for x, y in ((25, 15), (95, 15), (25, 65), (95, 65)):  # the middles of the quadrants
        assert abs(wide[y, x] - photo[y * 10, x * 10, ::-1]).max() < 24
    portrait = opened(b64decode(ask(photo, "fm=lqip&rot=90&fit=crop").read().partition(b",")[2]))
    assert portrait.size == (11, 16)  # there is nothing to crop, without a size
    clear = np.zeros((40, 30, 4), np.uint8)
    uri = ask(clear, "fm=lqip").read().partition(b",")[2]
    assert np.asarray(opened(b64decode(uri)).convert("RGBA"))[..., 3].max() == 0
    few, many = (len(ask(photo, f"fm=lqip&q={q}").read()) for q in (10, 90))
    assert few < many


def test_a_size_is_taken_and_a_larger_one_refused() -> None:
    wide, high = (ask(RED, f"fm=blurhash&{q}").read()[:1] for q in ("w=60", "w=30&h=60&fit=crop"))
    assert (wide, high) == (b"L", b"T")  # 4 x 3 waves, 3 x 4
    assert refused(RED, "fm=thumbhash&w=200") == (400, "result-too-large")
    assert get(serving(RED, widths=[64]), "fm=blurhash").status == 200
    with pytest.raises(ValueError, match="fm: "):
        serving(RED).placeholder("a", fm="png")
    with pytest.raises(ImageError, match="no original"):
        serving(None).placeholder("a")
    with pytest.raises(ValueError, match="is no picture"):
        serving(RED).picture("a", alt="", formats=["blurhash"])


def test_python_may_ask_where_links_may_not() -> None:
    service = serving(RED, authorize=lambda request: False, missing="pass")
    assert service.placeholder("a", fm="blurhash").startswith("L")
    assert get(service, "fm=blurhash").status == 403
    signing = serving(RED, keys=["k" * 32], require_signature=True)
    assert signing.placeholder("a")
    assert get(signing, "fm=thumbhash").status == 403
