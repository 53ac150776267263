"""The middleware inside every framework: our answers are the service's to the letter, and
everything else is the framework's own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.validate import validator

import numpy as np
import pytest
from PIL import Image

from frameworks import apps
from frameworks.drivers import Answer, ASGIDriver, WSGIDriver
from imgmiddleware import ChainSource, ImageRequest, ImageService

#: Pyramid 2.1 imports setuptools' pkg_resources, which warns of its own end, and once more of what
#: Pyramid's PasteDeploy declares with it.
pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:pkg_resources is deprecated as an API:UserWarning:pyramid.asset"
    ),
    pytest.mark.filterwarnings(
        r"ignore:Deprecated call to `pkg_resources\.declare_namespace:DeprecationWarning"
    ),
]

Build = Callable[..., Any]
Driver = WSGIDriver | ASGIDriver

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


@dataclass(frozen=True)
class Framework:
    name: str
    build: Build
    #: How a server meets the application: a driver, for WSGI also one behind wsgiref's validator.
    served: Callable[[Any], AbstractContextManager[Any]]


def _validated(app: Any) -> WSGIDriver:
    return WSGIDriver(validator(app))


FRAMEWORKS = [
    *(Framework(build.__name__, build, WSGIDriver) for build in apps.WSGI),
    *(Framework(f"{build.__name__}-validated", build, _validated) for build in apps.WSGI),
    *(Framework(build.__name__, build, ASGIDriver) for build in apps.ASGI),
]


@pytest.fixture(scope="module", params=FRAMEWORKS, ids=lambda framework: framework.name)
def framework(request: pytest.FixtureRequest) -> Framework:
    return request.param


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`café.png`: 400 x 300 in four quarters of a colour each."""
    folder = tmp_path_factory.mktemp("photos")
    pixels = np.empty((300, 400, 3), np.uint8)
    pixels[:150, :200], pixels[:150, 200:] = RED, GREEN
    pixels[150:, :200], pixels[150:, 200:] = BLUE, WHITE
    Image.fromarray(pixels).save(folder / "café.png")
    return folder


@pytest.fixture(scope="module")
def service(photos: Path) -> ImageService:
    return ImageService(photos)


@pytest.fixture(scope="module")
def wrapped(framework: Framework, photos: Path) -> Iterator[Driver]:
    with framework.served(framework.build(photos)) as driver:
        yield driver


@pytest.fixture(scope="module")
def bare(framework: Framework) -> Iterator[Driver]:
    with framework.served(framework.build()) as driver:
        yield driver


def _expected(service: ImageService, request: ImageRequest) -> Answer:
    response = service.handle(request)
    assert response is not None
    headers = tuple((name.lower(), value) for name, value in response.headers)
    return Answer(response.status, headers, response.body)


TARGET = "/image/caf%C3%A9.png?w=100&fm=png"


def test_an_image(wrapped: Driver, service: ImageService) -> None:
    answer = wrapped.ask(TARGET)
    assert answer == _expected(
        service, ImageRequest("GET", "/image/café.png", query="w=100&fm=png")
    )
    assert answer.status == 200
    assert answer.header("content-type") == "image/png"
    picture = Image.open(io.BytesIO(answer.body)).convert("RGB")
    assert picture.size == (100, 75)
    corners = [picture.getpixel(at) for at in ((5, 5), (95, 5), (5, 70), (95, 70))]
    assert corners == [RED, GREEN, BLUE, WHITE]


def test_an_image_of_several_sources(framework: Framework, photos: Path) -> None:
    """And requests for none of them, which are the framework's."""
    data = (photos / "café.png").read_bytes()
    sources = {"fotos": ChainSource({}.get, photos), "": lambda id: data if id == "1" else None}
    expected = ImageService(sources)
    with framework.served(framework.build(sources, missing="pass")) as driver:
        for id in ("fotos/café.png", "1"):
            answer = driver.ask(f"/image/{quote(id)}?w=100&fm=png")
            assert answer == _expected(
                expected, ImageRequest("GET", f"/image/{id}", query="w=100&fm=png")
            )
        assert driver.ask("/image/fotos/none").header("content-type") != "application/problem+json"


def test_head_is_get_without_the_body(wrapped: Driver) -> None:
    get = wrapped.ask(TARGET)
    head = wrapped.ask(TARGET, "HEAD")
    assert head == Answer(200, get.headers, b"")
    assert head.header("content-length") == str(len(get.body))


def test_a_validator_that_holds_is_a_304(wrapped: Driver) -> None:
    get = wrapped.ask(TARGET)
    answer = wrapped.ask(TARGET, headers={"If-None-Match": get.header("etag")})
    assert (answer.status, answer.body) == (304, b"")
    # RFC 9110, section 15.4.5: those that a 200 would have had.
    kept = ("etag", "cache-control", "last-modified")
    assert sorted(answer.headers) == sorted((k, v) for k, v in get.headers if k in kept)


def test_an_unknown_id_is_our_404(wrapped: Driver, service: ImageService) -> None:
    answer = wrapped.ask("/image/none.png")
    assert answer == _expected(service, ImageRequest("GET", "/image/none.png"))
    assert answer.status == 404
    assert answer.header("content-type") == "application/problem+json"


def test_a_post_to_a_picture_is_our_405(wrapped: Driver, service: ImageService) -> None:
    answer = wrapped.ask(TARGET, "POST", body=b"unread")
    assert answer == _expected(service, ImageRequest("POST", "/image/café.png"))
    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("target", "method", "body", "said"),
    [
        ("/own?a=%C3%A9", "GET", b"", "own: GET a=%C3%A9 "),
        ("/own", "POST", b"a body", "own: POST  a body"),
        ("/none", "GET", b"", None),
        ("/image", "GET", b"", None),
        ("/images/caf%C3%A9.png", "GET", b"", None),
    ],
)
def test_what_is_not_ours_is_the_frameworks(
    wrapped: Driver, bare: Driver, target: str, method: str, body: bytes, said: str | None
) -> None:
    answer = wrapped.ask(target, method, body=body)
    assert answer == bare.ask(target, method, body=body)
    if said is None:
        assert answer.status == 404
        assert answer.headers != ()
    else:
        assert answer.status == 200
        assert said in answer.body.decode()


def test_an_unknown_id_passes_on_where_asked(
    framework: Framework, bare: Driver, photos: Path
) -> None:
    with framework.served(framework.build(photos, missing="pass")) as passing:
        assert passing.ask(TARGET).status == 200
        for method, body in (("GET", b""), ("POST", b"a body")):
            answer = passing.ask("/image/none.png", method, body=body)
            assert answer == bare.ask("/image/none.png", method, body=body)


@pytest.mark.parametrize("build", apps.ASGI, ids=lambda build: build.__name__)
def test_lifespan_reaches_the_application(build: Build, photos: Path) -> None:
    # Django has none, and must be seen to refuse it: a server then goes on without.
    expected = build is not apps.django_asgi
    apps.lifespans.clear()
    with ASGIDriver(build(photos)) as driver:
        assert driver.has_lifespan == expected
        assert driver.ask(TARGET).status == 200
        assert apps.lifespans == ["start"] * expected
    assert apps.lifespans == ["start", "stop"] * expected
