"""The order of the steps: cheap ones come first, and decisions need no pixels."""

from __future__ import annotations

import logging
import os
import threading
import time
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest
from PIL import Image

from asking import request
from counting import counted
from imgmiddleware import ClientGoneError, ImageError, ImageRequest, ImageService, Work
from imgmiddleware.cache import superseded, ttl
from imgmiddleware.messages import Result
from imgmiddleware.service.admission.deadline import Deadline
from imgmiddleware.service.making import stills
from originals import Stored
from pictures import BLUE, RED, close, corners, moving, opened, pixels_of, quadrants, saved


@pytest.fixture
def source() -> Stored:
    return Stored(saved(quadrants(), "JPEG", quality=95, subsampling=0), id="a")


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return counted(monkeypatch, "render")


def test_what_the_text_refuses_opens_nothing(source: Stored) -> None:
    images = ImageService(source)
    for asked in (request("w=x"), request(id=""), request(method="POST")):
        assert images.handle(asked).status >= 400
    forbidden = ImageService(source, authorize=lambda request: False)
    assert forbidden.handle(request()).status == 403
    assert source.opens == 0


def test_a_304_reads_nothing_and_decodes_nothing(source: Stored, renders: list[Any]) -> None:
    images = ImageService(source)
    etag = images.handle(request("w=9")).header("etag")
    reads = source.reads
    assert len(renders) == 1
    answer = images.answer(request("w=9", if_none_match=etag))
    assert not isinstance(answer, Work)
    assert (answer.status, answer.body) == (304, b"")
    assert (source.reads, len(renders)) == (reads, 1)
    assert source.closes == source.opens


def test_an_etag_is_known_before_anything_is_decoded(source: Stored) -> None:
    images = ImageService(source)
    known = images.answer(request("w=9", if_none_match="*"))
    assert not isinstance(known, Work)
    assert known.status == 304
    assert images.handle(request("w=9")).header("ETag") == known.header("ETag")
    assert source.closes == source.opens


def test_a_header_is_read_once_a_version(source: Stored) -> None:
    images = ImageService(source, recheck=0)
    images.handle(request("w=9"))
    reads = source.reads
    images.handle(request("w=2000&enlarge=1"))  # of another level: the file once, and no header
    assert source.reads == reads + 1
    source.version = "2"
    images.handle(request("w=9"))
    assert source.reads == reads + 3


def test_a_picture_is_made_once(source: Stored, renders: list[Any]) -> None:
    images = ImageService(source, recheck=0)
    first = images.handle(request("w=9"))
    assert images.answer(request("w=9")) == first  # without any Work
    assert len(renders) == 1
    source.version = "2"
    assert images.handle(request("w=9")).header("etag") != first.header("etag")
    assert len(renders) == 2


def srcset() -> list[int]:
    """The widths of imgix's clients by their documentation: from 100 to 8192 pixels, each wider by
    twice the tolerance of 8 % than the one before, and then rounded.
    """
    widths, width = [], 100.0
    while width < 8192:
        widths.append(round(width))
        width *= 1.16
    return [*widths, 8192]


def test_widths_beyond_an_original_are_one_picture(renders: list[Any]) -> None:
    assert len(srcset()) == 31
    images = ImageService(Stored(saved(quadrants(2250, 6), "JPEG")))
    answers = [images.handle(request(f"w={width}")) for width in (*srcset(), 2250)]
    answers.append(images.handle(request()))
    narrower = [width for width in srcset() if width < 2250]
    assert len(renders) == len({answer.read() for answer in answers}) == len(narrower) + 1
    assert len({answer.header("ETag") for answer in answers}) == len(renders)
    assert images.holding()["memory"].entries == len(renders)


def test_work_that_nobody_wants_lets_go_of_its_original(source: Stored) -> None:
    work = ImageService(source).answer(request())
    assert isinstance(work, Work)
    work.close()
    assert source.closes == source.opens == 1


def test_nobody_is_rendered_for_who_has_gone(source: Stored, renders: list[Any]) -> None:
    images = ImageService(source, render_slots=1)
    with pytest.raises(ClientGoneError):
        images.handle(request(), lambda: True)
    assert (renders, source.closes) == ([], source.opens)
    assert images.handle(request()).status == 200  # the slot is free again


