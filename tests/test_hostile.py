"""Small files that hurt a decoder which believes them: refused, and at no cost.

Each runs in a process of its own, so that what it allocates can be told from what is there anyway.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hostile

#: Memory that a refusal may take over what the process had before, in bytes.
MOST = 64 * 2**20

CHILD = """
import json, sys
import numpy as np
from imgmiddleware import ImageRequest, ImageService

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) * 1024

def picture(data, query=""):
    return ImageService(lambda id: data).handle(ImageRequest("GET", "/image/x", query))

data = open(sys.argv[1], "rb").read()
warm = np.zeros((64, 64, 3), np.uint8)  # every part is loaded before the measurement begins
for format in ("jpg", "png", "webp", "avif", "bmp", "tif"):
    answer = picture(warm, f"fm={format}")
    assert picture(answer.body, "w=30").status == 200

# Poison: pages full of a pattern that are free again when the decoder asks for memory.
poison = [np.full(64 * 64 * channels, 0xA5, np.uint8) for channels in (1, 3, 4) for _ in range(200)]
del poison
open("/proc/self/clear_refs", "w").write("5")  # the high-water mark starts anew (proc(5))
before = status("VmRSS")
answers = [picture(data, query) for query in ("", "w=9", "fm=png") for _ in range(int(sys.argv[2]))]
print(json.dumps({
    "answers": sorted({(a.status, json.loads(a.body)["code"]) for a in answers if a.status != 200}),
    "pictures": sum(a.status == 200 for a in answers),
    "grown": status("VmHWM") - before,
}))
"""

FILES: list[tuple[Callable[[], bytes], int, str]] = [
    # The four of the measurements: a header that lies (twice), a chunk length that lies (thrice),
    # memory disclosed by an animation, a container that lies.
    (hostile.lying_jpeg, 413, "source-pixels"),
    (hostile.lying_gif, 422, "damaged-original"),
    (lambda: hostile.gigabyte_chunk_png(b"tEXt"), 422, "damaged-original"),
    (lambda: hostile.gigabyte_chunk_png(b"IDAT"), 422, "damaged-original"),
    (lambda: hostile.gigabyte_chunk_png(b"fdAT"), 422, "damaged-original"),
    (hostile.disclosing_apng, 422, "damaged-original"),
    (hostile.lying_avif, 422, "damaged-original"),
    (hostile.half_jpeg_with_end, 422, "damaged-original"),
    # And more of their kind.
    (lambda: hostile.resized_jpeg(hostile.lying_jpeg(), 7000, 7000), 422, "damaged-original"),
    (hostile.scan_bomb_jpeg, 422, "damaged-original"),
    (hostile.lying_png, 422, "damaged-original"),
    (hostile.lying_bmp, 422, "damaged-original"),
    (hostile.lying_tile_tiff, 422, "damaged-original"),
    (hostile.lying_webp, 422, "damaged-original"),
    (hostile.lying_alpha_avif, 422, "damaged-original"),
    (hostile.lying_thumbnail_avif, 422, "damaged-original"),
    (hostile.second_sequence_avif, 422, "damaged-original"),
]


def answered(data: bytes, folder: Path, times: int = 10) -> dict[str, object]:
    """What comes of it, asked for in three ways so many times."""
    (folder / "original").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder / "original"), str(times)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("make", "status", "code"), FILES, ids=[f"{i}-{make.__name__}" for i, (make, _, _) in enumerate(FILES)]
)  # fmt: skip
def test_refused_within_bounds(
    make: Callable[[], bytes], status: int, code: str, tmp_path: Path
) -> None:
    result = answered(make(), tmp_path)
    assert result["answers"] == [[status, code]]
    assert result["pictures"] == 0
    assert int(str(result["grown"])) < MOST


@pytest.mark.parametrize("make", [hostile.text_bomb_png, hostile.profile_bomb_png])
def test_a_bomb_beside_the_pixels_is_left_alone(make: Callable[[], bytes], tmp_path: Path) -> None:
    """The pixels are whole, so there is a picture; what inflates to 100 MB is never inflated."""
    result = answered(make(), tmp_path)
    assert result["pictures"] == 30
    assert int(str(result["grown"])) < MOST


def test_the_measurement_measures(tmp_path: Path) -> None:
    """A large honest original does grow the process: the bound above can be exceeded."""
    from pictures import quadrants, saved

    result = answered(saved(quadrants(6000, 5000), "BMP"), tmp_path, times=1)
    assert result["pictures"] == 3
    assert int(str(result["grown"])) > MOST
