"""The answers to viewers while a source fails: nothing wrong, and nothing that is remembered."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from drivers import both
from imgmiddleware import ImageError, ImageService
from pictures import noise, saved

FALLBACK = saved(noise(9, 9), "PNG")
JSON = {"Accept": "application/json"}

#: The path, the Accept, and the status where all is well.
ASKED = [
    ("/image/a/info.json", {}, 200),
    ("/image/2/a/info.json", {}, 200),
    ("/image/a", JSON, 303),
    ("/image/a.dzi", {}, 200),
    ("/image/a_files/3/0_0.png", {}, 200),
    ("/image/a/0/0/0.png", {}, 200),
    ("/image/a/full/9,/0/default.png", {}, 200),
]


class Failing:
    """A function that has one original, or raises the error that it is told to."""

    def __init__(self) -> None:
        self.data: bytes | None = saved(noise(60, 40), "PNG")
        self.error: Exception | None = None

    def __call__(self, id: str) -> bytes | None:
        if self.error:
            raise self.error
        return self.data if id == "a" else None


@pytest.fixture
def source() -> Failing:
    return Failing()


@pytest.fixture
def service(source: Failing) -> ImageService:
    # Each version of the function's value is seen at once.
    return ImageService(
        source,
        iiif=True,
        iiif_prefixes={2: "2/"},
        deepzoom=True,
        xyz=True,
        recheck=0,
        fallback=FALLBACK,
    )


def fails(source: Failing) -> None:
    source.error = ImageError("source-unavailable", "the network is down")


def has_too_much_to_do(source: Failing) -> None:
    source.error = ImageError("busy", "later")


def is_gone(source: Failing) -> None:
    source.data = None


def is_no_picture(source: Failing) -> None:
    source.data = b"no picture at all"


def is_cut_short(source: Failing) -> None:
    source.data = saved(noise(60, 40), "PNG")[:20]


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (fails, 503),
        (has_too_much_to_do, 503),
        (is_gone, 404),
        (is_no_picture, 415),
        (is_cut_short, 422),
    ],
)
@pytest.mark.parametrize(("target", "headers", "well"), ASKED)
def test_a_failure_is_told_and_forgotten(
    happens: Callable[[Failing], None],
    status: int,
    target: str,
    headers: dict[str, str],
    well: int,
    source: Failing,
    service: ImageService,
) -> None:
    data = source.data
    happens(source)
    for _ in range(2):
        failed = both(service, target, headers=headers)
        fields = dict(failed[1])
        assert failed[0] == status
        assert (fields["content-type"], fields["cache-control"]) == (
            "application/problem+json",
            "no-store",
        )
        assert not {"etag", "link", "location"} & fields.keys()
    source.data, source.error = data, None
    answer = both(service, target, headers=headers)
    assert answer[0] == well
    assert answer == both(ImageService(source, **_options(service)), target, headers=headers)


def _options(service: ImageService) -> dict[str, Any]:
    names = ("iiif", "iiif_prefixes", "deepzoom", "xyz", "recheck")
    return {name: getattr(service.settings, name) for name in names}


@pytest.mark.parametrize(("target", "headers", "well"), ASKED[:4])
def test_no_description_is_of_an_original_that_cannot_be_asked(
    target: str, headers: dict[str, str], well: int, source: Failing, service: ImageService
) -> None:
    """A tile that was shown is shown, and is to be asked for again; nothing tells of the original."""
    tile = "/image/a/full/9,/0/default.png"
    shown = both(service, tile)
    assert both(service, target, headers=headers)[0] == well
    fails(source)
    assert both(service, target, headers=headers)[0] == 503
    status, fields, body = both(service, tile)
    assert (status, body) == (200, shown[2])
    assert "no-cache" in dict(fields)["cache-control"]


def test_a_description_is_of_the_picture_that_is_served(
    source: Failing, service: ImageService
) -> None:
    """Of another original under the same ID too, at once: Cantaloupe's issue 500."""
    tags = set()
    for size in ((60, 40), (40, 60), (300, 20)):
        source.data = saved(noise(*size), "PNG")
        for _ in range(2):
            status, headers, body = both(service, "/image/a/info.json")
            told = json.loads(body)
            assert (status, told["width"], told["height"]) == (200, *size)
            tags.add(dict(headers)["etag"])
            body = both(service, "/image/a/full/max/0/default.png")[2]
            assert Image.open(io.BytesIO(body)).size == size
    assert len(tags) == 3
