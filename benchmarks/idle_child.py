"""A process that renders with all slots of the machine: a job a line, an answer a line.

    python -m benchmarks.idle_child NAME

NAME is `lent`, where one render borrows idle slots; `alone`, where it does not; `plain`, with no
option, as a version has it that knows neither; or `blog`, the code of the blog post.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

#: Makes the answer of a path and a query.
Render = Callable[[str, str], bytes]


def ours(**options: Any) -> Render:
    """One service that remembers nothing."""
    from imgmiddleware import ImageRequest, ImageService  # noqa: PLC0415

    service = ImageService(Path("/"), cache_bytes=0, decoded_bytes=0, recheck=0, **options)

    def render(path: str, query: str) -> bytes:
        response = service.handle(ImageRequest("GET", f"/image{path}", query))
        assert response.status == 200, response.read()
        return bytes(response.read())

    return render


def blog_post(path: str, query: str) -> bytes:
    """To 800 pixels as JPEG, or a third of the size as PNG."""
    import cv2  # noqa: PLC0415

    pixels = cv2.imread(path)
    height, width = pixels.shape[:2]
    if "fm=png" in query:
        smaller = cv2.resize(pixels, (round(width / 3), round(height / 3)))
        return bytes(cv2.imencode(".png", smaller)[1].tobytes())
    smaller = cv2.resize(pixels, (800, round(800 * height / width)))
    return bytes(cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


def makers() -> dict[str, Callable[[], Render]]:
    return {
        "lent": lambda: ours(lend_slots=True),
        "alone": lambda: ours(lend_slots=False),
        "plain": ours,
        "blog": lambda: blog_post,
    }


def once(render: Render, paths: list[str], query: str) -> dict[str, float]:
    """Seconds by the clock, and of the processor in all threads; bytes."""
    wall, cpu = time.perf_counter(), time.process_time()
    size = len(render(paths[0], query))
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "bytes": size,
    }


def together(
    render: Render, paths: list[str], query: str, seconds: float, clients: int
) -> dict[str, float]:
    """Pictures a second for so many clients, each with originals by turns."""
    rates: list[float] = []

    def ask(mine: Iterator[str]) -> None:
        made, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            render(next(mine), query)
            made += 1
        rates.append(made / (time.perf_counter() - start))

    def turns(number: int) -> Iterator[str]:
        while True:
            yield paths[number % len(paths)]

    threads = [threading.Thread(target=ask, args=(turns(n),)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rate": sum(rates)}


def main() -> None:
    render = makers()[sys.argv[1]]()
    for line in sys.stdin:
        job = json.loads(line)
        done = together if "clients" in job else once
        print(json.dumps(done(render, **job)), flush=True)


if __name__ == "__main__":
    main()
