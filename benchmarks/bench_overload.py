"""How soon is a request told that it is one too many?

Ten times as many clients as there are slots and places to wait, each with a picture of its own to
ask for; a server that is asked again in a second is better than one that answers in ten.

    python -m benchmarks.bench_overload [--rounds 5]
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cv2

from benchmarks.photos import photo
from benchmarks.results import report
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService

SLOTS, WAITING = 2, 8
CLIENTS = 10 * (SLOTS + WAITING)
GOAL = 0.05  # seconds, at the median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    logging.getLogger("imgmiddleware").addHandler(logging.NullHandler())
    waited: dict[int, list[float]] = {200: [], 503: []}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/photo.jpg"
        cv2.imwrite(path, photo(5640, 3172)[1])
        for number in range(rounds):
            service = ImageService(lambda id: path, render_slots=SLOTS, max_waiting=WAITING)
            for status, seconds in _asked(service, number):
                waited[status].append(seconds)
    rows = [_row(status, seconds) for status, seconds in waited.items()]
    about = (
        f"{machine('opencv-python-headless')}. {CLIENTS} clients, {SLOTS} slots, {WAITING} places "
        f"to wait; the goal of the 503 is a median of {1000 * GOAL:.0f} ms.\n\n"
    )
    report("Overload", about + table(("status", "answers", "ms, median", "least", "most"), rows))


def _asked(service: ImageService, number: int) -> list[tuple[int, float]]:
    together = threading.Barrier(CLIENTS)

    def ask(client: int) -> tuple[int, float]:
        # An original of its own for each: no decode is shared.
        request = ImageRequest("GET", f"/image/{number}-{client}", f"w={800 + client}&fm=jpg")
        together.wait(60)
        start = time.perf_counter()
        answer = service.handle(request)
        assert answer is not None
        return answer.status, time.perf_counter() - start

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(ask, range(CLIENTS)))


def _row(status: int, seconds: list[float]) -> list[object]:
    values = (statistics.median(seconds), min(seconds), max(seconds))
    return [status, len(seconds), *(f"{1000 * value:.1f}" for value in values)]


if __name__ == "__main__":
    main()
