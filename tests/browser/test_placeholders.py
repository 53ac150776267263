"""Placeholders beside those of npm's packages, on pictures of every kind."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

import parts
from imgmiddleware.formats.placeholder.blurhash import blurhash
from imgmiddleware.formats.placeholder.thumbhash import thumbhash

MODULES = Path(sys.prefix) / "node_modules"
NODE = parts.program("node")
for package in ("thumbhash", "blurhash"):
    if not (MODULES / package).is_dir():
        parts.missing(f"npm's {package}", f"npm install --prefix {sys.prefix} {package}")

#: By the absolute value, as the description says; the package takes the largest.
LARGEST, STRONGEST = "Math.max(...a)", "Math.max(...a.map(Math.abs))"

SCRIPT = """
import { rgbaToThumbHash } from "%(thumbhash)s";
import { encode } from "%(blurhash)s";
import { encode as byAbs } from "./abs.mjs";
import { readFileSync } from "node:fs";
for (const { w, h, data } of JSON.parse(readFileSync(0, "utf8"))) {
  const rgba = new Uint8ClampedArray(Buffer.from(data, "base64"));
  const thumb = Buffer.from(rgbaToThumbHash(w, h, rgba)).toString("base64");
  console.log(JSON.stringify([thumb, encode(rgba, w, h, 4, 3), byAbs(rgba, w, h, 4, 3)]));
}
"""


def pictures() -> list[np.ndarray]:
    """BGRA: noise, gradients that are opaque and not, grays; in all shapes up to 100 x 100."""
    rng = np.random.default_rng(18)
    made = []
    for number in range(100):
        width, height = (int(side) for side in rng.integers(2, 101, 2))
        few = rng.integers(0, 256, (*rng.integers(2, 8, 2), 4)).astype(np.uint8)
        pixels = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
        if number % 4 == 0:
            pixels = rng.integers(0, 256, pixels.shape).astype(np.uint8)
        if number % 4 == 1:
            pixels[..., :3] = pixels[..., :1]
        if number % 4 < 3:
            pixels[..., 3] = 255
        made.append(pixels)
    return made


def test_they_are_those_of_npm(tmp_path: Path) -> None:
    source = MODULES / "blurhash" / "dist" / "index.mjs"
    text = source.read_text()
    assert text.count(LARGEST) == 1
    (tmp_path / "abs.mjs").write_text(text.replace(LARGEST, STRONGEST))
    paths = {"thumbhash": MODULES / "thumbhash" / "thumbhash.js", "blurhash": source}
    (tmp_path / "script.mjs").write_text(SCRIPT % paths)
    all_ = pictures()
    given = [
        {
            "w": pixels.shape[1],
            "h": pixels.shape[0],
            "data": base64.b64encode(pixels[..., [2, 1, 0, 3]].tobytes()).decode(),
        }
        for pixels in all_
    ]
    assert NODE is not None
    command = [NODE, "script.mjs"]
    done = subprocess.run(
        command,
        input=json.dumps(given),
        text=True,
        capture_output=True,
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(theirs) == len(all_)
    equal = 0
    for pixels, (thumb, blur, by_abs) in zip(all_, theirs, strict=True):
        assert base64.b64encode(thumbhash(pixels)).decode() == thumb
        mine = blurhash(pixels[..., :3], 4, 3)
        assert mine == by_abs
        assert mine[0] + mine[2:6] == blur[0] + blur[2:6]  # the rest follows from the strongest
        equal += mine == blur
    assert 50 < equal < len(all_)
