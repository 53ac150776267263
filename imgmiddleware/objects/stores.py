"""The store of a URL or a store object of obstore's, for reading alone."""

from __future__ import annotations

from typing import Any, Protocol

from imgmiddleware.objects.address import SERVERS, is_address, parse
from imgmiddleware.objects.part import Part, Stat
from imgmiddleware.objects.store import ObjectStore, is_store


class Readable(Protocol):
    """Reads objects."""

    def read(
        self,
        name: str,
        start: int = 0,
        stop: int | None = None,
        *,
        match: Stat | None = None,
        unless: Stat | None = None,
    ) -> Part | None: ...


def means_store(given: object) -> bool:
    """Whether it is a URL, of any scheme, or a store object of obstore's."""
    return is_address(given) or is_store(given)


def store_of(given: Any, seconds: float = 10.0, option: str = "source") -> Readable:
    """The reader of its objects. Raises `ValueError` or `TypeError`."""
    if isinstance(given, str) and parse(given, option).scheme in SERVERS:
        from imgmiddleware.objects.web import WebStore  # noqa: PLC0415 - its client, where it is in use

        return WebStore(given, seconds, option)
    return ObjectStore(given, seconds, option)
