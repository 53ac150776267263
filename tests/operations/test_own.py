"""An application's own operations."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from asking import get, serving
from imgmiddleware import ImageError, ImageService, OwnOperation
from imgmiddleware.formats.facts import Facts
from imgmiddleware.forms import Form, decimal, whole
from imgmiddleware.imaging.engine import made_by
from imgmiddleware.imaging.planner import make_plan
from imgmiddleware.operations.output import Output
from imgmiddleware.operations.own import OwnStep
from pictures import pixels_of

GRAY = np.full((8, 12), 100, np.uint8)


def service(
    function: Any, arguments: Any = (), version: str = "1", array: Any = GRAY
) -> ImageService:
    own = OwnOperation(function, version, arguments)
    return serving(array, operations={"lighter": own})


def answered(images: ImageService, query: str) -> Any:
    return get(images, query + "&fm=png")


def test_it_gets_its_arguments_checked() -> None:
    images = service(
        lambda pixels, by, times: pixels + by * int(times), [whole(0, 50), decimal("1", "2")]
    )
    assert pixels_of(answered(images, "lighter=7,2").body, "L").tolist() == (GRAY + 14).tolist()
    for text, code in (
        ("7", "malformed-parameter"),
        ("51,1", "out-of-range"),
        ("a,1", "malformed-parameter"),
    ):
        answer = answered(images, f"lighter={text}")
        assert (answer.status, code.encode() in answer.body, b"lighter" in answer.body) == (
            400,
            True,
            True,
        )


class Level:
    """A value that is equal to no other, as a class of an application may be."""

    def __init__(self, by: int) -> None:
        self.by = by


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (Form(lambda name, text: Level(int(text)), lambda level: str(level.by), "a level"), "9"),
        (Form(lambda name, text: Level(int(float(text))), lambda level: "low", "a level"), "9.5"),
    ],
)
def test_its_form_says_alone_what_a_value_is(form: Form[Any], text: str) -> None:
    """Also where the value is not equal to what the form reads of the text that it writes."""
    images = service(lambda pixels, level: pixels + level.by, [form])
    assert pixels_of(answered(images, f"lighter={text}").body, "L")[0, 0] == 109


def test_without_arguments_it_is_a_flag() -> None:
    images = service(lambda pixels: pixels + 1)
    assert pixels_of(answered(images, "lighter=1").body, "L")[0, 0] == 101
    assert pixels_of(answered(images, "lighter=0").body, "L")[0, 0] == 100
    assert answered(images, "lighter=2").status == 400


def test_its_version_and_arguments_are_part_of_the_key() -> None:
    def etag(version: str, query: str) -> str:
        return str(answered(service(lambda p, by: p, [whole(0, 9)], version), query).header("etag"))

    tags = [
        etag("1", "lighter=1"),
        etag("2", "lighter=1"),
        etag("1", "lighter=2"),
        etag("1", "w=9"),
    ]
    assert len(set(tags)) == 4
    assert etag("2", "w=9") == etag("1", "w=9")  # where it takes no part, its version has none


def test_it_cannot_spoil_the_pixels_of_others() -> None:
    array = GRAY.copy()

    def spoil(pixels: Any) -> Any:
        pixels[:] = 0
        return pixels

    assert pixels_of(answered(service(spoil, array=array), "lighter=1").body, "L").max() == 0
    assert array.min() == 100


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: None, lambda p: p.astype(float), lambda p: p[:4], lambda p: np.dstack((p, p)),
        lambda p: p.tolist(), lambda p: p[..., None, None],
    ],
)  # fmt: skip
def test_what_it_returns_is_checked(wrong: Any) -> None:
    with pytest.raises(TypeError, match="'lighter' returns"):
        answered(service(wrong), "lighter=1")


def test_it_may_add_colour() -> None:
    images = service(lambda pixels: np.dstack((pixels * 0, pixels * 0, pixels)))
    assert pixels_of(answered(images, "lighter=1").body)[0, 0].tolist() == [100, 0, 0]


def test_it_comes_after_the_size_and_before_the_padding() -> None:
    seen: list[Any] = []

    def look(pixels: Any) -> Any:
        seen.append(pixels.shape)
        return pixels

    answered(service(look), "lighter=1&pad=3&w=6")
    assert seen == [(4, 6)]


def test_what_only_a_class_is_asked_for_may_be_its_name() -> None:
    operation = OwnOperation(lambda pixels: pixels // 2, version="1")
    images = serving(GRAY, operations={"mro": operation})
    assert pixels_of(answered(images, "mro=1").body, "L").max() == 50


@pytest.mark.parametrize(
    "name",
    [
        "w",
        "v",
        "preset",
        "s",
        "sw",
        "expires",
        "auto",
        "a-b",
        "",
        "class",
        "_x",
        "1",
        "size",
        "apply",
        "key",
    ],
)
def test_a_name_that_cannot_be_one_is_refused_when_built(name: str) -> None:
    with pytest.raises(ValueError, match="operations"):
        ImageService(lambda id: None, operations={name: OwnOperation(lambda p: p, "1")})


async def later(pixels: Any) -> Any:
    return pixels


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        ({3: OwnOperation(lambda p: p, "1")}, "no name"),
        (
            {"\u017f": OwnOperation(lambda p: p, "1")},
            "no name",
        ),  # a long s, which Python reads as s
        ({"x": OwnOperation(None, "1")}, "'x' has no function"),
        ({"x": OwnOperation(later, "1")}, "'x' has no function, or an async one"),
        ({"x": OwnOperation(lambda p: p, 1.5)}, "'x' is not an OwnOperation with a version"),
        ({"x": OwnOperation(lambda p: p, "1", whole(0, 9))}, "'x' has arguments"),
        ({"x": OwnOperation(lambda p: p, "1", [3])}, "'x' has arguments that are not a list"),
        ([OwnOperation(lambda p: p, "1")], "a mapping of names"),
    ],
)
def test_what_would_fail_at_each_request_fails_when_built(operations: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"^operations: .*{said}"):
        ImageService(lambda id: None, operations=operations)


@pytest.mark.parametrize(
    "own", [lambda p: p, OwnOperation(lambda p: p, ""), OwnOperation(len, None), None]
)
def test_it_needs_a_version(own: Any) -> None:
    with pytest.raises(ValueError, match="version"):
        ImageService(lambda id: None, operations={"x": own})


def test_a_plan_with_it_can_be_pickled() -> None:
    """As a plan must be that is sent to a process; the function is found by its name."""
    images = serving(
        GRAY,
        operations={"lighter": OwnOperation(np.add, "1", arguments=[whole(0, 255)])},
    )
    transform = images._grammar.parse("lighter=9&w=6").transform
    plan = make_plan(Facts(format="array", width=9, height=6, color="gray"), transform)
    sent = pickle.loads(pickle.dumps(plan))
    (step,) = sent.steps
    assert np.array_equal(step.apply(GRAY, (255,) * 4), GRAY + 9)
    assert made_by(sent) == made_by(plan)


def test_a_transform_with_it_can_be_pickled() -> None:
    """A worker gets it (`isolate=True`)."""
    images = service(np.add, [whole(0, 255)])
    transform = images._grammar.parse("lighter=9&w=6&q=60").transform
    sent = pickle.loads(pickle.dumps(transform))
    assert [step.key for step in sent.steps if isinstance(step, OwnStep)] == ["lighter/1"]
    assert sent.get(Output) == transform.get(Output)
    assert len(sent.steps) == len(transform.steps) == 3


def test_presets_and_links_know_it() -> None:
    images = serving(
        GRAY,
        operations={"lighter": OwnOperation(lambda p: p + 9, "1")},
        presets={"light": "lighter=1"},
    )
    assert pixels_of(answered(images, "preset=light").body, "L")[0, 0] == 109
    assert images.url("x", lighter=True).startswith("/image/x?lighter=1&v=")
    with pytest.raises(ImageError, match="lighter"):
        images.url("x", lighter=3)
