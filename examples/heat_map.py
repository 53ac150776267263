"""Starlette: a heat map whose tiles are computed when they are needed; they are NumPy arrays.

Start it in this folder:

    uvicorn heat_map:app

http://127.0.0.1:8000/image/0,0,0 is the whole map, http://127.0.0.1:8000/image/1,0,2 the tile in
column 1 and row 0 of the 4 x 4 tiles of zoom 2; ?w=64 makes either smaller.
"""

import re
from functools import partial

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from imgmiddleware import ArrayOriginal
from imgmiddleware.asgi import ASGIImageMiddleware

TILE = 256  # pixels a side
DEEPEST = 12

#: What is hot on a map that reaches from 0 to 1 both ways: x, y, radius.
SPOTS = ((0.25, 0.25, 0.10), (0.75, 0.50, 0.20), (0.375, 0.875, 0.05))


def heat(column: int, row: int, zoom: int) -> np.ndarray:
    """A tile: how hot it is at each pixel, from 0 to 1."""
    centres = (np.arange(TILE) + 0.5) / TILE
    x, y = np.meshgrid((column + centres) / 2**zoom, (row + centres) / 2**zoom)
    return np.max([np.exp(-((x - a) ** 2 + (y - b) ** 2) / r**2) for a, b, r in SPOTS], axis=0)


def heat_map(id: str) -> ArrayOriginal | None:
    """The tile of "x,y,zoom" in colours. Nothing is computed for what a cache or a browser has."""
    if not re.fullmatch(r"\d{1,4},\d{1,4},\d{1,2}", id, re.ASCII):
        return None
    column, row, zoom = map(int, id.split(","))
    if zoom > DEEPEST or max(column, row) >= 2**zoom:
        return None
    tile = partial(heat, column, row, zoom)
    return ArrayOriginal(tile, version=1, range=(0, 1), colormap="turbo")


async def index(request: Request) -> HTMLResponse:
    return HTMLResponse('<img src="/image/0,0,0">')


app = Starlette(
    routes=[Route("/", index)],
    middleware=[Middleware(ASGIImageMiddleware, source=heat_map, default="fm=png")],
)
