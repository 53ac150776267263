"""Django on ASGI, in one file: the files of a folder, in any size.

Start it in this folder, with the folder of your originals (without PHOTOS: this folder):

    PHOTOS=~/Pictures uvicorn django_asgi:application

http://127.0.0.1:8000/image/cat.jpg?w=400 is one of them, 400 pixels wide. In a project of yours the
last line is all that changes: it goes to the end of `asgi.py`.
"""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from imgmiddleware.asgi import ASGIImageMiddleware

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
)


async def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<img src="/image/cat.jpg?w=400">')


urlpatterns = [path("", index)]

application = get_asgi_application()
application = ASGIImageMiddleware(application, os.environ.get("PHOTOS", "."), default="w=800")
