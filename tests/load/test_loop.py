"""The event loop goes on while large originals are rendered."""

from __future__ import annotations

import asyncio
import io
import time

import numpy as np
from PIL import Image

from drivers import asgi_scope, plain_asgi
from imgmiddleware.asgi import ASGIImageMiddleware

#: Seconds. Two renders hold both processors for far longer, as this asserts too.
_MOST_LAG = 0.25


def photo() -> bytes:
    """18 megapixels that are no smooth gradient."""
    noise = np.random.default_rng(1).integers(0, 256, (318, 564, 3), np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(noise).resize((5640, 3180), Image.Resampling.BICUBIC)
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def test_lag_while_eighteen_megapixels_are_rendered() -> None:
    data = photo()
    app = ASGIImageMiddleware(plain_asgi, lambda id: data)

    async def ask(width: int) -> int:
        sent = []

        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await app(asgi_scope(f"/image/{width}?w={width}&fm=webp"), receive, send)
        return int(sent[0]["status"])

    async def run() -> tuple[list[int], float, float]:
        started = time.perf_counter()
        asking = asyncio.gather(*(ask(width) for width in range(1500, 1506)))
        worst = 0.0
        while not asking.done():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before - 0.001)
        return await asking, worst, time.perf_counter() - started

    statuses, worst, took = asyncio.run(run())
    assert statuses == [200] * 6
    assert worst < _MOST_LAG < took
