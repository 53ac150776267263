"""The arguments of adapters: an application of another protocol is refused at once."""

import re
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from drivers import plain_asgi, plain_wsgi
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware


def test_an_application_comes_before_its_source(tmp_path: Path) -> None:
    for adapter, app in ((WSGIImageMiddleware, plain_wsgi), (ASGIImageMiddleware, plain_asgi)):
        with pytest.raises(TypeError, match=r"^app: .* the source comes after it"):
            adapter(str(tmp_path), app)


class Application:
    """As Flask's and Starlette's are: an object with a method, not a function."""

    def __init__(self, call: Any) -> None:
        self._call = call


class OfWSGI(Application):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._call(environ, start_response)


class OfASGI(Application):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._call(scope, receive, send)


@pytest.mark.parametrize(
    ("adapter", "app", "words"),
    [
        (WSGIImageMiddleware, plain_asgi, "there is ASGIImageMiddleware"),
        (WSGIImageMiddleware, OfASGI(plain_asgi), "(environ, start_response)"),
        (WSGIImageMiddleware, lambda id: None, "is no WSGI application"),
        (ASGIImageMiddleware, plain_wsgi, "there is WSGIImageMiddleware"),
        (ASGIImageMiddleware, OfWSGI(plain_wsgi), "(scope, receive, send)"),
    ],
)
def test_an_application_of_the_other_protocol(
    adapter: Any, app: Any, words: str, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match=f"^app: .*{re.escape(words)}"):
        adapter(app, tmp_path)


@pytest.mark.parametrize(
    ("adapter", "app"),
    [
        (WSGIImageMiddleware, OfWSGI(plain_wsgi)),
        (WSGIImageMiddleware, partial(plain_wsgi)),
        (WSGIImageMiddleware, dict),  # nothing is known of it
        (WSGIImageMiddleware, Mock()),
        (ASGIImageMiddleware, OfASGI(plain_asgi)),
        (ASGIImageMiddleware, partial(plain_asgi)),
    ],
)
def test_whatever_can_be_called_so_is_an_application(
    adapter: Any, app: Any, tmp_path: Path
) -> None:
    assert adapter(app, tmp_path).app is app
