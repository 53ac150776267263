"""One picture of a file of which nothing is known, in a process of its own; as JSON, what it took.

python -m benchmarks.tile_child here|libvips PATH "LEFT,TOP,SIDE" or WIDTH
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def here(path: Path, asked: str) -> Callable[[], bytes]:
    from imgmiddleware import ImageRequest, ImageService  # noqa: PLC0415

    service = ImageService(path.parent)
    wanted = f"w={asked}" if "," not in asked else f"rect={asked},{asked.split(',')[2]}&w=256"

    def answer() -> bytes:
        request = ImageRequest("GET", f"/image/{path.name}", f"{wanted}&q=75&fm=jpg")
        response = service.handle(request)
        assert response is not None
        assert response.status == 200, response.read()
        return response.read()

    return answer


def libvips(path: Path, asked: str) -> Callable[[], bytes]:
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)

    def answer() -> bytes:
        if "," not in asked:
            small = pyvips.Image.thumbnail(str(path), int(asked), height=10_000)
        else:
            left, top, side = map(int, asked.split(","))
            small = pyvips.Image.new_from_file(str(path)).crop(left, top, side, side)
        return bytes(small.write_to_buffer(".jpg", Q=75))

    return answer


def main(by: str, path: str, asked: str, *warm: str) -> None:
    """What is asked of other files before is to load what a process loads once."""
    ways = {"here": here, "libvips": libvips}
    for other in warm:
        ways[by](Path(other), asked if "," not in asked else "0,0,256")()
    answer = ways[by](Path(path), asked)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc(5))
    before = _resident("VmRSS")
    started, clock = time.perf_counter(), time.process_time()
    body = answer()
    seconds, processor = time.perf_counter() - started, time.process_time() - clock
    peak = _resident("VmHWM")
    print(
        json.dumps(
            {
                "ms": 1e3 * seconds,
                "processor": 1e3 * processor,
                "grown": peak - before,
                "peak": peak,
                "bytes": len(body),
            }
        )
    )


def _resident(name: str) -> float:
    """MB of this process in memory, now or at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
