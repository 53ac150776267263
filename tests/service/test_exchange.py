"""A worker's messages are taken as a stranger's words: here the test is the worker."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import pytest

from asking import request, serving
from imgmiddleware import ImageError
from imgmiddleware.isolation.channel import Channel, ClosedError, pair
from imgmiddleware.isolation.worker import Worker
from imgmiddleware.service.isolated.exchange import OutgrownError, WorkerError, exchange
from imgmiddleware.service.isolated.handing import Handed, announcement
from imgmiddleware.service.isolated.lent_pyramid import Lending
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.making import Made
from imgmiddleware.service.making.results import Results
from imgmiddleware.service.work import Work
from pictures import noise, saved

pytestmark = pytest.mark.skipif(not hasattr(socket, "send_fds"), reason="Unix alone")

PHOTO = saved(noise(), "png")
TOLD = {"type": "image/png", "notes": [], "remarks": [], "steps": [], "held": [1, 2]}


class Played:
    """A worker that has said it all before it is asked."""

    def __init__(self) -> None:
        self.channel, theirs = pair()
        self.there = Channel(theirs)
        self.held = 0, 0

    def hears(self, *said: tuple[bytes, bytes], original: Any = PHOTO) -> Made | Exception:
        for kind, words in said:
            self.there.send(kind, words)
        return self.makes(job_of(original))

    def makes(self, job: Job) -> Made | Exception:
        lending = Lending(cast("Results", None), job, None)
        return exchange(cast("Worker", self), Handed(job, lending), lending, 5, 2**20)


@pytest.fixture
def played() -> Iterator[Played]:
    its = Played()
    yield its
    its.channel.close()
    its.there.close()


def job_of(original: Any) -> Job:
    work = serving(original).answer(request("w=10"))
    assert isinstance(work, Work)
    return work._job


def result(**told: Any) -> bytes:
    head = json.dumps({**TOLD, **told}).encode()
    return len(head).to_bytes(4) + head + b"body"


def test_a_result(played: Played) -> None:
    made = played.hears((b"r", result(notes=["clipped=3"], remarks=["not-kept"])))
    assert isinstance(made, Made)
    assert (made.kept.body, made.kept.notes) == (b"body", ("clipped=3",))
    assert made.answered.notes == ("clipped=3", "not-kept")
    assert played.held == (1, 2)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"r", result(type="text/html")),
        (b"r", result(notes=["a\r\nSet-Cookie: b"])),
        (b"r", result(notes="clipped")),
        (b"r", result(remarks=["x"] * 99)),
        (b"r", result(steps=[["a;b", 0, 1]])),
        (b"r", result(steps=[["decode", "x", 1]])),
        (b"r", result(held=["x", 1])),
        (b"r", result(held=[float("inf"), 1])),
        (b"r", b""),
        (b"r", (99).to_bytes(4) + b"{}"),
        (b"r", (2).to_bytes(4) + b"[]"),
        (b"e", b'["no-such-code", "why", {}]'),
        (b"e", b'["damaged-original", 3, {}]'),
        (b"e", b'["damaged-original"]'),
        (b"e", b'["range-not-satisfiable", "it has no such byte", {}]'),
        (b"e", b'["forbidden", "no", {}]'),
        (b"e", b'["damaged-original", "why", {"status": 200}]'),
        (b"e", b'["damaged-original", "why", {"a\\nb": 1}]'),
        (b"e", b'["damaged-original", "why", "more"]'),
        (b"e", b'["damaged-original", "why", {"self": 1}]'),
        (b"e", json.dumps(["damaged-original", "why", {"more": "x" * 2**16}]).encode()),
        (b"a", b"[7, 0, 1]"),
        (b"a", b"[0, -1, 1]"),
        (b"a", b"what"),
        (b"a", b"[Infinity, 0, 1]"),
        (b"a", b"[" * 9_000),
        (b"e", b"[" * 9_000),
        (b"n", announcement(0, np.arange(2), np.arange(2))),  # to one that has no use for it
        (b"n", b"x"),
        (b"x", b""),
        (b"d", b"w"),
        (b"Q", b""),
    ],
)
def test_what_is_no_answer_ends_it(played: Played, kind: bytes, words: bytes) -> None:
    with pytest.raises(ClosedError):
        played.hears((kind, words))


def test_a_refusal(played: Played) -> None:
    refusal = played.hears((b"e", b'["damaged-original", "it is cut short", {}]'))
    assert isinstance(refusal, ImageError)
    assert (refusal.code, refusal.detail) == ("damaged-original", "it is cut short")
    assert isinstance(played.hears((b"f", b"Traceback")), WorkerError)
    with pytest.raises(OutgrownError):
        played.hears((b"m", b""))


def test_a_refusal_is_one_line_of_a_log(played: Played) -> None:
    words = ["damaged-original", "cut\r\nWARNING all\x1b[2K is\u2028well\u202e", {"limit": 3}]
    refusal = played.hears((b"e", json.dumps(words).encode()))
    assert isinstance(refusal, ImageError)
    assert refusal.detail == "cut  WARNING all [2K is well "
    assert refusal.members == {"limit": 3}


def test_no_line_of_a_traceback_looks_like_a_line_of_a_log(played: Played) -> None:
    fault = played.hears((b"f", b"Traceback\n  a\rWARNING all is well\n\x1b[2KERROR"))
    assert str(fault).split("\n") == [
        "  | Traceback",
        "  |   a",
        "  | WARNING all is well",
        "  |  [2KERROR",
    ]


def test_it_gets_what_it_asks_for(played: Played) -> None:
    played.hears((b"a", b"[0, 0, 5]"), (b"r", result()))
    kinds = [played.there.receive_with_descriptors() for _ in range(2)]
    assert [kind for kind, _, _ in kinds] == [b"M", b"G"]
    (file,) = kinds[1][2]  # of all bytes
    assert os.pread(file, 10**6, 0) == PHOTO
    os.close(file)


class Own:
    """An original of a kind of its own, which fails, and can use announcements."""

    version, last_modified, size = "1", None, len(PHOTO)
    failing = False
    announced: list[Any]

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        if self.failing:
            raise LookupError("of the source's own")
        part = PHOTO[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def announce(self, offsets: Any, counts: Any) -> None:
        self.announced = [offsets.tolist(), counts.tolist()]

    def __enter__(self) -> Own:
        return self

    def __exit__(self, *error: object) -> None: ...


class _Source:
    def __init__(self, original: Own) -> None:
        self.open: Callable[[str], Any] = lambda id: original


def own_job(original: Own) -> Job:
    from imgmiddleware import ImageService

    work = ImageService(_Source(original)).answer(request("w=10"))
    assert isinstance(work, Work)
    return work._job


def test_there_is_no_pyramid_but_one_that_is_lent(played: Played) -> None:
    played.hears((b"o", b""), (b"t", b""), (b"k", (99).to_bytes(8)), (b"r", result()))
    kinds = [played.there.receive_with_descriptors() for _ in range(3)]
    assert [(kind, descriptors) for kind, _, descriptors in kinds[1:]] == [(b"G", []), (b"G", [])]


def test_what_the_original_raises_is_raised(played: Played) -> None:
    original = Own()
    job = own_job(original)
    original.failing = True
    played.there.send(b"a", b"[0, 0, 5]")
    played.there.send(b"x")
    failed = played.makes(job)
    assert isinstance(failed, LookupError)


def test_what_is_announced_is_told_the_original(played: Played) -> None:
    original = Own()
    played.there.send(b"n", announcement(0, np.array([5, 9]), np.array([1, 2])))
    played.there.send(b"r", result())
    assert isinstance(played.makes(own_job(original)), Made)
    assert original.announced == [[5, 9], [1, 2]]
