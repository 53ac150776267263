"""Clients of bench_throughput, in a process of their own: each asks for the next as soon as it has
one, another original and another width each time. It prints what they saw, as JSON.

    python -m benchmarks.throughput_client URL SECONDS CLIENTS COPIES

In URL `{number}` stands for an original's number, below COPIES, and `{width}` for a width.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from benchmarks.throughput_apps import JPEG

#: What is asked for, in turn.
WIDTHS = range(780, 821)


def main(url: str, seconds: float, clients: int, copies: int) -> None:
    numbers = itertools.count()
    parts = urlsplit(url)

    def client(_: int) -> tuple[float, list[float], str]:
        """Requests a second, what each took, and what went wrong."""
        assert parts.hostname
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        start = time.perf_counter()
        taken: list[float] = []
        while time.perf_counter() - start < seconds:
            number = next(numbers)
            before = time.perf_counter()
            width = WIDTHS[number % len(WIDTHS)]
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path.format(number=number % copies, width=width))
            response = connection.getresponse()
            body = response.read()
            if response.status != 200 or not body.startswith(JPEG):
                return 0, [], f"{response.status} {body[:100]!r}"
            taken.append(time.perf_counter() - before)
        return len(taken) / (time.perf_counter() - start), taken, ""

    with ThreadPoolExecutor(clients) as pool:
        seen = [*pool.map(client, range(clients))]
    wrong = next((text for _, _, text in seen if text), "")
    taken = [one for _, some, _ in seen for one in some]
    print(json.dumps({"rate": sum(rate for rate, _, _ in seen), "taken": taken, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
