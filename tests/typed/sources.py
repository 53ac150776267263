"""What a type checker says of sources; as for options, each `ignore` must be needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from starlette.applications import Starlette

from imgmiddleware import ArrayOriginal, BytesOriginal, ImageService, Original
from imgmiddleware.asgi import ASGIImageMiddleware

app = Starlette()


def path(id: str) -> Path | None:
    return Path(id) if id else None


def array(id: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.zeros((id, id), np.uint8)


def number(id: str) -> int:
    return len(id)


async def later(id: str) -> bytes:
    return id.encode()


class Database:
    def open(self, id: str) -> BytesOriginal | ArrayOriginal | None:
        return BytesOriginal(b"") if id else ArrayOriginal(np.zeros((9, 9), np.uint8))


class Wrapped:
    def __init__(self, database: Database) -> None:
        self.database = database

    def open(self, id: str) -> Original | ArrayOriginal | None:
        return self.database.open(id)


class Odd:
    def open(self, id: str) -> bytes:
        return id.encode()


ImageService(path)
ImageService(array, id_type=int)
ImageService(Database())
ImageService(Wrapped(Database()))
ImageService(number)  # type: ignore[arg-type]
ImageService(later)  # type: ignore[arg-type]
ImageService(Odd())  # type: ignore[arg-type]
ASGIImageMiddleware(app, later)
ASGIImageMiddleware(app, path)
ASGIImageMiddleware(app, number)  # type: ignore[arg-type]
