"""What does the middleware cost a request that is not its own?

A bare application against the same one wrapped, both protocols. The applications do nothing, so
that the difference is the middleware's alone; a real request costs hundreds of times as much.

    python -m benchmarks.bench_passthrough
"""

from __future__ import annotations

import argparse
from typing import Any

from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.wsgi import WSGIImageMiddleware

GOAL = 1e-6  # seconds


def bare_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    return None


def step(app: Any, scope: Any) -> None:
    """Run an application that never waits to its end, without an event loop's own cost."""
    try:
        app(scope, None, None).send(None)
    except StopIteration:
        return
    raise AssertionError("the application waited for something")


def none(_id: str) -> None:
    return None


def nanoseconds(timing: Timing) -> str:
    median, least, most = (1e9 * t for t in (timing.median, timing.least, timing.most))
    return f"{median:.0f} ({least:.0f} to {most:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--calls", type=int, default=20_000)
    arguments = parser.parse_args()

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/articles/2026/11", "SCRIPT_NAME": ""}
    scope = {"type": "http", "method": "GET", "path": "/articles/2026/11", "root_path": ""}
    mounted = {**scope, "path": "/site/articles/2026/11", "root_path": "/site"}
    wsgi, asgi = WSGIImageMiddleware(bare_wsgi, none), ASGIImageMiddleware(bare_asgi, none)
    timings = interleaved(
        {
            "WSGI bare": lambda: bare_wsgi(environ, None),
            "WSGI wrapped": lambda: wsgi(environ, None),  # type: ignore[arg-type]
            "ASGI bare": lambda: step(bare_asgi, scope),
            "ASGI wrapped": lambda: step(asgi, scope),
            "ASGI bare, mounted": lambda: step(bare_asgi, mounted),
            "ASGI wrapped, mounted": lambda: step(asgi, mounted),
        },
        arguments.rounds,
        arguments.calls,
    )
    rows = []
    for name in ("WSGI bare", "ASGI bare", "ASGI bare, mounted"):
        bare, wrapped = timings[name], timings[name.replace("bare", "wrapped")]
        added = wrapped.median - bare.median
        rows.append(
            (
                name.replace(" bare", ""),
                nanoseconds(bare),
                nanoseconds(wrapped),
                f"{added * 1e9:.0f}",
                "yes" if added <= GOAL else "no",
            )
        )
    print(machine("webob", "starlette"))
    print(f"nanoseconds a request: median (least to most) of {arguments.rounds} rounds\n")
    print(table(("protocol", "bare", "wrapped", "added", "at most 1000"), rows))


if __name__ == "__main__":
    main()
