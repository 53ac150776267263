"""How long does a picture of one original take while another, slow one is asked for by many?

python -m benchmarks.bench_fairness [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import cv2

from benchmarks.photos import photo
from benchmarks.results import report
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService

SLOTS, LINKS = 2, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        cv2.imwrite(f"{folder}/slow.webp", photo(4000, 2250)[1])
        cv2.imwrite(f"{folder}/quick.jpg", photo(1880, 1058)[1])
        alone = [_took(folder, number, 0) for number in range(rounds)]
        beside = [_took(folder, number, LINKS) for number in range(rounds)]
    rows = [_row("nothing else", alone), _row(f"{LINKS} links to the slow one", beside)]
    about = (
        f"{machine('opencv-python-headless')}. {SLOTS} slots; a JPEG of 2 MP beside a WebP of "
        "9 MP, each link another width.\n\n"
    )
    report("Fairness", about + table(("while", "ms, median", "least", "most"), rows))


def _took(folder: str, number: int, links: int) -> float:
    """Seconds for the quick one, asked for when all others wait."""
    service = ImageService(folder, render_slots=SLOTS, decoded_bytes=0, max_wait=120)

    def ask(target: str, width: int) -> int:
        answer = service.handle(ImageRequest("GET", f"/image/{target}", f"w={width}&fm=jpg"))
        assert answer is not None
        return answer.status

    with ThreadPoolExecutor(links + 1) as clients:
        others = [clients.submit(ask, "slow.webp", 600 + 7 * link) for link in range(links)]
        time.sleep(0.5)
        start = time.perf_counter()
        assert ask("quick.jpg", 300 + number) == 200
        took = time.perf_counter() - start
        assert all(other.result() == 200 for other in others)
    return took


def _row(name: str, seconds: list[float]) -> list[object]:
    values = (statistics.median(seconds), min(seconds), max(seconds))
    return [name, *(f"{1000 * value:.0f}" for value in values)]


if __name__ == "__main__":
    main()
