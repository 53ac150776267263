"""One request of one service, in process: the way of most tests."""

from __future__ import annotations

import json
from typing import Any

from imgmiddleware import ImageRequest, ImageResponse, ImageService
from pictures import pixels_of


def request(query: str = "", id: str = "a", method: str = "GET", **headers: str) -> ImageRequest:
    """For `/image/<id>`; `if_none_match=` is the header `if-none-match`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return ImageRequest(method, f"/image/{id}", query, fields)


def get(service: ImageService, query: str = "", id: str = "a", **headers: str) -> ImageResponse:
    """The answer of a service."""
    return service.handle(request(query, id, **headers))


def serving(original: Any, **options: Any) -> ImageService:
    """A service with this original, bytes or an array, under every ID."""
    return ImageService(lambda id: original, **options)


def ask(original: Any, query: str = "", **options: Any) -> ImageResponse:
    """The answer of a service with this original."""
    return get(serving(original, **options), query)


def made(original: Any, query: str = "fm=png", **options: Any) -> bytes:
    """The picture, as the file that it is; anything but a 200 fails."""
    answer = ask(original, query, **options)
    assert answer.status == 200, answer.body
    return answer.read()


def shown(original: Any, query: str = "fm=png", mode: str = "RGB", **options: Any) -> Any:
    """The picture's pixels, as Pillow sees them."""
    return pixels_of(made(original, query, **options), mode)


def refused(original: Any, query: str = "", **options: Any) -> tuple[int, str]:
    """Status and code of the refusal; the code is "" where there is a picture."""
    answer = ask(original, query, **options)
    return answer.status, json.loads(answer.read())["code"] if answer.status != 200 else ""
