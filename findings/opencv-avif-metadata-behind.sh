#!/usr/bin/env bash
# OpenCV 5.0.0.93: `imdecode` gives None for AVIF files that are whole and that libvips writes each day.
#
# libvips writes EXIF by default, of its own where the picture has none, and puts it behind the picture's own
# bytes, where ISO/IEC 14496-12 lets it lie. OpenCV looks at the first 500 bytes to know what a file is. Where
# the `meta` box ends within them and an item begins after them, it takes the file for none it knows. So what
# opens hangs on the picture's size in bytes: with EXIF a small one opens and a larger one does not, and without
# EXIF both do. Pillow opens all.
#
# Behaviour seen on 2026-11-29, CPython 3.11:
#   8 x 8 pixels, keep=none, 308 bytes: OpenCV (8, 8, 3), Pillow (8, 8)
#   8 x 8 pixels, keep=all, 563 bytes: OpenCV (8, 8, 3), Pillow (8, 8)
#   128 x 128 pixels, keep=none, 2126 bytes: OpenCV (128, 128, 3), Pillow (128, 128)
#   128 x 128 pixels, keep=all, 2381 bytes: OpenCV None, Pillow (128, 128)
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile opencv-python-headless==5.0.0.93 "pyvips[binary]==3.2.0" \
    pyvips-binary==8.18.7 pillow==13.0.0 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import cv2
import numpy
import pyvips
from PIL import Image

opened = []
for side in (8, 128):
    noise = pyvips.Image.new_from_array(numpy.random.default_rng(1).integers(0, 256, (side, side, 3), "uint8"))
    for keep in ("none", "all"):
        file = noise.copy(interpretation="srgb").write_to_buffer(".avif", Q=30, keep=keep)
        decoded = cv2.imdecode(numpy.frombuffer(file, numpy.uint8), cv2.IMREAD_COLOR)
        said = "None" if decoded is None else decoded.shape
        print(f"{side} x {side} pixels, keep={keep}, {len(file)} bytes:", end=" ")
        print(f"OpenCV {said}, Pillow {Image.open(io.BytesIO(file)).convert('RGB').size}")
        opened.append(decoded is not None)
assert opened == [True, True, True, False], opened
PYTHON
