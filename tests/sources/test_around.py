"""`around`: a context of the application's own, around each call of its code and around no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from asking import get
from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ArrayOriginal, BytesOriginal, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import noise, saved

DATA = saved(noise(60, 40), "WEBP")


class Noted:
    """A context, and the calls in it or outside of it."""

    def __init__(self) -> None:
        self.entered = self.left = 0
        self.calls: list[tuple[str, bool]] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.entered += 1
        try:
            yield
        finally:
            self.left += 1

    def note(self, what: str) -> None:
        self.calls.append((what, self.entered == self.left + 1))

    def function(self, id: str) -> bytes | None:
        self.note("open")
        return DATA if id == "a" else None

    def allow(self, request: Any) -> bool:
        self.note("authorize")
        return True


class Own:
    """A source and an original of an application's own."""

    version, last_modified = "1", None

    def __init__(self, noted: Noted) -> None:
        self.noted = noted

    def open(self, id: str) -> Own:
        self.noted.note("open")
        return self

    @property
    def size(self) -> int:
        self.noted.note("size")
        return len(DATA)

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        self.noted.note("read")
        return BytesOriginal(DATA).read_into(buffer, offset)

    def __enter__(self) -> Own:
        self.noted.note("enter")
        return self

    def __exit__(self, *error: object) -> None:
        self.noted.note("exit")


@pytest.fixture
def noted() -> Noted:
    return Noted()


def test_a_function_and_authorize(noted: Noted) -> None:
    service = ImageService(noted.function, around=noted, authorize=noted.allow)
    assert get(service, "w=30").status == 200
    assert get(service, "w=30", "b").status == 404
    assert noted.calls == [("authorize", True), ("open", True)] * 2
    assert noted.left == noted.entered == 4  # the bytes are read without it


def test_all_of_an_original_of_its_own(noted: Noted) -> None:
    service = ImageService(Own(noted), around=noted)
    assert get(service, "w=30").status == 200
    assert {what for what, _ in noted.calls} == {"open", "size", "enter", "read", "exit"}
    assert all(inside for _, inside in noted.calls)
    assert noted.left == noted.entered
    assert [what for what, _ in noted.calls].count("exit") == 1


def test_not_for_what_is_told_without_the_application(noted: Noted) -> None:
    service = ImageService(noted.function, around=noted, recheck=1000)
    get(service, "w=30")
    before = noted.entered
    assert get(service, "w=30").status == 200
    assert get(service, "w=30&w=31").status == 400
    assert noted.entered == before


def test_a_link(noted: Noted) -> None:
    assert "v=" in ImageService(noted.function, around=noted).url("a")
    assert noted.calls == [("open", True)]


def test_a_context_that_fails_when_it_is_left(noted: Noted) -> None:
    @contextmanager
    def failing() -> Iterator[None]:
        with noted():
            yield
        if noted.left == 1:
            raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        get(ImageService(Own(noted), around=failing))
    assert noted.calls[-1] == ("exit", False)


def test_it_is_left_where_the_source_fails(noted: Noted) -> None:
    def failing(id: str) -> bytes:
        raise LookupError

    with pytest.raises(LookupError):
        get(ImageService(failing, around=noted))
    assert noted.left == noted.entered == 1


def test_both_adapters(noted: Noted) -> None:
    options: dict[str, Any] = {"around": noted, "authorize": noted.allow}
    wsgi = WSGIImageMiddleware(plain_wsgi, noted.function, **options)
    asgi = ASGIImageMiddleware(plain_asgi, noted.function, **options)
    assert call_wsgi(wsgi, "/image/a?w=30") == call_asgi(asgi, "/image/a?w=30")
    assert noted.calls == [("authorize", True), ("open", True)] * 2


def test_not_around_what_runs_on_the_loop(noted: Noted) -> None:
    async def function(id: str) -> bytes:
        await asyncio.sleep(0)
        return noted.function(id) or b""

    class Rows:
        async def open(self, id: str) -> BytesOriginal:
            return BytesOriginal(await function(id))

    for source in (function, Rows()):
        noted.calls.clear()
        app = ASGIImageMiddleware(plain_asgi, source, around=noted, authorize=noted.allow)
        assert call_asgi(app, "/image/a?w=30")[0] == 200
        assert noted.calls == [("authorize", True), ("open", False)]


@pytest.mark.parametrize("declared", [{}, {"shape": (40, 60), "dtype": "u1"}])
def test_the_function_of_an_array(noted: Noted, declared: Any) -> None:
    """Also that of a source on the loop: it is called in a thread."""

    def make() -> Any:
        noted.note("make")
        return np.zeros((40, 60), np.uint8)

    def function(id: str) -> ArrayOriginal:
        noted.note("open")
        return ArrayOriginal(make, version=1, **declared)

    async def later(id: str) -> ArrayOriginal:
        return function(id)

    assert get(ImageService(function, around=noted), "w=30").status == 200
    assert noted.calls == [("open", True), ("make", True)]
    noted.calls.clear()
    assert (
        call_asgi(ASGIImageMiddleware(plain_asgi, later, around=noted), "/image/a?w=30")[0] == 200
    )
    assert noted.calls == [("open", False), ("make", True)]
    assert noted.left == noted.entered == 3


def test_what_it_must_be(noted: Noted) -> None:
    async def later() -> None: ...

    for wrong in (noted(), later, "app_context"):
        with pytest.raises(ValueError, match=r"around: .* makes a context manager"):
            ImageService(noted.function, around=wrong)  # type: ignore[arg-type]
