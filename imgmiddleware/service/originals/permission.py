"""Whether a request may see an original: the answer of the application's `authorize`."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from imgmiddleware.errors import ImageError
from imgmiddleware.messages import ImageRequest
from imgmiddleware.settings import Settings
from imgmiddleware.sources.around import with_around


class Permission:
    """`authorize` of one service, if it has one."""

    def __init__(self, settings: Settings) -> None:
        self._allows: Callable[[ImageRequest], Any] | None = with_around(
            settings.authorize, settings.around
        )
        self._id_type = settings.id_type

    def check(self, request: ImageRequest, id: str) -> None:
        """Raises 403 where it says no, and `TypeError` where it has to be awaited, or yields."""
        if self._allows is None:
            return
        said: object = self._allows(replace(request, id=self._id_type(id)))
        if inspect.isawaitable(said):
            raise TypeError("authorize: its value would have to be awaited")
        if inspect.isgenerator(said) or inspect.isasyncgen(said):
            raise TypeError("authorize: it has to return yes or no, and must not yield")
        if not said:
            raise ImageError("forbidden", "this original is not for you")
