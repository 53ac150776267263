"""Starlette: a heat map that is computed for each request; its originals are NumPy arrays.

Start it in this folder:

    uvicorn heat_map:app

http://127.0.0.1:8000/image/0,0,0 is the whole map, http://127.0.0.1:8000/image/1,0,2 the tile in
column 1 and row 0 of the 4 x 4 tiles of zoom 2; ?w=64 makes either smaller.
"""

import re

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from imgmiddleware.asgi import ASGIImageMiddleware

TILE = 256  # pixels a side
DEEPEST = 12

#: What is hot on a map that reaches from 0 to 1 both ways: x, y, radius.
SPOTS = ((0.25, 0.25, 0.10), (0.75, 0.50, 0.20), (0.375, 0.875, 0.05))

#: Red, green, blue at heats that are evenly spread from 0 to 1.
COLOURS = np.array(((0.0, 0.0, 0.5), (0.0, 0.5, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0)))


def heat_map(id: str) -> np.ndarray | None:
    """The tile of "x,y,zoom": a float array (256, 256, 3) of 0 to 1 in red, green, blue."""
    if not re.fullmatch(r"\d{1,4},\d{1,4},\d{1,2}", id, re.ASCII):
        return None
    column, row, zoom = map(int, id.split(","))
    if zoom > DEEPEST or max(column, row) >= 2**zoom:
        return None
    centres = (np.arange(TILE) + 0.5) / TILE
    x, y = np.meshgrid((column + centres) / 2**zoom, (row + centres) / 2**zoom)
    heat = np.max([np.exp(-((x - a) ** 2 + (y - b) ** 2) / r**2) for a, b, r in SPOTS], axis=0)
    steps = np.linspace(0, 1, len(COLOURS))
    return np.stack([np.interp(heat, steps, channel) for channel in COLOURS.T], axis=-1)


async def index(request: Request) -> HTMLResponse:
    return HTMLResponse('<img src="/image/0,0,0">')


app = Starlette(
    routes=[Route("/", index)],
    middleware=[
        Middleware(ASGIImageMiddleware, source=heat_map, array_order="rgb", default="fm=png")
    ],
)
