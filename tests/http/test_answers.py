"""The parts of an answer beside its picture: a name, a CDN's key, the steps that it took."""

from __future__ import annotations

import json
import re
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

import asking
from imgmiddleware import ImageResponse, ImageService
from imgmiddleware.errors import CODES
from imgmiddleware.http.problem import problem
from imgmiddleware.service import timing
from pictures import quadrants, saved


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024" / "café.tif").write_bytes(saved(quadrants(), "TIFF"))
    jpeg = saved(quadrants(800, 600), "JPEG")
    (tmp_path / "half.jpg").write_bytes(jpeg[:-200])  # a scan that ends early
    return tmp_path


ID = "2024/café.tif"
get = partial(asking.get, id=ID)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fm=webp", "inline; filename=\"caf_.webp\"; filename*=UTF-8''caf%C3%A9.webp"),
        ("fm=webp&dl=1", "attachment; filename=\"caf_.webp\"; filename*=UTF-8''caf%C3%A9.webp"),
        ("fm=webp&dl=me", 'attachment; filename="me.webp"'),
        ("fm=jpg&dl=me.jpeg", 'attachment; filename="me.jpeg"'),
        ("fm=webp&dl=me.jpg", 'attachment; filename="me.webp"'),
        ("fm=webp&dl=..%2Fme", 'attachment; filename="me.webp"'),
        ("fm=webp&dl=a%22;b=%0D%0Ac", 'attachment; filename="a_;b=__c.webp"'),
        (
            "fm=webp&dl=%E2%82%AC",
            "attachment; filename=\"_.webp\"; filename*=UTF-8''%E2%82%AC.webp",
        ),
    ],
)
def test_the_name_of_a_file(photos: Path, query: str, expected: str) -> None:
    service = ImageService(photos)
    for range in ({}, {"range": "bytes=0-3"}):
        assert get(service, query, **range).header("content-disposition") == expected


def test_a_name_is_no_part_of_the_picture(photos: Path) -> None:
    service = ImageService(photos)
    shown = get(service, "w=9")
    for dl in ("dl=1", "dl=a.jpg"):
        saved_as = get(service, f"w=9&{dl}")
        assert saved_as.header("etag") == shown.header("etag")
        assert saved_as.body == shown.body
        unchanged = get(service, f"w=9&{dl}", if_none_match=shown.header("etag"))
        assert unchanged.status == 304
        assert unchanged.header("content-disposition") is None
    assert get(service, "w=9&dl=").status == 400
    assert b'"dl"' in get(service, "w=9&dl=").body
    assert get(service, "w=9&dl=1&dl=2").status == 400
    assert get(service, "dl=1", id="none").header("content-disposition") is None
    # Like `v`, it leaves the default in place and is allowed where presets alone are.
    strict = ImageService(photos, presets_only=True, default="w=9")
    assert get(strict, "dl=1").header("etag") == shown.header("etag")


def test_a_key_for_a_cdn(photos: Path) -> None:
    service = ImageService(photos, surrogate_keys=True)
    key = service.surrogate_key(ID)
    assert re.fullmatch(r"[\w-]{22}", key)
    answers = [
        get(service, "w=9"),
        get(service, "w=20&fm=png"),
        get(service, "w=9", range="bytes=0-3"),
        get(service, "w=9", if_none_match="*"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 206, 304]
    for answer in answers:
        assert answer.header("surrogate-key") == answer.header("cache-tag") == key
    (photos / ID).write_bytes(saved(quadrants(), "BMP"))  # another version: the same key
    assert get(service, "w=9").header("surrogate-key") == key
    others = {
        service.surrogate_key("half.jpg"),
        ImageService(photos, namespace="x").surrogate_key(ID),
        ImageService(photos, surrogate_keys=True).surrogate_key(ID),
    }
    assert key in others
    assert len(others) == 3
    assert ImageService(photos, id_type=int).surrogate_key(7)
    assert get(ImageService(photos), "w=9").header("surrogate-key") is None


def steps(answer: ImageResponse) -> list[str]:
    field = answer.header("server-timing")
    assert field is not None
    # W3C Server Timing: metric = token *( ";" "dur" "=" number )
    metrics = [re.fullmatch(r"([a-z]+);dur=\d+\.\d{3}", metric) for metric in field.split(", ")]
    assert all(metrics)
    return [metric[1] for metric in metrics if metric]


def test_the_steps_of_an_answer(photos: Path) -> None:
    service = ImageService(photos, server_timing=True, recheck=0)
    made = ["open", "probe", "cache", "wait", "decode", "render", "make"]
    assert steps(get(service, "w=9")) == made
    assert steps(get(service, "w=9")) == ["open", "probe", "cache"]
    assert steps(get(service, "w=9", if_none_match="*")) == ["open", "probe"]
    assert steps(get(service, id="half.jpg")) == [step for step in made if step != "render"]
    assert steps(get(service, id="none")) == ["open"]
    assert get(service, "w=x").header("server-timing") is None  # nothing was done
    assert get(ImageService(photos), "w=9").header("server-timing") is None


def test_inner_steps_need_be_handed_nothing() -> None:
    measured = timing.Steps()
    with timing.step("before"):
        pass
    with timing.measured(measured):
        assert timing.current() is measured
        with timing.step("a"), pytest.raises(ValueError, match="x"), timing.step("b"):
            raise ValueError("x")
        with timing.step("a"):
            pass
        with timing.measured(None), timing.step("c"):
            pass
    assert timing.current() is None
    assert re.sub(r"\d+\.\d{3}", "0", measured.header()) == "b;dur=0, a;dur=0"
    measured.add("d", 1.0, 1.0123456)
    assert measured.header().endswith(", d;dur=12.346")


def test_problem_documents() -> None:
    # RFC 9457, 3.1.1: without `type` it is "about:blank"; 4.2.1: then the title is the phrase of
    # the status, here RFC 9110's own, 15.5.
    phrases = {
        400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type",
        416: "Range Not Satisfiable", 422: "Unprocessable Content", 503: "Service Unavailable",
    }  # fmt: skip
    assert {status for status, _ in CODES.values()} == {*phrases}
    for code, (status, _) in CODES.items():
        document: dict[str, Any] = json.loads(problem(status, code, "why", {"limit": 3}))
        assert document == {
            "title": phrases[status], "status": status, "code": code, "detail": "why", "limit": 3
        }  # fmt: skip
        assert HTTPStatus(status)
