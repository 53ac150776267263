"""A route of each framework that answers with pictures below `/kept/`, and notes in the session that
it was asked; `/mine` is one picture, whose ID is not in the path, of an async view where there are such.
"""

from __future__ import annotations

from typing import Any

#: The service of the Django views: Django's urls are the process's.
services: list[Any] = []

MINE = "猫é.png"


def flask(service: Any) -> Any:
    from flask import Flask, request, session

    from imgmiddleware.frameworks.flask import image_request, response

    app = Flask("routes")
    app.secret_key = "of the tests"

    @app.get("/kept/<path:id>")
    def kept(id: str) -> Any:
        session["asked"] = True
        return response(service.handle(image_request(request)))

    @app.get("/mine")
    def mine() -> Any:
        return response(service.handle(image_request(request, MINE, prefix=service.prefix)))

    return app


def starlette(service: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.routing import Route

    from imgmiddleware.frameworks.starlette import image_request, response

    def kept(request: Any) -> Any:
        request.session["asked"] = True
        return response(service.handle(image_request(request)))

    async def mine(request: Any) -> Any:
        made = image_request(request, MINE, prefix=service.prefix)
        return response(await run_in_threadpool(service.handle, made))

    return Starlette(
        routes=[Route("/kept/{id:path}", kept), Route("/mine", mine)],
        middleware=[Middleware(SessionMiddleware, secret_key="of the tests")],
    )


def fastapi(service: Any) -> Any:
    from fastapi import FastAPI, Request
    from starlette.middleware.sessions import SessionMiddleware

    from imgmiddleware.frameworks.starlette import image_request, response

    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="of the tests")

    def kept(request: Request) -> Any:
        request.session["asked"] = True
        return response(service.handle(image_request(request)))

    def mine(request: Request) -> Any:
        return response(service.handle(image_request(request, MINE, prefix=service.prefix)))

    for path, view in (("/kept/{id:path}", kept), ("/mine", mine)):
        view.__annotations__ = {"request": Request}
        app.get(path)(app.head(path)(view))
    return app


def django_kept(request: Any, id: str) -> Any:
    from imgmiddleware.frameworks.django import image_request, response

    request.session["asked"] = True
    return response(services[-1].handle(image_request(request)))


async def django_mine(request: Any) -> Any:
    from asgiref.sync import sync_to_async

    from imgmiddleware.frameworks.django import image_request, response

    service = services[-1]
    made = image_request(request, MINE, prefix=service.prefix)
    return response(await sync_to_async(service.handle, thread_sensitive=False)(made))


def django_wsgi(service: Any) -> Any:
    from frameworks import apps

    services.append(service)
    return apps.django_wsgi()


def django_asgi(service: Any) -> Any:
    from frameworks import apps

    services.append(service)
    return apps.django_asgi()


WSGI = (flask, django_wsgi)
ASGI = (starlette, fastapi, django_asgi)
