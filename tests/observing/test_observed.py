"""An observer's view of each answer: compared with the answer, and with the work for it."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import get, request
from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ClientGoneError, ImageError, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.observing import Gauges, Observation, Observers
from imgmiddleware.observing.observation import OUTCOMES, STEPS, TIERS
from imgmiddleware.service.timing import step
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import quadrants, saved

PACKAGE = Path(__file__).parents[2] / "imgmiddleware"
DATA = saved(quadrants(400, 300), "JPEG")


class Noting:
    def __init__(self) -> None:
        self.seen: list[Observation] = []
        self.gauges: Callable[[], Gauges]

    def answered(self, seen: Observation) -> None:
        self.seen.append(seen)

    def watches(self, gauges: Callable[[], Gauges]) -> None:
        self.gauges = gauges

    def last(self) -> Observation:
        (seen,) = self.seen
        self.seen.clear()
        return seen


@pytest.fixture
def noting() -> Iterator[Noting]:
    """Whatever is told is of the sets that are said to be closed."""
    noting = Noting()
    told = noting.answered

    def answered(seen: Observation) -> None:
        assert seen.outcome in OUTCOMES
        assert seen.tier in TIERS
        assert {step.name for step in seen.steps} <= {*STEPS}
        told(seen)

    noting.answered = answered  # type: ignore[method-assign]
    yield noting
    assert noting.seen == []  # nothing is told twice


def source(id: str) -> Any:
    return {"a": DATA, "half": DATA[: len(DATA) // 2], "text": b"no picture"}.get(id)


@pytest.mark.parametrize(
    ("asked", "outcome", "status", "format"),
    [
        ({"query": "w=9"}, "shown", 200, "jpg"),
        ({"query": "w=9&fm=png"}, "shown", 200, "png"),
        ({"query": "w=9", "accept": "image/webp"}, "shown", 200, "webp"),
        ({"query": "w=9&fm=pjpg"}, "shown", 200, "jpg"),  # as it has the media type of the other
        ({"query": "fm=json"}, "shown", 200, "json"),
        ({"query": "fm=blurhash"}, "shown", 200, "text"),
        ({"query": "w=9", "range": "bytes=0-9"}, "shown", 206, "jpg"),
        ({"query": "w=9", "range": "bytes=90000-"}, "range-not-satisfiable", 416, "none"),
        ({"query": "w=9", "if_match": '"x"'}, "precondition-failed", 412, "none"),
        ({"query": "w=9", "if_none_match": "*"}, "not-modified", 304, "none"),
        ({"query": "w=9", "method": "OPTIONS"}, "options", 204, "none"),
        ({"query": "w=9", "method": "POST"}, "method-not-allowed", 405, "none"),
        ({"query": "w=x"}, "malformed-parameter", 400, "none"),
        ({"id": "none"}, "not-found", 404, "none"),
        ({"id": "half"}, "damaged-original", 422, "none"),
        ({"id": "text"}, "unknown-format", 415, "none"),
        ({"id": "a/info.json"}, "shown", 200, "other"),
        ({"accept": "application/ld+json"}, "redirected", 303, "none"),
    ],
    ids=str,
)  # fmt: skip
def test_what_came_of_a_request(
    asked: dict[str, Any], outcome: str, status: int, format: str, noting: Noting
) -> None:
    viewers = {"iiif": "accept" in asked or "info.json" in asked.get("id", "")}
    service = ImageService(source, observer=noting, base_url="https://a.example", **viewers)
    answer = service.handle(request(**asked))
    assert answer is not None
    assert answer.status == status
    seen = noting.last()
    assert (seen.outcome, seen.status, seen.format) == (outcome, status, format)
    assert seen.bytes == len(answer.body)
    is_made = status in (200, 206) and "info.json" not in asked.get("id", "")
    assert seen.tier == ("render" if is_made else "none")
    assert seen.route == "/image/{id}"
    method = asked.get("method", "GET")
    assert seen.method == (method if method in ("GET", "OPTIONS") else "other")


def test_where_a_picture_comes_from(tmp_path: Path, noting: Noting) -> None:
    options: dict[str, Any] = {"observer": noting, "cache_dir": tmp_path}
    first = ImageService(source, **options)
    asked = request("w=9&fm=png")
    assert first.handle(asked)
    assert noting.last().tier == "render"
    assert first.handle(asked)
    assert noting.last().tier == "memory"
    assert first.ready(asked)
    assert noting.last().tier == "memory"
    assert first.ready(request("w=8")) is None  # which is asked for once more, and told then
    other = ImageService(source, **options)
    assert other.handle(asked)
    seen = noting.last()
    assert (seen.tier, seen.format, seen.outcome) == ("disk", "png", "shown")
    assert other.handle(request("w=9&fm=png", method="HEAD"))
    seen = noting.last()
    assert (seen.tier, seen.method, seen.bytes) == ("memory", "HEAD", 0)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"method": "HEAD"},
        {"if_none_match": "*"},
        {"if_match": '"x"'},
        {"range": "bytes=0-9"},
        {"range": "bytes=90000-"},
    ],
    ids=str,
)
def test_an_answer_of_the_loop_is_told_as_others_are(asked: dict[str, Any], noting: Noting) -> None:
    """But for its measurements."""
    service = ImageService(source, observer=noting)
    get(service, "w=9")
    noting.last()
    told = []
    for answer in (service.handle, service.ready):
        assert answer(request("w=9", **asked)) is not None
        told.append(noting.last())
    assert told[0]._replace(seconds=0, steps=()) == told[1]


def test_a_file_whose_path_was_sent_a_moment_ago_is_of_the_disk(
    tmp_path: Path, noting: Noting
) -> None:
    service = ImageService(source, observer=noting, cache_dir=tmp_path, cache_bytes=0)
    for tier in ("render", "disk"):
        answer = service.handle(request("w=9"))
        assert answer is not None
        if not isinstance(answer.body, bytes):
            assert answer.body.path()
        answer.close()
        assert noting.last().tier == tier
    assert service.ready(request("w=9")) is not None
    assert (seen := noting.last()).tier == "disk"
    assert seen.bytes > 100


def test_who_waits_for_the_render_of_another_is_told_as_such(noting: Noting) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def array() -> np.ndarray[Any, Any]:
        begun.set()
        assert go_on.wait(10)
        return np.zeros((9, 9), np.uint8)

    from imgmiddleware import ArrayOriginal

    service = ImageService(
        lambda id: ArrayOriginal(array, version=1, shape=(9, 9), dtype="uint8"), observer=noting
    )
    threads = [threading.Thread(target=get, args=(service, "fm=png")) for _ in range(2)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    while noting.gauges().waiting == 0:
        time.sleep(0.001)
    assert noting.gauges().busy == 1
    go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(seen.tier for seen in noting.seen) == ["merged", "render"]
    noting.seen.clear()
    assert (noting.gauges().busy, noting.gauges().waiting) == (0, 0)


def test_the_steps_are_those_of_server_timing(noting: Noting) -> None:
    service = ImageService(source, observer=noting, server_timing=True, recheck=0)
    for query in ("w=9", "w=9&fm=png", "w=8&crop=edges&fit=crop&h=3", "w=x"):
        answer = get(service, query)
        told = dict(re.findall(r"(\w+);dur=([\d.]+)", answer.header("server-timing") or ""))
        seen = noting.last()
        assert {step.name: f"{1000 * step.seconds:.3f}" for step in seen.steps} == told
        ends = [step.start + step.seconds for step in seen.steps]
        assert all(step.start >= 0 for step in seen.steps)
        assert max(ends, default=0) <= seen.seconds


def test_without_server_timing_nobody_else_is_told(noting: Noting) -> None:
    assert get(ImageService(source, observer=noting), "w=9").header("server-timing") is None
    assert noting.last().steps


def test_a_hit_in_memory_is_not_measured(noting: Noting) -> None:
    service = ImageService(source, observer=noting)
    get(service, "w=9")
    noting.last()
    get(service, "w=9")
    assert noting.last().steps == ()


def test_all_steps_that_the_package_takes_are_known() -> None:
    taken = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r'timing\.step\("(\w+)"', path.read_text())
    }
    assert taken == {*STEPS} - {"other"}


def test_a_picture_that_stands_in_and_the_one_that_is_made_meanwhile(
    tmp_path: Path, noting: Noting
) -> None:
    file = tmp_path / "a"
    file.write_bytes(DATA)
    service = ImageService(tmp_path, observer=noting, serve_stale=60, recheck=0)
    get(service, "w=9&fm=png")
    assert noting.last().outcome == "shown"
    file.write_bytes(saved(quadrants(200, 300), "JPEG"))
    assert get(service, "w=9&fm=png").status == 200
    until = time.monotonic() + 10
    while len(noting.seen) < 2 and time.monotonic() < until:
        time.sleep(0.001)
    seen = {seen.outcome: seen for seen in noting.seen}
    assert (seen["stale"].tier, seen["stale"].status) == ("memory", 200)
    assert (seen["meanwhile"].tier, seen["meanwhile"].bytes, seen["meanwhile"].status) == (
        "render",
        0,
        0,
    )
    noting.seen.clear()


def test_what_is_shown_while_the_source_is_cut_off(noting: Noting) -> None:
    fails = False

    def failing(id: str) -> bytes:
        if fails:
            raise ImageError("source-unavailable", "the disk is gone")
        return DATA

    service = ImageService(failing, observer=noting, recheck=0)
    get(service, "w=9")
    noting.last()
    fails = True
    assert get(service, "w=9").status == 200
    assert (seen := noting.last()).outcome == "stale"
    assert seen.tier == "memory"
    assert get(service, "w=8").status == 503
    assert noting.last().outcome == "source-unavailable"


def test_a_refusal_stays_one_whatever_is_shown(noting: Noting) -> None:
    service = ImageService(source, observer=noting, fallback=DATA)
    for tier in ("none", "none"):
        assert get(service, "w=9", id="none").status == 404
        seen = noting.last()
        assert (seen.outcome, seen.status, seen.tier, seen.format) == (
            "not-found",
            404,
            tier,
            "none",
        )
        assert seen.bytes
    shows = ImageService(source, observer=noting, damaged="show")
    assert get(shows, "w=9", id="half").status == 200
    seen = noting.last()
    assert (seen.outcome, seen.tier, seen.format) == ("damaged-original", "render", "jpg")


def test_nobody_was_answered(noting: Noting) -> None:
    def broken(id: str) -> bytes:
        raise RuntimeError(id)

    with pytest.raises(RuntimeError):
        get(ImageService(broken, observer=noting))
    assert noting.last().outcome == "failed"
    with pytest.raises(ClientGoneError):
        ImageService(source, observer=noting).handle(request(), gone=lambda: True)
    assert (seen := noting.last()).outcome == "gone"
    assert seen.status == 0
    assert ImageService(source, observer=noting, missing="pass").handle(request(id="none")) is None


def test_a_route_of_the_application_has_its_own_name(noting: Noting) -> None:
    from dataclasses import replace

    service = ImageService(source, observer=noting, prefix="/pictures/")
    service.handle(replace(request(), path="/pictures/a", id="a"))
    assert noting.last().route is None
    service.handle(replace(request(), path="/pictures/a", mount="/site"))
    assert noting.last().route == "/site/pictures/{id}"


def test_both_adapters_tell_the_same(noting: Noting) -> None:
    wsgi = WSGIImageMiddleware(plain_wsgi, source, observer=noting)
    asgi = ASGIImageMiddleware(plain_asgi, source, observer=noting)
    for path in ("/image/a?w=9", "/image/a?w=9", "/image/none", "/elsewhere"):
        told = []
        for call, app in ((call_wsgi, wsgi), (call_asgi, asgi)):
            call(app, path)
            told.append([seen._replace(seconds=0, steps=()) for seen in noting.seen])
            noting.seen.clear()
        assert told[0] == told[1]
        assert len(told[0]) == (path != "/elsewhere")


def test_steps_of_an_application(noting: Noting) -> None:
    told = []
    noting.answered = told.append  # type: ignore[method-assign]

    def slow(id: str) -> bytes:
        with step("database"):
            return DATA

    get(ImageService(slow, observer=noting))
    assert "database" in [step.name for step in told[0].steps]


def test_an_observer_that_fails_harms_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Noting):
        def answered(self, seen: Observation) -> None:
            raise RuntimeError("no more disk")

    service = ImageService(source, observer=Failing())
    with caplog.at_level(logging.ERROR):
        assert [get(service, "w=9").status for _ in range(3)] == [200] * 3
    (record,) = caplog.records
    assert "observer" in record.message
    assert record.exc_info


def test_several_observers(noting: Noting) -> None:
    other = Noting()
    service = ImageService(source, observer=Observers(noting, other))
    get(service, "w=9")
    assert other.last() == noting.last()
    assert other.gauges() == noting.gauges() == service.gauges()


def test_one_of_several_that_fails_keeps_nothing_from_the_others(
    noting: Noting, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Noting):
        def answered(self, seen: Observation) -> None:
            raise RuntimeError("no more disk")

    service = ImageService(source, observer=Observers(Failing(), noting))
    with caplog.at_level(logging.ERROR):
        assert get(service, "w=9").status == 200
    assert noting.last().outcome == "shown"
    assert len(caplog.records) == 1


def test_gauges(tmp_path: Path) -> None:
    service = ImageService(
        source, cache_dir=tmp_path, render_slots=3, max_memory=2**30, max_source_memory=2**30
    )
    before = service.gauges()
    assert (before.slots, before.busy, before.waiting) == (3, 0, 0)
    assert (before.memory_bytes, before.memory_most) == (0, 2**30)
    size = len(get(service, "w=9&fm=png").read())
    after = service.gauges()
    held = after.holding
    assert held == service.holding()
    assert held["memory"].entries == held["disk"].entries == 1
    assert held["memory"].bytes >= size
    assert after.memory_bytes == sum(held[place].bytes for place in ("memory", "decoded"))


@pytest.mark.parametrize(
    "wrong",
    [Noting, object(), lambda seen: None, "prometheus"],
    ids=["class", "object", "function", "text"],
)
def test_what_is_no_observer(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^observer: .* `answered` and `watches`"):
        ImageService(source, observer=wrong)


@pytest.mark.parametrize("name", ["answered", "watches"])
def test_an_async_observer_would_never_be_told(name: str) -> None:
    async def later(_: Any) -> None:
        raise AssertionError

    noting = Noting()
    setattr(noting, name, later)
    for given in (noting, Observers(Noting(), noting)):
        with pytest.raises(ValueError, match=r"^observer: .* are not async"):
            ImageService(source, observer=given)
