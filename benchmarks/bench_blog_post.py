"""The job that this package came from: a third in width and height, as PNG.

Its own code, `cv2.imread`, `cv2.resize` with the default LINEAR, `cv2.imencode`, beside the
service's whole answer; PSNR is against Lanczos-3 in floats. One photo of 18 megapixels (Debian's
`mate-backgrounds`) as baseline JPEG, as BMP, and as it comes, a progressive JPEG; without zlib-ng
and with it.

    python -m benchmarks.bench_blog_post [--rounds 7]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2

from benchmarks.bench_settings import costs, without
from benchmarks.likeness import psnr, reference, shown
from benchmarks.photos import DETAILED
from benchmarks.results import report
from benchmarks.timing import machine, table
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.formats import native


def blog_post(path: Path) -> bytes:
    pixels = cv2.imread(str(path))
    height, width = pixels.shape[:2]
    smaller = cv2.resize(pixels, (round(width / 3), round(height / 3)))
    return cv2.imencode(".png", smaller)[1].tobytes()


def answer(path: Path) -> bytes:
    """By a service that remembers nothing."""
    service = ImageService(
        lambda id: str(path), default="w=0.333333&fm=png", cache_bytes=0, decoded_bytes=0
    )
    response = service.handle(ImageRequest("GET", "/image/1", ""))
    assert response is not None
    assert response.status == 200, response.body
    return bytes(response.body)


def plain(path: Path) -> bytes:
    with without("zlib_ng"):
        return answer(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()

    makers: dict[str, Callable[[Path], bytes]] = {"cv2": blog_post, "ours": plain}
    if native.zlib_ng():
        makers["ours, zlib-ng"] = answer
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {"JPEG, progressive": DETAILED}
        for suffix, name in ((".jpg", "JPEG, baseline"), (".bmp", "BMP")):
            paths[name] = Path(folder, f"original{suffix}")
            cv2.imwrite(str(paths[name]), cv2.imread(str(DETAILED)))
        for name, path in paths.items():
            results = {maker: call(path) for maker, call in makers.items()}
            original = cv2.imread(str(path))
            ideal = reference(original, shown(results["cv2"]).shape[1::-1])
            calls = {maker: partial(call, path) for maker, call in makers.items()}
            seconds = costs(calls, arguments.rounds)
            for maker in makers:
                cost, first = seconds[maker], seconds["cv2"]
                rows.append(
                    (
                        name,
                        maker,
                        f"{1000 * cost.wall:.0f}",
                        f"{1000 * cost.cpu:.0f}",
                        f"{cost.cpu / first.cpu:.2f}",
                        f"{len(results[maker]) / len(results['cv2']):.2f}",
                        f"{psnr(shown(results[maker]), ideal):.1f}",
                    )
                )
    packages = ("opencv-python-headless", "numpy", *(["zlib-ng"] if native.zlib_ng() else []))
    head = ("original", "by", "ms", "processor ms", "time / cv2's", "bytes / cv2's", "PSNR")
    report(
        "The blog post's own job", f"{machine(*packages)}; {DETAILED.name}\n\n{table(head, rows)}"
    )


if __name__ == "__main__":
    main()
