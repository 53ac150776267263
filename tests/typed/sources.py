"""A type checker's view of sources; as for options, each `ignore` must be needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.applications import Starlette

from imgmiddleware import ArrayOriginal, BytesOriginal, ChainSource, ImageService, Original
from imgmiddleware.asgi import ASGIImageApp, ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageApp

app = Starlette()


def path(id: str) -> Path | None:
    return Path(id) if id else None


def array(id: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.zeros((id, id), np.uint8)


def number(id: str) -> int:
    return len(id)


async def later(id: str) -> bytes:
    return id.encode()


def heat(id: str) -> ArrayOriginal | None:
    made = ArrayOriginal(lambda: array(9), "rgb", version=1, range=("2%", 3.0), colormap="jet")
    table = ArrayOriginal(
        array(9), version="a", range="minmax", colormap=np.zeros((256, 3), np.uint8)
    )
    return made if id else table


def masked(id: str) -> np.ma.MaskedArray[Any, Any]:
    return np.ma.masked_array(array(3))


def drawn(id: str) -> Image.Image | BytesOriginal:
    return Image.new("L", (3, 3)) if id else BytesOriginal(b"", version=2)


class Database:
    def open(self, id: str) -> BytesOriginal | ArrayOriginal | None:
        return BytesOriginal(b"") if id else ArrayOriginal(np.zeros((9, 9), np.uint8))


class Wrapped:
    def __init__(self, database: Database) -> None:
        self.database = database

    def open(self, id: str) -> Original | ArrayOriginal | None:
        return self.database.open(id)


class Later:
    async def open(self, id: str) -> BytesOriginal | None:
        return BytesOriginal(b"") if id else None


class Odd:
    def open(self, id: str) -> bytes:
        return id.encode()


ImageService(path)
ImageService(array, id_type=int)
ImageService(heat)
ImageService(masked)
ImageService(drawn)
ImageService({"a": path, "b": {"c": "photos/"}, "": Database()})
ImageService({"a": later})  # type: ignore[dict-item]
ImageService(ChainSource(path, "photos/", old=Database()))
ArrayOriginal("a.npy")  # type: ignore[arg-type]
ArrayOriginal(array(3), order="gbr")  # type: ignore[arg-type]
ArrayOriginal(array(3), range="all")  # type: ignore[arg-type]
ArrayOriginal(lambda: 3, version=1)  # type: ignore[arg-type, return-value]
ImageService(Database())
ImageService(Wrapped(Database()))
ImageService(number)  # type: ignore[arg-type]
ImageService(later)  # type: ignore[arg-type]
ImageService(Odd())  # type: ignore[arg-type]
ImageService(Later())  # type: ignore[arg-type]
ASGIImageMiddleware(app, later)
ASGIImageMiddleware(app, Later())
ASGIImageMiddleware(app, path)
ASGIImageMiddleware(app, {"a": path, "b": {"c": later}, "": ChainSource(later, "photos/")})
ASGIImageMiddleware(app, {"a": 3})  # type: ignore[dict-item]
ASGIImageMiddleware(app, number)  # type: ignore[arg-type]
ASGIImageApp(later)
WSGIImageApp(later)  # type: ignore[arg-type]
