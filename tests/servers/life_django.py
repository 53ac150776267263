"""Django behind gunicorn and uvicorn, whose pictures are rows of its database.

Below `/image/` the source has `around`, below `/bare/` it has not. Each call takes so long that
several are under way at once.
"""

import io
import os
import time
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from PIL import Image

#: An SQLite file, or a database of PostgreSQL's, the rest of which libpq's variables tell.
DATABASE = os.environ["IMGMIDDLEWARE_TEST_DATABASE"]
ENGINE = "sqlite3" if os.path.isabs(DATABASE) else "postgresql"


def opened(request: HttpRequest) -> JsonResponse:
    """How often this process has the database's file open."""
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    names = [os.readlink(link) for link in links if os.path.islink(link)]
    return JsonResponse(sum(name == DATABASE for name in names), safe=False)


settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": f"django.db.backends.{ENGINE}", "NAME": DATABASE}},
    ROOT_URLCONF=type("urls", (), {"urlpatterns": [path("opened", opened)]}),
    SECRET_KEY="of the tests",
)
wsgi, asgi = get_wsgi_application(), get_asgi_application()

from django.db import connection  # noqa: E402 - once Django is set up

from imgmiddleware import ImageService  # noqa: E402
from imgmiddleware.asgi import ASGIImageMiddleware  # noqa: E402
from imgmiddleware.frameworks.django import around  # noqa: E402
from imgmiddleware.wsgi import WSGIImageMiddleware  # noqa: E402


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "PNG")
    return file.getvalue()


def _fill() -> None:
    with connection.cursor() as cursor:
        kind = "bytea" if connection.vendor == "postgresql" else "blob"
        cursor.execute(f"create table pictures (id text, data {kind})")
        cursor.execute("insert into pictures values ('a', %s)", [_picture()])
    connection.close()


def _row(sql: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


def find(id: str) -> bytes | None:
    row = _row("select data from pictures where id = %s", id)
    time.sleep(0.02)
    return None if row is None else bytes(row[0])


def allow(request: Any) -> bool:
    return bool(_row("select 1")[0])


_fill()
bare = ImageService(find, prefix="/bare/", authorize=allow, recheck=0)
service = ImageService(find, authorize=allow, recheck=0, around=around)
wsgi = WSGIImageMiddleware(WSGIImageMiddleware(wsgi, bare), service)
asgi = ASGIImageMiddleware(ASGIImageMiddleware(asgi, bare), service)
