#!/usr/bin/env bash
# OpenCV 5.0.0.93: an RLE8 bitmap as ImageMagick 6 writes it decodes as another picture, without an error.
#
# ImageMagick 6 compresses the rows of palette pictures with their padding to four bytes, as they would lie in a
# bitmap that is not compressed. Where the width is no multiple of four, the runs of a row hold one to three
# pixels more than the picture is wide. OpenCV goes on to the next row when a row is full, puts the padding
# there, and the end-of-line code that follows skips a row: every second row is empty and half the picture is
# gone. `imdecode` returns this as a success. Pillow drops the padding.
#
# Behaviour seen on 2026-11-29, CPython 3.11 (what each of four rows of six is filled with):
#   padding 0: OpenCV [1, 2, 3, 4], Pillow [1, 2, 3, 4]
#   padding 2: OpenCV [0, 3, 0, 4], Pillow [1, 2, 3, 4]
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io
import struct

import cv2
import numpy
from PIL import Image

WIDTH, HEIGHT = 6, 4
PICTURE = [[1] * 6, [2] * 6, [3] * 6, [4] * 6]
GRAYS = b"".join(bytes([10 * index] * 3 + [0]) for index in range(8))


def bitmap(padding):
    """The picture, bottom row first: a run of each row, one of its padding, end of line; end of bitmap."""
    rows = [bytes([WIDTH, row[0]]) + (bytes([padding, 0]) if padding else b"") for row in PICTURE[::-1]]
    data = b"\0\0".join(rows) + b"\0\0\0\1"
    start = 14 + 40 + len(GRAYS)
    header = struct.pack("<LllHHLLllLL", 40, WIDTH, HEIGHT, 1, 8, 1, len(data), 0, 0, 8, 0)
    return b"BM" + struct.pack("<LHHL", start + len(data), 0, 0, start) + header + GRAYS + data


for padding, expected in ((0, PICTURE), (2, [[0] * 6, [3] * 6, [0] * 6, [4] * 6])):
    file = bitmap(padding)
    opencv = (cv2.imdecode(numpy.frombuffer(file, numpy.uint8), cv2.IMREAD_GRAYSCALE) // 10).tolist()
    pillow = (numpy.asarray(Image.open(io.BytesIO(file)).convert("L")) // 10).tolist()
    print(f"padding {padding}: OpenCV {[row[0] for row in opencv]}, Pillow {[row[0] for row in pillow]}")
    assert pillow == PICTURE and opencv == expected, (opencv, pillow)
PYTHON
