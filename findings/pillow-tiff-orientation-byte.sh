#!/usr/bin/env bash
# Pillow 13.0.0: a TIFF whose Orientation is of type BYTE is shown as it lies, upside down or on its side.
#
# TIFF 6.0, section 2, asks readers to take BYTE, SHORT or LONG for any field of whole numbers. Pillow turns a TIFF while it loads it, but for a BYTE it holds `b"\x06"`, which
# equals no orientation: the picture is not turned, nor is it by `ImageOps.exif_transpose`, and nothing is said.
# OpenCV and libvips turn both.
#
# Behaviour seen on 2026-11-29, CPython 3.11 (width, height and first pixel):
#   3 as SHORT: Pillow (6, 4, 230), OpenCV (6, 4, 230), libvips (6, 4, 230)
#   3 as BYTE: Pillow (6, 4, 0), OpenCV (6, 4, 230), libvips (6, 4, 230)
#   6 as BYTE: Pillow (6, 4, 0), OpenCV (4, 6, 180), libvips (4, 6, 180)
#   8 as BYTE: Pillow (6, 4, 0), OpenCV (4, 6, 50), libvips (4, 6, 50)
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile pillow==13.0.0 opencv-python-headless==5.0.0.93 \
    "pyvips[binary]==3.2.0" pyvips-binary==8.18.7 tifffile==2026.3.3 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import cv2
import numpy
import pyvips
import tifffile
from PIL import Image, ImageOps

BYTE, SHORT = 1, 3
LYING = numpy.arange(0, 240, 10, "uint8").reshape(4, 6)


def seen(kind, orientation):
    """Width, height and first pixel by Pillow, OpenCV and libvips."""
    written = io.BytesIO()
    tag = (274, kind, 1, orientation, True)
    tifffile.imwrite(written, LYING, photometric="minisblack", metadata=None, extratags=[tag])
    file = written.getvalue()
    pillow = numpy.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    opencv = cv2.imdecode(numpy.frombuffer(file, "uint8"), cv2.IMREAD_GRAYSCALE)
    libvips = pyvips.Image.new_from_buffer(file, "").autorot().numpy()
    return [(*pixels.shape[1::-1], int(pixels.flat[0])) for pixels in (pillow, opencv, libvips)]


for orientation, right in ((3, (6, 4, 230)), (6, (4, 6, 180)), (8, (4, 6, 50))):
    for kind, name in ((SHORT, "SHORT"), (BYTE, "BYTE")):
        pillow, opencv, libvips = seen(kind, orientation)
        print(f"{orientation} as {name}: Pillow {pillow}, OpenCV {opencv}, libvips {libvips}")
        assert opencv == libvips == right and pillow == (right if kind == SHORT else (6, 4, 0))
PYTHON
