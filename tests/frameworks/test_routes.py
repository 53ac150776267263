"""The service inside a route of each framework: its answers to the letter, and the framework's session."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import numpy as np
import pytest
from PIL import Image

from frameworks import apps, routes
from frameworks.drivers import Answer, ASGIDriver, WSGIDriver
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.messages import FileBody
from imgmiddleware.wsgi import WSGIImageMiddleware

TARGET = "/kept/%E7%8C%AB%C3%A9.png?w=900"
PATH = "/kept/猫é.png"


@dataclass(frozen=True)
class Framework:
    build: Callable[[Any], Any]
    served: Callable[[Any], AbstractContextManager[Any]]


FRAMEWORKS = {
    **{build.__name__: Framework(build, WSGIDriver) for build in routes.WSGI},
    **{
        f"{build.__name__}-validated": Framework(build, lambda app: WSGIDriver(validator(app)))
        for build in routes.WSGI
    },
    **{build.__name__: Framework(build, ASGIDriver) for build in routes.ASGI},
}


@pytest.fixture(params=FRAMEWORKS.values(), ids=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> Framework:
    return request.param


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`猫é.png`, whose JPEG is larger than one read of a file: 256 KiB."""
    folder = tmp_path_factory.mktemp("photos")
    noise = np.random.default_rng(7).integers(0, 256, (800, 1000, 3), np.uint8)
    Image.fromarray(noise).save(folder / "猫é.png")
    return folder


@pytest.fixture
def of_bytes(photos: Path) -> ImageService:
    """A service whose pictures come as bytes."""
    return ImageService(photos, prefix="/kept/", private=True)


