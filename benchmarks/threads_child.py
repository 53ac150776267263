"""A process that renders originals over and over, each in a thread of its own: a turn a line.

It is one thread for each original, as those who ask for one at a time share its decode.

It is told the seconds of a turn, and answers with the pictures a second that it made in it.

    python -m benchmarks.threads_child WIDTH FORMAT PATH [PATH]
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from imgmiddleware import ImageRequest, ImageService


class Renders:
    """Nothing is cached, so that each request decodes, resamples and encodes."""

    def __init__(self, paths: list[Path], width: int, format: str) -> None:
        folder = paths[0].parent.parent
        self._service = ImageService(folder, cache_bytes=0, decoded_bytes=0, recheck=0)
        self._paths = [f"/image/{path.relative_to(folder)}" for path in paths]
        self._query = f"w={width}&fm={format}"

    def one(self, path: str) -> None:
        response = self._service.handle(ImageRequest("GET", path, self._query))
        assert response.status == 200, response.read()
        response.read()

    def turn(self, seconds: float) -> tuple[float, float, float]:
        """Pictures a second, of whole renders, of all threads; how much of the time a thread was
        neither running nor kept from it by what else the machine does (Linux, proc(5)); and the
        seconds of the processor.
        """
        used = time.process_time()
        rates: list[float] = []
        asleep: list[float] = []

        def work(path: str) -> None:
            made, start, before = 0, time.perf_counter(), _scheduled()
            while time.perf_counter() - start < seconds:
                self.one(path)
                made += 1
            taken = time.perf_counter() - start
            rates.append(made / taken)
            asleep.append(1 - (_scheduled() - before) / taken)

        workers = [threading.Thread(target=work, args=(path,)) for path in self._paths]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(rates), sum(asleep) / len(asleep), time.process_time() - used


def _scheduled() -> float:
    """Seconds that this thread ran, or could have."""
    running, ready, _ = Path("/proc/thread-self/schedstat").read_text().split()
    return (int(running) + int(ready)) / 1e9


def main() -> None:
    width, format, *paths = sys.argv[1:]
    renders = Renders([Path(path) for path in paths], int(width), format)
    renders.turn(0.1)
    for line in sys.stdin:
        print(*renders.turn(float(line)), flush=True)


if __name__ == "__main__":
    main()
