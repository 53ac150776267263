"""Ten times too many requests: accepted ones are right, the rest are refused, memory is kept."""

from __future__ import annotations

import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imgmiddleware import ImageRequest, ImageService

SLOTS, WAITING = 2, 8
#: The number that is let in at once, times ten.
CLIENTS = 10 * (SLOTS + WAITING)
#: Enough for one of the originals below, which takes 72 MB to decode, and not for two beside it.
BUDGET = 192 * 2**20


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Highest(threading.Thread):
    """The most that the process held while this ran."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = resident()
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._done.wait(0.002):
            self.most = max(self.most, resident())

    def stop(self) -> int:
        self._done.set()
        self.join()
        return self.most


def bmp(seed: int) -> bytes:
    """A flat picture of 12 megapixels and 36 MB, each seed another colour."""
    file = io.BytesIO()
    Image.new("RGB", (4000, 3000), (seed % 256, 100, 50)).save(file, "BMP")
    return file.getvalue()


def test_ten_times_as_many_as_fit() -> None:
    originals = [bmp(seed) for seed in range(10)]
    service = ImageService(
        lambda id: originals[int(id) % 10],
        render_slots=SLOTS,
        max_waiting=WAITING,
        max_memory=BUDGET,
        max_source_memory=BUDGET,
        cache_bytes=2**20,
        decoded_bytes=2**20,
    )
    together = threading.Barrier(CLIENTS)

    def ask(number: int) -> Any:
        request = ImageRequest("GET", f"/image/{number}", f"w={100 + number}&fm=png")
        together.wait(60)
        return number, service.handle(request)

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda _: together.wait(60), range(CLIENTS)))  # every thread is there
        before, highest = resident(), Highest()
        answers = list(clients.map(ask, range(CLIENTS)))
        grown = highest.stop() - before

    accepted = [(number, answer) for number, answer in answers if answer.status == 200]
    refused = [answer for _, answer in answers if answer.status != 200]
    assert len(accepted) >= 1 + WAITING  # the budget has room for one at a time
    assert refused
    for number, answer in accepted:
        with Image.open(io.BytesIO(answer.body)) as image:
            assert image.size == (100 + number, int((100 + number) * 3 / 4 + 0.5))
            pixels = np.asarray(image.convert("RGB"))
            assert (pixels == (number % 10, 100, 50)).all()
    for answer in refused:
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "busy")
        assert answer.header("retry-after") == "1"
    assert grown <= BUDGET
