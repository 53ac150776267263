"""A format of originals from outside: one record, and it goes the way of all others.

It is made up: four letters, the width and height in two bytes each, then blue, green and red.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import Settings
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.errors import damaged
from imgmiddleware.formats import registry
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Format, Found
from imgmiddleware.wsgi import WSGIImageMiddleware
from pictures import pixels_of, quadrants

#: Red, green, blue.
PIXELS = quadrants(6, 4)
FILE = b"MADE" + struct.pack("<HH", 6, 4) + np.ascontiguousarray(PIXELS[..., ::-1]).tobytes()


class Calls:
    """The record, and how often its two functions were called."""

    def __init__(self) -> None:
        self.read = self.decoded = 0
        self.record = Format(
            name="made",
            title="a made-up picture",
            sniff=lambda head: head.startswith(b"MADE"),
            read=self._read,
            decode=self._decode,
        )

    def _read(self, window: Any) -> Facts:
        self.read += 1
        width, height = window.unpack("<HH", 4)
        if window.size != 8 + 3 * width * height:
            raise damaged("it is too short")
        return Facts(format="made", width=width, height=height, decode_bytes=3 * width * height)

    def _decode(self, data: Any, facts: Facts, least: Any) -> Found:
        self.decoded += 1
        return Found(np.frombuffer(data, np.uint8, offset=8).reshape(facts.height, facts.width, 3))


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    registry.register(made.record)
    yield made
    del registry._FORMATS["made"]


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Any:
    """Asks a service of these originals, with these options, by one of the two protocols."""

    def asked(data: bytes = FILE, **options: Any) -> Any:
        def source(id: str) -> bytes:
            return data

        if request.param == "wsgi":
            app = WSGIImageMiddleware(plain_wsgi, source, **options)
            return lambda target, **headers: call_wsgi(app, target, headers=headers)
        other = ASGIImageMiddleware(plain_asgi, source, **options)
        return lambda target, **headers: call_asgi(other, target, headers=headers)

    return asked


def test_one_record_is_all_that_it_takes(calls: Calls, ask: Any) -> None:
    asked = ask()
    status, headers, body = asked("/image/x?fm=png")
    assert (status, dict(headers)["content-type"]) == (200, "image/png")
    assert np.array_equal(pixels_of(body), PIXELS)
    assert (calls.read, calls.decoded) == (1, 1)
    status, _, body = asked("/image/x?fm=png", **{"If-None-Match": dict(headers)["etag"]})
    assert (status, body) == (304, b"")
    assert (calls.read, calls.decoded) == (1, 1)
    half = pixels_of(asked("/image/x?w=3&fm=png")[2])
    assert half.shape == (2, 3, 3)
    assert asked("/image/x?fm=png&page=2")[0] == 400


def test_what_is_damaged_is_not_decoded(calls: Calls, ask: Any) -> None:
    status, _, body = ask(FILE[:-1])("/image/x")
    assert (status, b"it is too short" in body) == (422, True)
    assert calls.decoded == 0


def test_what_is_decoded_is_compared_with_its_facts(calls: Calls, ask: Any) -> None:
    found = Found(np.zeros((4, 5, 3), np.uint8))
    registry._FORMATS["made"] = replace(calls.record, decode=lambda *arguments: found)
    status, _, body = ask()("/image/x")
    assert (status, b"6x4" in body, b"5x4" in body) == (422, True, True)


def test_a_decoder_that_scales_gives_the_size_that_it_is_asked_for(calls: Calls, ask: Any) -> None:
    def decode(data: Any, facts: Facts, size: Any) -> Found:
        step = -(-facts.width // size[0])
        return Found(PIXELS[::step, ::step, ::-1])

    registry._FORMATS["made"] = replace(calls.record, scales=True, decode=decode)
    assert ask()("/image/x?w=1&fm=png")[0] == 200
    registry._FORMATS["made"] = replace(calls.record, scales=True)  # it does not
    assert ask()("/image/x?w=6&fm=png")[0] == 200
    status, _, body = ask()("/image/x?w=1&fm=png")
    assert (status, b"found 6x4" in body) == (422, True)


def test_it_is_an_option_like_the_others(calls: Calls, ask: Any) -> None:
    assert "made" in Settings().opened_formats
    status, _, body = ask(original_formats={"png"})("/image/x")
    assert (status, b"a made-up picture" in body) == (415, True)
    assert (calls.read, calls.decoded) == (0, 0)
    assert ask(original_formats={"made"})("/image/x")[0] == 200


def test_it_may_be_off_unless_it_is_turned_on(calls: Calls, ask: Any) -> None:
    registry._FORMATS["made"] = replace(calls.record, safe=False)
    assert ask()("/image/x")[0] == 415
    assert ask(unsafe_original_formats={"made"})("/image/x")[0] == 200


def test_a_name_is_taken_once(calls: Calls) -> None:
    for name in ("made", "png", "array"):
        with pytest.raises(ValueError, match=name):
            registry.register(replace(calls.record, name=name))


def test_without_it_nothing_is_known_of_it(ask: Any) -> None:
    assert ask()("/image/x")[0] == 415
    with pytest.raises(ValueError, match="made"):
        Settings(original_formats={"made"})
