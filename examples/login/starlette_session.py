"""Starlette's SessionMiddleware, with the middleware inside of it: `authorize` finds the session.

Make `people.db` by `people.py`, then start this here:

    SECRET_KEY=keep-this-secret uvicorn starlette_session:app

Then log in: what the cookie in `jar` opens is picture 1, and not picture 2.

    curl -c jar --json '{"name": "ann", "password": "annann"}' http://127.0.0.1:8000/login
    curl -b jar http://127.0.0.1:8000/image/1 -o 1.jpg
"""

import os

import people
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from imgmiddleware import ImageRequest
from imgmiddleware.asgi import ASGIImageMiddleware


def index(request: Request) -> Response:
    mine = people.pictures(request.session.get("user"))
    return JSONResponse([f"/image/{id}?w=400" for id in mine])


async def login(request: Request) -> Response:
    given = await request.json()
    user = await run_in_threadpool(people.known, given["name"], given["password"])
    if user is None:
        return Response(status_code=403)
    request.session.clear()
    request.session["user"] = user
    return Response(status_code=204)


def logout(request: Request) -> Response:
    request.session.clear()
    return Response(status_code=204)


def may_see(asked: ImageRequest) -> bool:
    """Whether the picture is of the user who is logged in. It runs in a thread, never on the loop;
    an async function would run there, and may await an async database."""
    return people.owns(asked.context["session"].get("user"), asked.id)


routes = [
    Route("/", index),
    Route("/login", login, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
]
middleware = [  # the first is outermost: the session is there when a picture is asked for
    Middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"]),
    Middleware(ASGIImageMiddleware, source=people.path, id_type=int, authorize=may_see),
]
app = Starlette(routes=routes, middleware=middleware)
