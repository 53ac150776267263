"""Formats of results that take an extra, where it is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from asking import get, refused, serving
from imgmiddleware import Settings
from imgmiddleware.formats import result_format
from pictures import noise, saved

PHOTO = saved(noise(), "JPEG")


@pytest.fixture(autouse=True)
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(result_format, "find_spec", lambda name: None)
    result_format._is_there.cache_clear()
    yield
    result_format._is_there.cache_clear()


def test_it_is_refused_with_what_it_takes() -> None:
    assert refused(PHOTO, "fm=jxl") == (400, "malformed-parameter")
    answer = get(serving(PHOTO), "fm=jxl")
    assert b"it takes the extra imgmiddleware[jxl]" in answer.body
    assert refused(PHOTO, "fm=avif") == (200, "")


def test_where_not_all_is_taken_it_is_left_out() -> None:
    """A page that was written for another service is shown all the same."""
    answer = get(serving(PHOTO, unknown="ignore"), "fm=jxl&w=9")
    assert (answer.status, answer.header("content-type")) == (200, "image/jpeg")
    assert answer.header("image-notes") == "ignored=fm"
    assert get(serving(PHOTO, unknown="ignore"), "fm=png").header("image-notes") is None


def test_it_cannot_be_negotiated() -> None:
    with pytest.raises(
        ValueError, match=r"formats: 'jxl': it takes the extra imgmiddleware\[jxl\]"
    ):
        Settings(formats=["jxl", "webp"])
    assert Settings().formats == ("avif", "webp")


def test_who_names_it_gets_another_one() -> None:
    names_all = {"accept": "image/jxl,image/avif,image/webp"}
    assert get(serving(PHOTO), **names_all).header("content-type") == "image/avif"
