"""Acts that a worker cannot do, tried from inside; and the end of one that is out of hand."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
from typing import Any

import pytest

import deeds
from asking import get
from imgmiddleware import ImageService
from imgmiddleware.imaging.engine import engine
from imgmiddleware.isolation.worker import Worker
from imgmiddleware.service.isolated import isolated
from pictures import photo_like, pixels_of, saved

if sys.platform != "linux":
    pytest.skip("workers are closed on Linux alone", allow_module_level=True)

PHOTO = saved(photo_like(90, 60), "png")


def service_of(**options: Any) -> ImageService:
    given = {"isolate": True, "cache_bytes": 0, "render_slots": 2, **options}
    return ImageService(lambda id: PHOTO, operations=deeds.OPERATIONS, **given)


@pytest.fixture(scope="module")
def service() -> ImageService:
    return service_of(max_wait=2)


def painted(service: ImageService, deed: str) -> int:
    """The number with which a deed has painted the picture."""
    answer = get(service, f"{deed}=1&fm=png", "a")
    assert answer.status == 200, answer.body
    return int(pixels_of(answer.read()).max())


@pytest.mark.parametrize(
    "deed", ["opens", "writes", "lists", "stats", "reads_memory", "loads_code"]
)
def test_what_a_library_may_ask_for_is_refused(service: ImageService, deed: str) -> None:
    assert painted(service, deed) == errno.EPERM


def test_it_has_the_wire_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGMIDDLEWARE_SECRET", "x")
    service = service_of()
    # /dev/null three times, and the wire: bytes went by a descriptor that is closed again.
    assert painted(service, "has_descriptors") in (200 + 4, 200 + 5)
    assert painted(service, "has_environment") == 200


def test_it_may_compute_in_threads(service: ImageService) -> None:
    assert painted(service, "computes_in_threads") == 200 + 3


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        *((deed, "crashed") for deed in ("connects", "forks", "executes", "signals", "traces")),
        *((deed, "crashed") for deed in ("exits", "crashes", "lies")),
        *((deed, "took longer than max_wait") for deed in ("spins", "sleeps", "holds_the_lock")),
        ("allocates", "took more memory than it may"),
    ],
)
def test_one_that_is_out_of_hand_is_ended(service: ImageService, deed: str, why: str) -> None:
    answer = get(service, f"{deed}=1&fm=png", deed)
    problem = json.loads(answer.read())
    assert (answer.status, problem["code"]) == (422, "decoder-failed")
    assert problem["detail"] == f"decoding the original {why}"
    # It is remembered of the original, whatever is asked of it next; and of that one alone.
    began = time.monotonic()
    assert get(service, "w=10&fm=png", deed).status == 422
    assert time.monotonic() - began < 1
    assert get(service, "w=10&fm=png", "another").status == 200


def test_the_applications_own_error_is_raised_as_it_would_be(service: ImageService) -> None:
    with pytest.raises(RuntimeError, match="LookupError: of the application's own"):
        get(service, "raises=1", "raises")
    assert get(service, "w=20", "raises").status == 200


def test_other_requests_go_on_beside_one_that_hangs() -> None:
    service = service_of(max_wait=600)
    hanging = threading.Thread(target=get, args=(service, "spins=1", "hangs"))
    hanging.start()
    first = busy_worker(service)
    for width in range(10, 15):
        assert get(service, f"w={width}&fm=png", "a").status == 200
    assert hanging.is_alive()
    os.kill(first, signal.SIGKILL)
    os.kill(busy_worker(service, first), signal.SIGKILL)
    hanging.join(60)
    assert not hanging.is_alive()


def busy_worker(service: ImageService, *others: int) -> int:
    """The process that makes a picture now, and is none of those."""
    making: Any = service._pictures._making
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for worker in [*making._pool._busy]:
            if worker.pid not in others and worker._said is not None:
                time.sleep(0.1)  # by then it has been found alive, and told what to do
                return int(worker.pid)
        time.sleep(0.01)
    raise AssertionError("no worker is busy")


def test_an_original_is_not_blamed_for_a_worker_that_somebody_killed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once. A job that has ended two of them is refused as one that crashes."""
    service = service_of(max_wait=600)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(get(service, "naps=1", "a")))
    asking.start()
    os.kill(busy_worker(service), signal.SIGKILL)
    asking.join(60)
    assert [answer.status for answer in answers] == [200]
    assert "is tried again" in caplog.text

    asking = threading.Thread(target=lambda: answers.append(get(service, "naps=1", "b")))
    asking.start()
    first = busy_worker(service)
    os.kill(first, signal.SIGKILL)
    os.kill(busy_worker(service, first), signal.SIGKILL)
    asking.join(60)
    problem = json.loads(answers[1].read())
    assert (answers[1].status, problem["code"]) == (422, "decoder-failed")
    assert problem["detail"] == "decoding the original was killed by the system, twice"
    assert get(service, "w=10", "b").status == 422
    assert get(service, "w=10", "a").status == 200


def test_an_operation_that_no_worker_can_import_is_refused_when_built() -> None:
    from imgmiddleware import OwnOperation

    for function in (lambda pixels: pixels, _local()):
        with pytest.raises(ValueError, match=r"isolate: operations\['mine'\].*by its name"):
            ImageService("/", isolate=True, operations={"mine": OwnOperation(function, "1")})


def _local() -> Any:
    def inner(pixels: Any) -> Any:
        return pixels

    return inner


@pytest.mark.parametrize("lacking", ["landlock", "seccomp"])
def test_where_the_kernel_lacks_something_one_warning_says_so(
    lacking: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"engine": engine(), "landlock": 7, "seccomp": True, lacking: 0}
    monkeypatch.setattr(isolated, "_warned", [])
    monkeypatch.setattr(Worker, "ready", lambda worker: said)
    for _ in range(2):
        isolated._check(Worker.__new__(Worker))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "may open files and sockets" in caplog.text


def test_a_worker_of_another_engine_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "engine", lambda: "another")
    answer = get(service_of(), "w=10")
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "busy")
