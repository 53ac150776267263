"""Django on WSGI, in one file: the files of a folder, in any size.

Start it in this folder, with the folder of your originals (without PHOTOS: this folder):

    PHOTOS=~/Pictures gunicorn django_wsgi:application

http://127.0.0.1:8000/image/cat.jpg?w=400 is one of them, 400 pixels wide. In a project of yours the
last line is all that changes: it goes to the end of `wsgi.py`.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from imgmiddleware.wsgi import WSGIImageMiddleware

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
)


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<img src="/image/cat.jpg?w=400">')


urlpatterns = [path("", index)]

application = get_wsgi_application()
application = WSGIImageMiddleware(application, os.environ.get("PHOTOS", "."), default="w=800")
