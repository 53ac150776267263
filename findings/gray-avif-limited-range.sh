#!/usr/bin/env bash
# OpenCV 5.0.0.93 and libvips 8.18.7: black is 16 and white 235 in a gray AVIF of limited range.
#
# A monochrome AVIF may hold its luma in the limited range, as its `nclx` property and AV1's own header say.
# Both libraries read a gray picture's luma plane as it lies and do not stretch it to the full range, while they
# stretch the same picture with colour planes. So whether a gray AVIF looks washed out hangs on whether its
# encoder left out colour planes that hold nothing. Pillow and imagecodecs stretch both.
#
# Behaviour seen on 2026-11-29, CPython 3.11 (a picture half black, half white):
#   4:2:0 limited: OpenCV [0, 255], libvips [0, 255], Pillow [0, 255], imagecodecs [0, 255]
#   4:0:0 full: OpenCV [0, 255], libvips [0, 255], Pillow [0, 255], imagecodecs [0, 255]
#   4:0:0 limited: OpenCV [16, 235], libvips [16, 235], Pillow [0, 255], imagecodecs [0, 255]
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile opencv-python-headless==5.0.0.93 "pyvips[binary]==3.2.0" \
    pyvips-binary==8.18.7 pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import cv2
import imagecodecs
import numpy
import pyvips
from PIL import Image

HALVES = numpy.repeat(numpy.array([0, 255], "uint8"), 16)[None].repeat(32, 0)


def ends(pixels):
    """What the left and the right half show."""
    rows = numpy.asarray(pixels).reshape(32, 32, -1)
    return [int(rows[5, 5, 0]), int(rows[5, 25, 0])]


for subsampling, extent in (("4:2:0", "limited"), ("4:0:0", "full"), ("4:0:0", "limited")):
    written = io.BytesIO()
    Image.fromarray(HALVES).save(written, "AVIF", subsampling=subsampling, range=extent, quality=100)
    file = written.getvalue()
    seen = {
        "OpenCV": ends(cv2.imdecode(numpy.frombuffer(file, "uint8"), cv2.IMREAD_COLOR)),
        "libvips": ends(pyvips.Image.new_from_buffer(file, "").numpy()),
        "Pillow": ends(Image.open(io.BytesIO(file))),
        "imagecodecs": ends(imagecodecs.avif_decode(file)),
    }
    print(f"{subsampling} {extent}:", ", ".join(f"{name} {value}" for name, value in seen.items()))
    cut = [16, 235] if (subsampling, extent) == ("4:0:0", "limited") else [0, 255]
    assert list(seen.values()) == [cut, cut, [0, 255], [0, 255]]
PYTHON
