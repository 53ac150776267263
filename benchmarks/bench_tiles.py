"""What does a tile of an original cost that is too large for the web?

A photo of 18 MP repeated 5 x 8 times (715 MP) is a pyramid of 256-pixel tiles, in JPEG and in
deflate. Over HTTP: random tiles of all levels, asked one after another of this package and of
IIPImage, each one process behind nginx on one processor, the client on another, in turn. Alone:
the first picture of a file, beside libvips in one thread.

    python -m benchmarks.bench_tiles [--rounds 5] [--tiles 200]

Needs Debian's iipimage-server and nginx-light, uWSGI and pyvips. `--folder` keeps the originals.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from statistics import mean, median
from typing import Any

import cv2
import numpy as np
from isal import isal_zlib

from benchmarks.likeness import psnr, shown
from benchmarks.renderers import libvips_version
from benchmarks.results import report
from benchmarks.tile_originals import TILE, Repeated, write_small
from benchmarks.tile_servers import BARE, IIPIMAGE, Peer, get, peers
from benchmarks.timing import machine, table
from imgmiddleware.formats.native import simplejpeg

PYRAMIDS = ("pyramid, jpeg", "pyramid, deflate")
LEVELS = (1, 2, 4, 8, 16, 32)
#: Tiles whose likeness is measured, of the levels whose ideal is made in a moment.
_LIKE, _LIKE_LEVELS = 8, (1, 2, 4)

Tile = tuple[int, int, int]
#: Seconds, processor seconds of the server, and the tiles.
Seen = tuple[float, float, list[bytes]]


def tiles(size: tuple[int, int], number: int, seed: int, levels: tuple[int, ...]) -> Iterator[Tile]:
    """Left and top in pixels of the page, and by how much: whole ones, each level as likely."""
    dice = random.Random(seed)
    for _ in range(number):
        by = dice.choice(levels)
        side = TILE * by
        yield *(dice.randrange(whole // side) * side for whole in size), by


def asked(peer: Peer, name: str, wanted: list[Tile]) -> Seen:
    urls = [peer.path.format(name=name, left=x, top=y, side=TILE * by) for x, y, by in wanted]
    with peer.connected() as connection:
        before, started = peer.seconds, time.perf_counter()
        bodies = [get(connection, url) for url in urls]
        return time.perf_counter() - started, peer.seconds - before, bodies


def codecs(kind: str, bodies: list[bytes]) -> float:
    """Processor seconds of decoding and encoding such tiles, and nothing else: a floor."""
    strict = simplejpeg()
    assert strict is not None
    seconds = 0.0
    for body in bodies:
        pixels = strict.decode_jpeg(body, "BGR", strict=True)
        steps = np.diff(pixels, axis=1, prepend=np.uint8(0))
        deflated = isal_zlib.compress(steps, 1)
        started = time.process_time()
        if "deflate" in kind:
            steps = np.frombuffer(isal_zlib.decompress(deflated), np.uint8).reshape(pixels.shape)
            pixels = steps.cumsum(axis=1, dtype=np.uint8)
        else:
            pixels = strict.decode_jpeg(body, "BGR", strict=True)
        cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 75])
        seconds += time.process_time() - started
    return seconds


def over_http(
    kind: str, original: Repeated, servers: dict[str, Peer], rounds: int, number: int
) -> list[list[str]]:
    seen: dict[str, list[Seen]] = {name: [] for name in servers}
    floor = 0.0
    for round_number in range(rounds + 1):
        wanted = [*tiles(original.size, number, round_number, LEVELS)]
        order = [*servers.items()][:: 1 if round_number % 2 else -1]
        for name, peer in order:
            found = asked(peer, original.path.name, wanted)
            if round_number:
                seen[name].append(found)
        floor += codecs(kind, seen["here"][-1][2]) if round_number else 0
    like = [*tiles(original.size, _LIKE, 99, _LIKE_LEVELS)]
    ideals = [original.ideal(*tile) for tile in like]
    rows = []
    for name, found in seen.items():
        bodies = asked(servers[name], original.path.name, like)[2]
        near = mean(psnr(shown(body), ideal) for body, ideal in zip(bodies, ideals, strict=True))
        like_it = "" if name == BARE else f"{near:.1f}"
        rows.append([name, *_figures(found, seen["IIPImage"], number), like_it])
    alone = f"{1e3 * floor / rounds / number:.2f}"
    return [*rows, ["the codecs alone", "", alone, "", "", "", ""]]


def _figures(found: list[Seen], peers: list[Seen], number: int) -> list[str]:
    pairs = [*zip(found, peers, strict=True)]
    rates = [number / seconds for seconds, _, _ in found]
    own, others = (sum(one[1] for one in some) for some in (found, peers))
    return [
        f"{median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})",
        f"{1e3 * own / len(found) / number:.2f}",
        f"{median(other[0] / one[0] for one, other in pairs):.2f}",
        f"{own / others:.2f}",
        f"{mean(len(body) for _, _, bodies in found for body in bodies):.0f}",
    ]


def child(by: str, path: Path, what: str, warm: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.tile_child", by, str(path), what, str(warm)]
    environment = {**os.environ, "VIPS_CONCURRENCY": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


def alone(original: Repeated, what: list[str], warm: Path) -> list[str]:
    """Each in turn, the first picture of its process; medians, and those of the ratios."""
    seen: dict[str, list[dict[str, Any]]] = {"here": [], "libvips": []}
    for number, one in enumerate(what):
        for by in [*seen][:: 1 if number % 2 else -1]:
            seen[by].append(child(by, original.path, one, warm))
    here, vips = seen["here"], seen["libvips"]
    cells = []
    for found in seen.values():
        cells += [f"{median(one['ms'] for one in found):.1f}"]
        cells += [f"{median(one['grown'] for one in found):.0f}"]
        cells += [f"{median(one['peak'] for one in found):.0f}"]
    ratios = [
        median(a[key] / max(b[key], 0.1) for a, b in zip(here, vips, strict=True))
        for key in ("ms", "processor", "peak")
    ]
    return [*cells, *(f"{ratio:.2f}" for ratio in ratios)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tiles", type=int, default=200, help="of a round")
    parser.add_argument("--folder", type=Path, help="where the originals are, or are put")
    arguments = parser.parse_args()
    assert Path(IIPIMAGE).exists(), "apt-get install iipimage-server nginx-light"

    made = nullcontext(arguments.folder) if arguments.folder else tempfile.TemporaryDirectory()
    with made as name, tempfile.TemporaryDirectory() as scratch:
        pictures = {kind: Repeated(kind, Path(name)) for kind in PYRAMIDS}
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {1})
        served: list[list[str]] = []
        first, cold = [], []
        with peers(Path(name), Path(scratch)) as servers:
            for kind, original in pictures.items():
                rows = over_http(kind, original, servers, arguments.rounds, arguments.tiles)
                served += [[kind, *row] for row in rows]
        for kind, original in pictures.items():
            small = write_small(kind, Path(scratch))
            corners = tiles(original.size, arguments.rounds, 7, (1,))
            parts = [f"{left},{top},{TILE}" for left, top, _ in corners]
            first.append([kind, *alone(original, ["800"] * arguments.rounds, small)])
            cold.append([kind, *alone(original, parts, small)])
        about = _about(pictures[PYRAMIDS[0]], arguments)
    tables = (table(_SERVED, served), table(_ALONE, first), table(_ALONE, cold))
    text = "\n\n".join(f"{head}\n\n{rows}" for head, rows in zip(_HEADS, tables, strict=True))
    report("Tiles of what is too large for the web", f"{about}\n\n{text}")


_SERVED = (
    "original", "by", "tiles/s", "processor ms", "tiles/s / IIPImage's",
    "processor time / IIPImage's", "bytes", "PSNR",
)  # fmt: skip
_ALONE = (
    "original", "here: ms", "grown MB", "peak MB", "libvips: ms", "grown MB", "peak MB",
    "time here / libvips", "processor here / libvips", "peak here / libvips",
)  # fmt: skip
_SAID = (
    "Over HTTP, one after another on one connection: random tiles, each level as likely. PSNR is "
    "of some tiles of the first three levels, against a float Lanczos-3 of the original."
)
_HEADS = (
    _SAID,
    "The first `w=800`, beside libvips' thumbnail.",
    "The first tile, at full size, beside libvips' open, crop and write.",
)


def _about(original: Repeated, arguments: argparse.Namespace) -> str:
    width, height = original.size
    packages = machine("opencv-python-headless", "numpy", "simplejpeg", "pyvips")
    return (
        f"{packages}; libvips {libvips_version()}; {original.name} repeated to {width} x {height} "
        f"pixels; q=75. Results and what is decoded are not kept, neither here nor there. Each "
        f"server is one process (uWSGI, FastCGI) behind nginx, both on one processor, the client "
        f"on another. Medians of {arguments.rounds} rounds, of {arguments.tiles} tiles over HTTP; "
        "ratios are medians of those of each round."
    )


if __name__ == "__main__":
    main()
