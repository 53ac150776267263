"""Django, with the middleware around it: `authorize` asks for the user of the session's cookie.

The project is that of `django_view.py`, whose first lines say how to make its tables and users.
Then, here:

    PHOTOS=~/Pictures uvicorn django_around:application

http://127.0.0.1:8000/image/ann/cat.jpg is ann's alone. In a project of yours this is the end of
`asgi.py`. In `wsgi.py` it is `WSGIRequest(dict(asked.context))`: Django changes what it is given.
"""

import os
from importlib import import_module
from io import BytesIO

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django_view import asgi

from imgmiddleware import ImageRequest
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.frameworks.django import around

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


def may_see(asked: ImageRequest) -> bool:
    """Whether the picture is in the folder of the user who is logged in."""
    request = ASGIRequest(asked.context, BytesIO())
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    owner, _, _ = asked.id.partition("/")
    return get_user(request).get_username() == owner != ""


application = ASGIImageMiddleware(
    asgi, os.environ.get("PHOTOS", "."), authorize=may_see, around=around
)
