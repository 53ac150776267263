"""Flask's session, read by `authorize` around the application.

Make `people.db` by `people.py`, then start this here:

    SECRET_KEY=keep-this-secret gunicorn flask_session:app

and log in on http://127.0.0.1:8000/, as ann with the password annann: http://127.0.0.1:8000/image/1
is then yours, and http://127.0.0.1:8000/image/2 is not.
"""

import os

import people
from flask import Flask, abort, redirect, request, session
from werkzeug import Response

from imgmiddleware import ImageRequest
from imgmiddleware.wsgi import WSGIImageMiddleware

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


@app.get("/")
def index() -> str:
    if "user" not in session:
        fields = '<input name="name"><input name="password" type="password"><button>Log in</button>'
        return f'<form action="/login" method="post">{fields}</form>'
    return "".join(f'<img src="/image/{id}?w=400">' for id in people.pictures(session["user"]))


@app.post("/login")
def login() -> Response:
    user = people.known(request.form["name"], request.form["password"])
    if user is None:
        abort(403)
    session.clear()
    session["user"] = user
    return redirect("/", 303)


@app.post("/logout")
def logout() -> Response:
    session.clear()
    return redirect("/", 303)


def may_see(asked: ImageRequest) -> bool:
    """Whether the picture is of the user who is logged in: Flask reads its session once more."""
    with app.request_context(asked.context):
        return people.owns(session.get("user"), asked.id)


app.wsgi_app = WSGIImageMiddleware(  # type: ignore[method-assign]
    app.wsgi_app, people.path, id_type=int, authorize=may_see
)
