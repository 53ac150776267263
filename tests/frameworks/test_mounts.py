"""Pictures mounted in frameworks: below the mount they are ours, and all else is the framework's own.

Not in Litestar 2, which adds a slash to the path of a mounted application, and not in Bottle 0.13,
which decodes it (PEP 3333 has bytes, dressed as latin-1): there the middleware stands around it
all.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from frameworks import apps
from frameworks.drivers import ASGIDriver, WSGIDriver
from imgmiddleware.asgi import ASGIImageApp
from imgmiddleware.wsgi import WSGIImageApp

#: As in `test_frameworks.py`, of Pyramid.
pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:pkg_resources is deprecated as an API:UserWarning:pyramid.asset"
    ),
    pytest.mark.filterwarnings(
        r"ignore:Deprecated call to `pkg_resources\.declare_namespace:DeprecationWarning"
    ),
]


def starlette(pictures: Any) -> Any:
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    app = apps.starlette()
    app.router.routes.append(Route("/image/new", lambda request: PlainTextResponse("a form")))
    app.mount("/image", pictures)
    return app


def fastapi(pictures: Any, **options: Any) -> Any:
    app = apps.fastapi()
    app.root_path = options.get("root_path", "")
    app.get("/image/new")(lambda: "a form")
    app.mount("/image", pictures)
    return app


def behind_a_proxy(pictures: Any) -> Any:
    """FastAPI that is told of a path which the proxy in front has cut away."""
    return fastapi(pictures, root_path="/api")


def django_asgi(pictures: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/image", pictures), Mount("/", apps.django_asgi())])


def flask(pictures: Any) -> Any:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = apps.flask()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/image": pictures})
    return app


def django_wsgi(pictures: Any) -> Any:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    return DispatcherMiddleware(apps.django_wsgi(), {"/image": pictures})


def pyramid(pictures: Any) -> Any:
    from pyramid.config import Configurator
    from pyramid.response import Response
    from pyramid.wsgi import wsgiapp2

    with Configurator() as config:
        config.add_route("own", "/own")
        config.add_view(
            lambda request: Response(f"own: {request.method} {request.query_string} "),
            route_name="own",
        )
        config.add_route("image", "/image*subpath")
        config.add_view(wsgiapp2(pictures), route_name="image")
        return config.make_wsgi_app()


Build = Callable[[Any], Any]
WSGI: list[Build] = [flask, django_wsgi, pyramid]
ASGI: list[Build] = [starlette, fastapi, behind_a_proxy, django_asgi]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "sub").mkdir()
    Image.new("RGB", (40, 30), "red").save(folder / "sub" / "猫é.png")
    return folder


@pytest.fixture(params=[*WSGI, *ASGI], ids=lambda build: build.__name__)
def served(request: pytest.FixtureRequest, photos: Path) -> Any:
    build = request.param
    driver: AbstractContextManager[Any] = (
        WSGIDriver(build(WSGIImageApp(photos)))
        if build in WSGI
        else ASGIDriver(build(ASGIImageApp(photos)))
    )
    with driver as running:
        yield running


TARGET = "/image/sub/%E7%8C%AB%C3%A9.png?w=20&fm=png"


def test_below_the_mount_are_pictures(served: Any) -> None:
    answer = served.ask(TARGET)
    assert (answer.status, answer.header("content-type")) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.body)).size == (20, 15)
    head = served.ask(TARGET, "HEAD")
    assert (head.headers, head.body) == (answer.headers, b"")
    assert served.ask(TARGET, headers={"If-None-Match": answer.header("etag")}).status == 304


def test_what_is_no_picture_there_is_our_404(served: Any) -> None:
    for target in ("/image/none.png", "/image/", "/image/image/none.png"):
        answer = served.ask(target)
        assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")


def test_the_applications_own_routes_are_there(served: Any) -> None:
    answer = served.ask("/own?a=1")
    assert (answer.status, b"own: GET a=1 " in answer.body) == (200, True)


@pytest.mark.parametrize("build", [starlette, fastapi], ids=lambda build: build.__name__)
def test_a_route_that_is_declared_before_the_mount_is_the_applications(
    build: Build, photos: Path
) -> None:
    with ASGIDriver(build(ASGIImageApp(photos))) as running:
        assert b"a form" in running.ask("/image/new").body
        assert running.ask(TARGET).status == 200