def test_who_goes_while_waiting_for_a_slot_leaves_the_queue(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = ImageService(source, render_slots=1)
    started, finish = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Result:
        started.set()
        assert finish.wait(30)
        return Result(b"body", "image/jpeg")

    monkeypatch.setattr(stills, "render", slow)
    holder = threading.Thread(target=images.handle, args=(request(),))
    holder.start()
    assert started.wait(30)
    polls = iter([False, False, True])
    with pytest.raises(ClientGoneError):
        images.handle(request(), lambda: next(polls))
    finish.set()
    holder.join(30)
    assert images.handle(request()).body == b"body"


def test_a_full_queue_is_a_503_at_once_and_304s_go_on(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = ImageService(source, render_slots=1, max_waiting=2)
    finish = threading.Semaphore(0)

    def slow(*arguments: Any) -> Result:
        assert finish.acquire(timeout=30)
        return Result(b"body", "image/jpeg")

    monkeypatch.setattr(stills, "render", slow)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(images.handle(request()).status)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    places = images._pictures._admission._limit._taken
    while places.total() < 2 and time.monotonic() < deadline:  # both are taken
        time.sleep(0.01)
    answer = images.handle(request())
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    assert b'"busy"' in answer.body
    assert images.handle(request(if_none_match="*")).status == 304
    for _ in threads:
        finish.release()
    for thread in threads:
        thread.join(30)
    assert statuses == [200, 200, 200]
    assert source.opens == source.closes


def test_missing_pass_asks_its_source_once(source: Stored) -> None:
    assert ImageService(source, missing="pass").handle(request()).status == 200
    assert source.opens == source.closes == 1


def test_an_original_that_changes_meanwhile_is_a_503_that_says_when(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(saved(quadrants(), "BMP"))
    work = ImageService(tmp_path).answer(request())
    assert isinstance(work, Work)
    os.utime(tmp_path / "a", (1, 1))
    answer = work.run()
    assert (answer.status, answer.header("Retry-After")) == (503, "1")
    assert answer.header("Cache-Control") == "no-store"


def test_a_replaced_original_is_another_picture(tmp_path: Path) -> None:
    images = ImageService(tmp_path, recheck=0)
    (tmp_path / "a").write_bytes(saved(quadrants(), "BMP"))
    first, link = images.handle(request()), images.url("a")
    (tmp_path / "new").write_bytes(saved(quadrants()[::-1].copy(), "BMP"))
    (tmp_path / "new").rename(tmp_path / "a")
    second = images.handle(request(if_none_match=first.header("etag")))
    assert second.status == 200
    assert close(corners(pixels_of(second.body))[3], RED)
    assert images.url("a") != link


def test_what_was_seen_a_moment_ago_is_answered_without_a_file(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(ttl.time, "monotonic", lambda: now)
    images = ImageService(source, recheck=1)
    assert images.ready(request("w=9")) is None
    first = images.handle(request("w=9"))
    source.version = "2"
    assert images.ready(request("w=9")) == first
    assert images.ready(request("w=9", if_none_match=first.header("etag"))).status == 304
    assert images.ready(request("w=9", if_match='"other"')).status == 412
    head = images.ready(replace(request("w=9"), method="HEAD"))
    assert (head.headers, head.body) == (first.headers, b"")
    assert source.opens == 1
    for other in (request("w=8"), request("w=9", accept="image/webp")):
        assert images.ready(other) is None
    assert images.ready(replace(request("w=9"), method="OPTIONS")) is None
    now = 101.5
    assert images.ready(request("w=9")) is None
    second = images.handle(request("w=9"))
    assert second.header("etag") != first.header("etag")
    assert source.opens == 2


def test_a_question_of_kilobytes_is_not_remembered(source: Stored) -> None:
    """Four thousand of them, of any header's length, would be hundreds of megabytes."""
    images = ImageService(source, recheck=60, serve_stale=60)
    for length, remembered in ((500, True), (2000, False)):
        asked = request("w=9", accept="image/webp," + "x/y," * (length // 4))
        assert images.handle(asked).status == 200
        assert (images.ready(asked) is not None) is remembered


def test_authorize_that_nobody_would_await_is_refused(source: Stored) -> None:
    """The value of an async function is always true."""

    async def forbids(request: ImageRequest) -> bool:
        return False

    class Forbids:
        async def __call__(self, request: ImageRequest) -> bool:
            return False

    for authorize in (forbids, Forbids(), partial(forbids)):
        with pytest.raises(ValueError, match=r"authorize: .* async"):
            ImageService(source, authorize=authorize)
    said: list[Any] = []
    images = ImageService(source, authorize=lambda r: (said.append(forbids(r)), said[-1])[1])
    with pytest.raises(TypeError, match="authorize"):
        images.handle(request())
    said[0].close()
    assert source.opens == 0


@pytest.mark.parametrize(("id_type", "id"), [(str, "7"), (int, 7), (UUID, UUID(int=7))])
def test_authorize_gets_the_id_as_the_source_does(id_type: Any, id: Any) -> None:
    seen: list[Any] = []
    asked: list[Any] = []
    images = ImageService(
        asked.append,
        id_type=id_type,
        authorize=lambda request: bool(seen.append(request.id) or True),
    )
    made = request(id=str(id))
    assert (made.id, images.handle(made).status) == (None, 404)
    assert seen == asked == [id]
    assert type(seen[0]) is id_type


def test_what_is_private_by_option_is_so_wherever_a_picture_may_be_kept(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = ImageService(source, private=True, serve_stale=60, recheck=0, stale_while_revalidate=9)
    first = images.handle(request())
    kept = "private, max-age=300, stale-while-revalidate=9"
    assert first.header("cache-control") == kept
    again = images.handle(request(if_none_match=first.header("etag")))
    assert (again.status, again.header("cache-control")) == (304, kept)
    token = images.url("a").partition("v=")[2]
    linked = images.handle(request(f"v={token}")).header("cache-control")
    assert linked == "private, max-age=31536000, immutable"
    go = threading.Event()
    monkeypatch.setattr(stills, "render", lambda *all: go.wait(30) and Result(b"", "image/png"))
    source.version = "2"
    stale = images.handle(request())
    go.set()
    assert (stale.status, stale.body) == (200, first.body)
    assert stale.header("cache-control") == "private, no-cache"
    assert images.handle(request(id="none", query="x=1")).header("cache-control") == "no-store"


def test_nothing_is_recalled_past_authorize(source: Stored) -> None:
    allowed = [True, True, False]
    images = ImageService(source, authorize=lambda request: allowed.pop(0))
    assert [images.handle(request()).status for _ in range(2)] == [200, 200]
    assert images.ready(request()) is None
    assert images.handle(request()).status == 403


def test_the_picture_before_stands_in_while_the_new_one_is_made(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(superseded.time, "monotonic", lambda: now)
    go = threading.Event()
    real = stills.render

    def slow(*arguments: Any) -> Result:
        assert go.wait(30)
        return real(*arguments)

    images = ImageService(source, recheck=0, serve_stale=5)
    old = images.handle(request())
    monkeypatch.setattr(stills, "render", slow)
    source.version = "2"
    for _ in range(3):
        stale = images.handle(request())
        assert (stale.status, stale.body) == (200, old.body)
        assert stale.header("etag") == old.header("etag")
        assert stale.header("cache-control") == "public, no-cache"
    assert images.handle(request(if_none_match=old.header("etag"))).status == 304
    go.set()
    deadline = time.time() + 30
    while images.handle(request()).header("etag") == old.header("etag") and time.time() < deadline:
        time.sleep(0.01)
    new = images.handle(request())
    assert (new.status, new.header("cache-control")) == (200, "public, max-age=300")
    assert new.header("etag") != old.header("etag")
    assert source.opens == source.closes


def test_a_picture_stands_in_only_so_long(source: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(superseded.time, "monotonic", lambda: now)
    images = ImageService(source, recheck=0, serve_stale=5, render_slots=1)
    old = images.handle(request())
    source.version = "2"
    with images._pictures._admission.admitted(0, Deadline(30, lambda: False)):  # none is made
        assert images.handle(request()).header("etag") == old.header("etag")
        now = 105.0
        assert images.handle(request()).header("etag") == old.header("etag")
        now = 105.1
        assert isinstance(work := images.answer(request()), Work)
    assert work.run().header("etag") != old.header("etag")


def test_purge_forgets_an_original(source: Stored, renders: list[Any]) -> None:
    images = ImageService(source)
    for query in ("w=9", "w=8", "w=9"):
        images.handle(request(query))
    assert len(renders) == 2
    assert images.holding()["memory"].entries == 2
    assert images.purge("b") == 0
    assert images.purge("a") == 2
    assert images.holding()["memory"].entries == images.holding()["decoded"].entries == 0
    images.handle(request("w=9"))
    assert len(renders) == 3


def test_damage_is_remembered_for_a_moment(source: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(ttl.time, "monotonic", lambda: now)
    source.data = source.data[: source.size // 2].ljust(source.size, b"\0")
    images = ImageService(source, remember_errors=10)
    first = images.handle(request("w=9"))
    assert first.status == 422
    reads = source.reads
    again = images.handle(request("w=8"))  # of any size
    assert (again.status, again.body, source.reads) == (422, first.body, reads)
    assert images.handle(request("w=8", if_none_match="*")).status == 422
    now = 110.5
    assert images.handle(request("w=9")).status == 422
    assert source.reads > reads


def test_a_precondition_says_nothing_about_an_original_that_was_damaged_a_moment_ago(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: Any) -> Any:
        raise ImageError("damaged-original", "as only its decoder can tell")

    monkeypatch.setattr(stills, "decode_original", failing)
    images = ImageService(source, recheck=60)
    for headers in ({}, {"if_none_match": "*"}, {"if_match": '"other"'}):
        assert images.handle(request("w=9", **headers)).status == 422
    assert images.ready(request("w=9", if_none_match="*")) is None


def test_where_no_thread_is_to_be_had_the_next_request_tries_again(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = ImageService(source, recheck=0, serve_stale=5)
    old = images.handle(request())
    source.version = "2"

    def failing(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", failing)
    assert images.handle(request()).header("etag") == old.header("etag")
    assert source.opens == source.closes


def test_a_failure_behind_a_stand_in_is_logged(
    source: Stored, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    images = ImageService(source, recheck=0, serve_stale=5)
    images.handle(request())
    source.version = "2"

    def failing(*arguments: Any) -> Result:
        raise RuntimeError("an operation of the application's")

    monkeypatch.setattr(stills, "render", failing)
    assert images.handle(request()).status == 200
    until = time.monotonic() + 30
    while not caplog.records and time.monotonic() < until:
        time.sleep(0.01)
    [record] = caplog.records
    assert "id='a'" in record.getMessage()
    assert record.exc_info is not None
    assert source.opens == source.closes


def test_damage_in_a_later_frame_takes_the_first_from_nobody() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3, 40, 40, 3), np.uint8)
    data = bytearray(moving([*map(Image.fromarray, noise)], "PNG", duration=100))
    last = data.rindex(b"fdAT") + 8  # behind its sequence number, which is checked by the header
    length = int.from_bytes(data[last - 12 : last - 8], "big") - 4
    data[last + length // 2 : last + length] = bytes(length - length // 2)
    chunk = data[last - 8 : last + length]
    data[last + length : last + length + 4] = zlib.crc32(chunk).to_bytes(4, "big")
    images = ImageService(lambda id: bytes(data), recheck=0)
    for query, status in (("w=9&fm=png", 200), ("anim=1&fm=webp", 422), ("w=9&fm=png", 200)):
        assert images.handle(request(query)).status == status
    assert images.handle(request("w=8&fm=png")).status == 200


def test_one_line_a_refusal_with_id_and_code(
    source: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    images = ImageService(source, max_source_pixels=9)
    with caplog.at_level(logging.INFO, "imgmiddleware"):
        images.handle(request())
        images.handle(request(id="b\n"))
    logged = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert [level for level, _ in logged] == ["WARNING", "INFO"]
    assert "id='a' status=413 code=source-pixels" in logged[0][1]
    assert r"id='b\n' status=404 code=not-found" in logged[1][1]
    assert "\n" not in logged[1][1]


@pytest.mark.parametrize(
    "query", ["a%0Ab=1", "a%0Ab=1&a%0Ab=1", "w=1%0A", "preset=%0A", "%0A", "fit=%0A", "auto=%0A"]
)
@pytest.mark.parametrize("options", [{}, {"presets": {"a": "w=9"}, "presets_only": True}])
def test_nobody_writes_a_line_of_their_own_into_the_log(
    source: Stored, caplog: pytest.LogCaptureFixture, query: str, options: Any
) -> None:
    with caplog.at_level(logging.INFO, "imgmiddleware"):
        answer = ImageService(source, **options).handle(request(query))
        ImageService(source).handle(ImageRequest("A\nB", "/image/a"))
    assert answer.status == 400
    assert len(caplog.records) == 2
    assert not any("\n" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("code", ["source-unavailable", "original-changed"])
def test_a_link_of_a_source_that_fails_has_no_token(
    source: Stored, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def failing(id: str) -> Any:
        raise ImageError(code, "on purpose")

    monkeypatch.setattr(source, "open", failing)
    assert ImageService(source).url("a", w=9) == "/image/a?w=9"
    code = "forbidden"  # which asking again does not change
    with pytest.raises(ImageError, match="on purpose"):
        ImageService(source).url("a", w=9)


def test_links(source: Stored) -> None:
    images = ImageService(source, prefix="/p")
    token = images.url("a").partition("?v=")[2]
    assert len(token) >= 8
    assert images.url("a", w=800, fit="crop", enlarge=True, fm="png") == (
        f"/p/a?w=800&fit=crop&enlarge=1&fm=png&v={token}"
    )
    assert images.url("a", mount="/site/", w=0.5) == f"/site/p/a?w=0.5&v={token}"
    assert images.url("é/ü?#.jpg") == "/p/%C3%A9/%C3%BC%3F%23.jpg"
    source.version = "2"
    assert images.url("a") != f"/p/a?v={token}"
    with pytest.raises(ImageError, match="w"):
        images.url("a", w="x")
    uuids, id = ImageService(source, id_type=UUID), UUID(int=10)
    assert uuids.url(id, w=9) == "/image/00000000-0000-0000-0000-00000000000a?w=9"
    assert uuids.purge(id) == 0
    with pytest.raises(ImageError, match="UUID"):
        uuids.url(7)
    numbers = ImageService(source, id_type=int)
    assert numbers.url(7, auto="format,compress") == "/image/7?auto=format,compress"
    with pytest.raises(ImageError, match="whole number"):
        numbers.url("x")
    with pytest.raises(ImageError, match="UTF-8"):
        images.url("\udcff.png")


@pytest.mark.parametrize("order", ["bgr", "rgb"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_an_array_is_an_original_like_any_other(order: Any, dtype: Any) -> None:
    scale = {np.uint8: 1, np.uint16: 257, np.float64: 1 / 255}[dtype]
    array = (quadrants().astype(np.float64) * scale).astype(dtype)
    if order == "bgr":
        array = array[..., ::-1]
    images = ImageService(lambda id: array, array_order=order)
    answer = images.handle(request("w=0.5&fm=png"))
    assert opened(answer.body).size == (32, 24)
    assert close(corners(pixels_of(answer.body))[:3:2], [RED, BLUE], 1)
    assert images.handle(request("w=0.5&fm=png", if_none_match=answer.header("etag"))).status == 304


def test_an_array_with_alpha_and_a_gray_one() -> None:
    clear = np.dstack((quadrants()[..., ::-1], np.full((48, 64), 100, np.uint8)))
    answer = ImageService(lambda id: clear).handle(request())
    assert answer.header("content-type") == "image/png"
    assert corners(pixels_of(answer.body, "RGBA"))[0] == (*RED, 100)
    ramp = np.linspace(0, 1, 300).reshape(12, 25)  # no sample is halfway between two of 255
    gray = ImageService(lambda id: ramp).handle(request("fm=png"))
    assert opened(gray.body).mode == "L"
    assert close(pixels_of(gray.body, "L"), np.rint(ramp * 255), 0)


def test_limits_hold_for_arrays_too() -> None:
    images = ImageService(lambda id: np.zeros((10, 10), np.uint8), max_source_pixels=99)
    assert images.handle(request()).status == 413


def test_a_failing_encoder_is_our_bug(source: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *arguments: (False, None))
    with pytest.raises(RuntimeError, match=r"refused .* as \.jpg"):
        ImageService(source).handle(request())


def test_a_picture_too_long_for_its_format() -> None:
    long = np.zeros((1, 20_000), np.uint8)
    images = ImageService(lambda id: long, max_result_width=30_000)
    refused = images.answer(request("fm=webp"))
    assert not isinstance(refused, Work)  # before anything is rendered
    assert refused.status == 400
    assert images.handle(request("fm=png")).status == 200


def test_concurrent_requests_get_their_own_pictures(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(saved(quadrants(200, 200), "PNG"))
    images = ImageService(tmp_path)
    sizes: dict[int, Any] = {}

    def ask(width: int) -> None:
        sizes[width] = opened(images.handle(request(f"w={width}")).body).size

    threads = [threading.Thread(target=ask, args=(w,)) for w in range(20, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sizes == {w: (w, w) for w in range(20, 60)}


def test_a_path_that_is_not_below_the_prefix_is_told_where_pictures_are(source: Stored) -> None:
    """A route that is not where the service takes it to be would else look for odd IDs."""
    answer = ImageService(source, prefix="/thumbs/").handle(request())
    assert (answer.status, source.opens) == (404, 0)
    assert b"below '/thumbs/'" in answer.body
