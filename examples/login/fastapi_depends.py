"""FastAPI: a route whose dependency says who is asking.

Make `people.db` by `people.py`, then start this here:

    SECRET_KEY=keep-this-secret uvicorn fastapi_depends:app

Then log in: what the cookie in `jar` opens is picture 1, and not picture 2.

    curl -c jar --json '{"name": "ann", "password": "annann"}' http://127.0.0.1:8000/login
    curl -b jar http://127.0.0.1:8000/image/1 -o 1.jpg
"""

import os
from typing import Annotated

import people
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

from imgmiddleware import ImageService
from imgmiddleware.frameworks.starlette import image_request, response

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])

service = ImageService(people.path, id_type=int, private=True)


def logged_in(request: Request) -> int:
    user = request.session.get("user")
    if not isinstance(user, int):
        raise HTTPException(403, "log in first")
    return user


@app.head("/image/{id}")
@app.get("/image/{id}")
def image(request: Request, id: int, user: Annotated[int, Depends(logged_in)]) -> Response:
    if not people.owns(user, id):
        raise HTTPException(403, "this is somebody else's")
    return response(service.handle(image_request(request, id)))


@app.get("/")
def index(user: Annotated[int, Depends(logged_in)]) -> list[str]:
    return [f"/image/{id}?w=400" for id in people.pictures(user)]


class Login(BaseModel):
    name: str
    password: str


@app.post("/login", status_code=204)
def login(request: Request, given: Login) -> None:
    user = people.known(given.name, given.password)
    if user is None:
        raise HTTPException(403, "no such name and password")
    request.session.clear()
    request.session["user"] = user


@app.post("/logout", status_code=204)
def logout(request: Request) -> None:
    request.session.clear()
