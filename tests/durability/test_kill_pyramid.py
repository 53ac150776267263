"""Processes killed while they write a pyramid: every part is right, and nothing is left behind.

They ask for parts of a few originals in one folder, as two viewers would, with room for hardly two
pyramids, and are killed with SIGKILL after a random time, many of them while they write. Which
bytes are right is known from a service that keeps nothing.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import get
from disks import disk_use
from imgmiddleware import ImageService
from imgmiddleware.imaging.draft import Draft
from pictures import saved

#: From 3.12 on Python warns of forks with threads, which these tests need.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

MB = 2**20
KILLS, AT_ONCE = 100, 2
BOUND, SHARE = 24 * MB, 10 * MB
NAMES = ("a.jpg", "b.png", "c.webp")
PARTS = [f"rect={x},{y},{side},{side}&w=90&fm=png" for x in (0, 256) for y in (0, 300)
         for side in (90, 180, 360)]  # fmt: skip


def service(photos: Path, **options: Any) -> ImageService:
    return ImageService(photos, cache_bytes=0, decoded_bytes=0, **options)


def sharing(photos: Path, cache: Path) -> ImageService:
    return service(photos, cache_dir=cache, cache_dir_bytes=BOUND, pyramid_bytes=SHARE)


def look_for_ever(photos: Path, cache: Path, seed: int) -> None:
    chance, images = random.Random(seed), sharing(photos, cache)
    while True:
        get(images, chance.choice(PARTS), chance.choice(NAMES)).read()
        if chance.random() < 0.2:  # so that there is something to be made
            images.purge(chance.choice(NAMES))


def begun(photos: Path, cache: Path, seed: int) -> tuple[int, mmap.mmap]:
    """A process, and whether it writes a pyramid now."""
    writing = mmap.mmap(-1, 1)
    pid = os.fork()
    if pid:
        return pid, writing
    try:
        real = Draft.write

        def told(draft: Draft, file: Any) -> None:
            writing[0] = 1
            real(draft, file)
            writing[0] = 0

        Draft.write = told  # type: ignore[method-assign]
        look_for_ever(photos, cache, seed)
    finally:
        os._exit(1)


def test_parts_are_right_whenever_their_makers_are_killed(tmp_path: Path) -> None:
    photos, cache = tmp_path / "photos", tmp_path / "cache"
    photos.mkdir()
    noise = np.random.default_rng(2).integers(0, 256, (70, 90, 3), np.uint8)
    picture = Image.fromarray(noise).resize((900, 700), Image.Resampling.BICUBIC)
    for name, format in zip(NAMES, ("JPEG", "PNG", "WEBP"), strict=True):
        (photos / name).write_bytes(saved(picture, format))
    alone = service(photos)
    right = {(name, part): get(alone, part, name).read() for name in NAMES for part in PARTS}
    chance, killed, kept, writes = random.Random(4), 0, 0, 0
    running: list[tuple[int, mmap.mmap]] = []
    while killed < KILLS:
        while len(running) < AT_ONCE:
            running.append(begun(photos, cache, killed + len(running)))
        time.sleep(chance.random() * 0.2)
        pid, writing = running.pop(chance.randrange(len(running)))
        until = time.monotonic() + chance.choice((0, 0.5))
        while not writing[0] and time.monotonic() < until:
            pass
        time.sleep(chance.random() * 0.002)
        os.kill(pid, signal.SIGKILL)
        writes += writing[0]
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        killed += 1
        if killed % 10 == 0:
            images = sharing(photos, cache)
            for name, part in chance.sample(sorted(right), 12):
                assert get(images, part, name).read() == right[name, part]
            held = images.holding()["pyramids"]
            kept += held.entries
            assert held.bytes <= SHARE
            assert disk_use(cache) <= BOUND + MB  # what one is killed over, and its claim
    for pid, _ in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert kept
    assert writes > KILLS // 10
    # The last process has the folder swept: every file that is left is a readable entry.
    images = sharing(photos, cache)
    for name in NAMES:
        images.purge(name)
        for part in PARTS[:3]:
            assert get(images, part, name).read() == right[name, part]
    held = images.holding()["pyramids"]
    bodies = list((cache / "pyramids").glob("*/bodies/*"))
    assert len(bodies) == held.entries > 0
    assert sum(body.lstat().st_blocks * 512 for body in bodies) <= held.bytes
