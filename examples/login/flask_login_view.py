"""Flask-Login: a view that its decorator guards, and that sends who is not logged in to log in.

Make `people.db` by `people.py`, then start this here:

    SECRET_KEY=keep-this-secret waitress-serve --listen 127.0.0.1:8000 flask_login_view:app

http://127.0.0.1:8000/image/1 leads to the login: as ann, with the password annann, it is yours.
"""

import os

import people
from flask import Flask, abort, redirect, request
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from werkzeug import Response

from imgmiddleware import ImageService
from imgmiddleware.frameworks.flask import image_request, response

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

logins = LoginManager(app)
logins.login_view = "login"


class User(UserMixin):
    def __init__(self, id: int) -> None:
        self.id = id


@logins.user_loader
def user_of(id: str) -> User:
    return User(int(id))


service = ImageService(people.path, id_type=int, private=True)


@app.get("/image/<int:id>")
@login_required
def image(id: int) -> Response:
    if not people.owns(current_user.id, id):
        abort(403)
    return response(service.handle(image_request(request, id)))


@app.get("/")
@login_required
def index() -> str:
    return "".join(f'<img src="/image/{id}?w=400">' for id in people.pictures(current_user.id))


@app.route("/login", methods=["GET", "POST"])
def login() -> Response | str:
    if request.method == "GET":
        fields = '<input name="name"><input name="password" type="password"><button>Log in</button>'
        return f'<form method="post">{fields}</form>'
    user = people.known(request.form["name"], request.form["password"])
    if user is None:
        abort(403)
    login_user(User(user))
    return redirect("/", 303)


@app.post("/logout")
def logout() -> Response:
    logout_user()
    return redirect("/", 303)
