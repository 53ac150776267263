"""The same small application in every framework: one route, `/own`, that says what reached it.

Each function returns the application bare, or with a `source` wrapped the way a user of that
framework does it. It imports its framework itself: then one that cannot be imported fails its own
tests and no others.
"""

from __future__ import annotations

from typing import Any

from frameworks import routes
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

#: The start and stop of their server, as the ASGI applications saw them.
lifespans: list[str] = []


def _said(method: str, query: str, body: bytes) -> str:
    return f"own: {method} {query} {body.decode()}"


def flask(source: Any = None, **options: Any) -> Any:
    from flask import Flask, request

    app = Flask("own")

    @app.route("/own", methods=["GET", "POST"])
    def own() -> str:
        return _said(request.method, request.query_string.decode(), request.get_data())

    if source is not None:
        app.wsgi_app = WSGIImageMiddleware(app.wsgi_app, source, **options)
    return app


def _django_own(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse(_said(request.method, request.META["QUERY_STRING"], request.body))


def _configure_django() -> None:
    """Once: Django's settings are the process's."""
    from django.conf import settings
    from django.urls import path

    if settings.configured:
        return
    kept, mine = path("kept/<path:id>", routes.django_kept), path("mine", routes.django_mine)
    urls = type("urls", (), {"urlpatterns": [path("own", _django_own), kept, mine]})
    settings.configure(
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        ROOT_URLCONF=urls,
        SECRET_KEY="of the tests",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )


def django_wsgi(source: Any = None, **options: Any) -> Any:
    from django.core.wsgi import get_wsgi_application

    _configure_django()
    application = get_wsgi_application()
    return application if source is None else WSGIImageMiddleware(application, source, **options)


def django_asgi(source: Any = None, **options: Any) -> Any:
    from django.core.asgi import get_asgi_application

    _configure_django()
    application = get_asgi_application()
    return application if source is None else ASGIImageMiddleware(application, source, **options)


def pyramid(source: Any = None, **options: Any) -> Any:
    from pyramid.config import Configurator
    from pyramid.response import Response

    def own(request: Any) -> Any:
        return Response(_said(request.method, request.query_string, request.body))

    with Configurator() as config:
        config.add_route("own", "/own")
        config.add_view(own, route_name="own")
        app = config.make_wsgi_app()
    return app if source is None else WSGIImageMiddleware(app, source, **options)


def bottle(source: Any = None, **options: Any) -> Any:
    from bottle import Bottle, request

    app = Bottle()

    @app.route("/own", method=["GET", "POST"])
    def own() -> str:
        return _said(request.method, request.query_string, request.body.read())

    return app if source is None else WSGIImageMiddleware(app, source, **options)


def falcon_wsgi(source: Any = None, **options: Any) -> Any:
    import falcon

    class Own:
        def on_get(self, request: Any, response: Any) -> None:
            # `bounded_stream`: wsgiref's validator, unlike a server, cannot read "all there is".
            response.text = _said(
                request.method, request.query_string, request.bounded_stream.read()
            )

        on_post = on_get

    app = falcon.App()
    app.add_route("/own", Own())
    return app if source is None else WSGIImageMiddleware(app, source, **options)


def falcon_asgi(source: Any = None, **options: Any) -> Any:
    import falcon.asgi

    class Own:
        async def on_get(self, request: Any, response: Any) -> None:
            body = await request.stream.read()
            response.text = _said(request.method, request.query_string, body)

        on_post = on_get

    class Lifespan:
        async def process_startup(self, scope: Any, event: Any) -> None:
            lifespans.append("start")

        async def process_shutdown(self, scope: Any, event: Any) -> None:
            lifespans.append("stop")

    app = falcon.asgi.App(middleware=[Lifespan()])
    app.add_route("/own", Own())
    return app if source is None else ASGIImageMiddleware(app, source, **options)


def starlette(source: Any = None, **options: Any) -> Any:
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def own(request: Any) -> Any:
        return PlainTextResponse(_said(request.method, request.url.query, await request.body()))

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        lifespans.append("start")
        yield
        lifespans.append("stop")

    outer = [] if source is None else [Middleware(ASGIImageMiddleware, source, **options)]
    return Starlette(
        routes=[Route("/own", own, methods=["GET", "POST"])], middleware=outer, lifespan=lifespan
    )


def fastapi(source: Any = None, **options: Any) -> Any:
    from contextlib import asynccontextmanager

    from fastapi import FastAPI, Request

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        lifespans.append("start")
        yield
        lifespans.append("stop")

    app = FastAPI(lifespan=lifespan)

    async def own(request: Request) -> str:
        return _said(request.method, request.url.query, await request.body())

    # Annotations are strings in this file, and FastAPI would look the name up among its globals.
    own.__annotations__ = {"request": Request, "return": str}
    app.api_route("/own", methods=["GET", "POST"])(own)

    if source is not None:
        app.add_middleware(ASGIImageMiddleware, source=source, **options)
    return app


def litestar(source: Any = None, **options: Any) -> Any:
    from litestar import Litestar, Request, route

    async def own(request: Request) -> str:
        query = request.scope["query_string"].decode()
        return _said(request.method, query, await request.body())

    own.__annotations__ = {"request": Request, "return": str}
    app = Litestar(
        [route("/own", http_method=["GET", "POST"], status_code=200)(own)],
        on_startup=[lambda: lifespans.append("start")],
        on_shutdown=[lambda: lifespans.append("stop")],
    )
    # Its own `middleware=` never sees a path that has no route.
    return app if source is None else ASGIImageMiddleware(app, source, **options)


def quart(source: Any = None, **options: Any) -> Any:
    from quart import Quart, request

    app = Quart("own")

    @app.route("/own", methods=["GET", "POST"])
    async def own() -> str:
        return _said(request.method, request.query_string.decode(), await request.get_data())

    @app.before_serving
    async def start() -> None:
        lifespans.append("start")

    @app.after_serving
    async def stop() -> None:
        lifespans.append("stop")

    if source is not None:
        app.asgi_app = ASGIImageMiddleware(app.asgi_app, source, **options)
    return app


WSGI = (flask, django_wsgi, pyramid, bottle, falcon_wsgi)
ASGI = (django_asgi, falcon_asgi, starlette, fastapi, litestar, quart)
