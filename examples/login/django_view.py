"""Django, on WSGI and on ASGI: a view behind Django's own sessions and users, in one file.

The tables, and a user called ann, whose pictures are the files of the folder `ann` in PHOTOS:

    python django_view.py migrate
    python django_view.py createsuperuser --username ann

Then either of these, here:

    PHOTOS=~/Pictures gunicorn django_view:application
    PHOTOS=~/Pictures uvicorn django_view:asgi

The database is an SQLite file, or with ENGINE=postgresql what libpq's variables (PGHOST, PGUSER)
name. In a project of yours only `service`, `image` and their path are new.
"""

import os
import sys

from django.conf import settings
from django.contrib import auth
from django.core.asgi import get_asgi_application
from django.core.exceptions import PermissionDenied
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_POST

from imgmiddleware import ImageService
from imgmiddleware.frameworks.django import image_request, response

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DATABASES={
        "default": {
            "ENGINE": f"django.db.backends.{os.environ.get('ENGINE', 'sqlite3')}",
            "NAME": os.environ.get("DATABASE", "people.db"),
        }
    },
    INSTALLED_APPS=[
        *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions")
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
)
application = get_wsgi_application()
asgi = get_asgi_application()

service = ImageService(os.environ.get("PHOTOS", "."), private=True)


def image(request: HttpRequest, owner: str, name: str) -> HttpResponseBase:
    if request.user.get_username() != owner:  # nobody's is ""
        raise PermissionDenied
    return response(service.handle(image_request(request, f"{owner}/{name}")))


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"You are {request.user.get_username() or 'nobody'}.")


@require_POST
def login(request: HttpRequest) -> HttpResponse:
    given = (request.POST.get("name"), request.POST.get("password"))
    user = auth.authenticate(request, username=given[0], password=given[1])
    if user is None:
        raise PermissionDenied
    auth.login(request, user)
    return HttpResponseRedirect("/")


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return HttpResponseRedirect("/")


urlpatterns = [
    path("", index),
    path("image/<str:owner>/<path:name>", image),
    path("login", login),
    path("logout", logout),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
