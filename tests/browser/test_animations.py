"""Animations play as their originals do: each format of originals by each of results, in Chromium.

The frames that Chromium's `ImageDecoder` finds in the original are compared with those in the
result.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from asking import made
from browser.devtools import Page, chromium
from imgmiddleware.formats.encode import encode_animation

pytestmark = pytest.mark.needs("Chromium")

#: Milliseconds of each frame; those of films do not fit GIF's hundredths of a second.
TIMES = [100, 33, 33, 34, 33, 33, 34, 250, 40, 60]
LEVELS = [20 * number + 20 for number in range(len(TIMES))]
PLAYS = (0, 1, 3)
TYPES = {"gif": "image/gif", "webp": "image/webp", "png": "image/png", "avif": "image/avif"}
RESULTS = ("gif", "webp", "avif")
#: Half of the unit in which a format counts: GIF's is a hundredth of a second.
OFF = {"gif": 5, "webp": 1, "avif": 1}

SCRIPT = """(async () => {
  const found = []
  for (const [type, text] of FILES) {
    const data = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
    const decoder = new ImageDecoder({data, type})
    await decoder.tracks.ready
    await decoder.completed
    const {frameCount, repetitionCount} = decoder.tracks.selectedTrack
    const frames = []
    for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
      const {image} = await decoder.decode({frameIndex})
      const pen = new OffscreenCanvas(32, 32).getContext("2d")
      pen.drawImage(image, 0, 0)
      frames.push([image.duration / 1000, pen.getImageData(9, 9, 1, 1).data[1]])
      image.close()
    }
    found.push([repetitionCount === Infinity ? 0 : repetitionCount + 1, frames])
  }
  return JSON.stringify(found)
})()"""


def original(format: str, plays: int) -> bytes:
    """By Pillow; AVIF, of which it does not say how often it plays, by us."""
    frames = [np.full((32, 32, 3), level, np.uint8) for level in LEVELS]
    if format == "avif":
        return encode_animation([*zip(frames, TIMES, strict=True)], "avif", 90, plays)
    first, *others = [Image.fromarray(frame) for frame in frames]
    # GIF says how often it runs again, and nothing where it runs once.
    loop = {} if (format, plays) == ("gif", 1) else {"loop": max(0, plays - (format == "gif"))}
    file = io.BytesIO()
    times = [round(ms, -1) for ms in TIMES] if format == "gif" else TIMES
    first.save(file, format, save_all=True, append_images=others, duration=times, **loop)
    return file.getvalue()


def test_plays_times_and_order_through_every_pair(tmp_path: Path) -> None:
    files = {(format, plays): original(format, plays) for format in TYPES for plays in PLAYS}
    asked: list[tuple[str, bytes]] = [(format, data) for (format, _), data in files.items()]
    pairs = [(one, result) for one in files for result in RESULTS]
    asked += [(result, made(files[one], f"anim=1&fm={result}&q=90")) for one, result in pairs]
    texts = [[TYPES[format], base64.b64encode(data).decode()] for format, data in asked]
    page_file = tmp_path / "page.html"
    page_file.write_text("<!doctype html>")
    with chromium(tmp_path / "profile") as browser:
        page = Page(browser)
        page.open(page_file.as_uri())
        seen: list[Any] = json.loads(page.run(SCRIPT.replace("FILES", json.dumps(texts))))
    originals = dict(zip(files, seen, strict=False))
    for (format, plays), (found, frames) in originals.items():
        assert (format, found, len(frames)) == (format, plays, len(TIMES))
    for ((format, plays), result), (found, frames) in zip(pairs, seen[len(files) :], strict=True):
        what = f"{format} that plays {plays} times, as {result}"
        assert found == plays, what
        assert len(frames) == len(TIMES), what
        times, levels = np.array(frames).T
        of_original = np.array(originals[format, plays][1])[:, 0]
        assert np.abs(np.cumsum(times) - np.cumsum(of_original)).max() <= OFF[result], what
        assert np.abs(levels - LEVELS).max() <= 3, what