@pytest.fixture
def of_files(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageService:
    """A service whose pictures are files."""
    monkeypatch.setattr("imgmiddleware.service.making.results._SMALL", 0)
    kept: dict[str, Any] = {"cache_dir": tmp_path / "cache", "cache_bytes": 0}
    made = ImageService(photos, prefix="/kept/", private=True, **kept)
    made.handle(ImageRequest("GET", PATH, "w=900", {"accept": "image/png"})).close()
    return made


@pytest.fixture(params=["of_bytes", "of_files"])
def service(request: pytest.FixtureRequest) -> ImageService:
    return request.getfixturevalue(request.param)


@pytest.fixture
def route(framework: Framework, service: ImageService) -> Iterator[WSGIDriver | ASGIDriver]:
    with framework.served(framework.build(service)) as driver:
        yield driver


def expected(service: ImageService, **headers: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = service.handle(ImageRequest("GET", PATH, "w=900", fields))
    headers = tuple((name.lower(), value) for name, value in answer.headers)
    return Answer(answer.status, headers, answer.read())


def without_session(answer: Answer) -> Answer:
    """The answer without the framework's additions for its session: a cookie and Vary."""
    assert answer.header("set-cookie")
    vary = [part.strip() for part in answer.header("vary").split(",")]
    assert vary.pop() == "Cookie"
    kept = [(name, value) for name, value in answer.headers if name not in ("set-cookie", "vary")]
    if vary:
        kept.append(("vary", ", ".join(vary)))
    return Answer(answer.status, tuple(sorted(kept)), answer.body)


def ordered(answer: Answer) -> Answer:
    return Answer(answer.status, tuple(sorted(answer.headers)), answer.body)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Range": "bytes=5-300004"}, 206), ({"If-None-Match": "*"}, 304), ({"Range": "bytes=99999999-"}, 416)],
)  # fmt: skip
def test_an_answer_is_the_services(
    route: Any, service: ImageService, headers: dict[str, str], status: int
) -> None:
    answer = route.ask(TARGET, headers={"Accept": "image/png", **headers})
    fields = {name.lower(): value for name, value in headers.items()}
    assert without_session(answer) == ordered(expected(service, accept="image/png", **fields))
    assert answer.status == status
    if status in (200, 206):
        assert answer.header("cache-control") == "private, max-age=300"
        assert answer.header("content-type") == "image/jpeg"
        assert len(answer.body) == int(answer.header("content-length"))


def test_head_is_get_without_the_body(route: Any, service: ImageService) -> None:
    head = route.ask(TARGET, "HEAD", {"Accept": "image/png"})
    whole = expected(service, accept="image/png")
    assert without_session(head) == Answer(200, tuple(sorted(whole.headers)), b"")
    assert head.header("content-length") == str(len(whole.body))


def test_a_refusal_is_the_services(route: Any) -> None:
    answer = route.ask("/kept/%E7%8C%AB%C3%A9.png?w=9000")
    assert answer.status == 400
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("cache-control") == "no-store"
    assert b'"out-of-range"' in answer.body
    assert route.ask("/kept/none.png").status == 404


def test_a_route_may_know_the_id_otherwise_than_by_the_path(
    route: Any, service: ImageService
) -> None:
    answer = route.ask("/mine?w=900", headers={"Accept": "image/png"})
    assert ordered(answer) == ordered(expected(service, accept="image/png"))


def test_files_are_sent_in_pieces_and_closed(
    framework: Framework, of_files: ImageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[FileBody] = []
    sizes: list[int] = []
    real_handle, real_pieces = of_files.handle, FileBody.pieces

    def handle(request: ImageRequest) -> Any:
        answer = real_handle(request)
        assert isinstance(answer.body, FileBody)
        bodies.append(answer.body)
        return answer

    def pieces(body: FileBody) -> Iterator[bytes]:
        for piece in real_pieces(body):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(of_files, "handle", handle)
    monkeypatch.setattr(FileBody, "pieces", pieces)
    with framework.served(framework.build(of_files)) as route:
        answer = route.ask(TARGET, headers={"Accept": "image/png"})
        assert sizes == [2**18, len(answer.body) - 2**18]
        assert (
            route.ask(TARGET, headers={"Accept": "image/png", "Range": "bytes=0-0"}).status == 206
        )
        assert [body.file.closed for body in bodies] == [True, True]


def test_a_request_that_passes_on_is_the_frameworks_404(framework: Framework, photos: Path) -> None:
    passing = ImageService(photos, prefix="/kept/", missing="pass")
    with framework.served(framework.build(passing)) as route:
        assert route.ask(TARGET).status == 200
        answer = route.ask("/kept/none.png")
        assert answer.status == 404
        assert answer.header("content-type") != "application/problem+json"


def test_django_asgi_has_the_path_that_django_routes_by() -> None:
    """`FORCE_SCRIPT_NAME` is a mount that the server knows nothing of."""
    from django.core.handlers.asgi import ASGIRequest
    from django.test import override_settings

    from imgmiddleware.frameworks.django import image_request

    apps.django_asgi()
    scope = {"type": "http", "method": "GET", "path": "/site/kept/a", "query_string": b"w=9"}
    with override_settings(FORCE_SCRIPT_NAME="/site"):
        made = image_request(ASGIRequest(scope | {"headers": []}, None))
    assert (made.path, made.query, made.sends_files) == ("/kept/a", "w=9", False)


@pytest.mark.parametrize("name", ["django", "flask", "starlette"])
def test_the_examples_of_docstrings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps.django_wsgi()
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(import_module(f"imgmiddleware.frameworks.{name}"))
    assert (failed, tried > 1) == (0, True)


def test_around_django_a_copy_of_the_environ_leaves_the_path_to_the_application(
    of_bytes: ImageService, photos: Path
) -> None:
    """`WSGIRequest` writes the decoded path into its argument, as docs/login.md says."""
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.core.handlers.wsgi import WSGIRequest

    def is_known(asked: ImageRequest) -> bool:
        request = WSGIRequest(dict(asked.context))
        return "asked" in SessionStore(request.COOKIES.get("sessionid"))

    app = WSGIImageMiddleware(
        routes.django_wsgi(of_bytes), photos, missing="pass", prefix="/kept/", authorize=is_known
    )
    cookie = WSGIDriver(routes.django_wsgi(of_bytes)).ask(TARGET).header("set-cookie")
    headers = {"Cookie": cookie.partition(";")[0].strip()}
    driver = WSGIDriver(app)
    assert driver.ask(TARGET).status == 403
    assert driver.ask(TARGET, headers=headers).header("cache-control") == "private, max-age=300"
    # This request goes on: for the view to find it, the path has to be unchanged.
    assert driver.ask("/kept/%E7%8C%AB.png", headers=headers).header("set-cookie")
