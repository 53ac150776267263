#!/usr/bin/env bash
# Pillow 13.0.0: a BigTIFF in big-endian order is not opened, although its prefix is one of those that Pillow knows.
#
# The version stands in the third and fourth byte, in the file's own order: 2B 00 or 00 2B. Pillow accepts both
# prefixes, and then takes the file for a BigTIFF by the third byte alone, so that of the second kind 4-byte offsets
# are read where those of 8 bytes stand. "Corrupt EXIF data" is warned of, and the file is of no known kind. BigTIFF
# in the other order, and plain TIFF in both, are opened. libvips and tifffile read all four.
#
# Behaviour seen on 2026-11-29, CPython 3.11:
#   TIFF II: Pillow opens it, libvips right, tifffile right
#   BigTIFF II: Pillow opens it, libvips right, tifffile right
#   TIFF MM: Pillow opens it, libvips right, tifffile right
#   BigTIFF MM: Pillow raises UnidentifiedImageError, libvips right, tifffile right
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile pillow==13.0.0 \
    "pyvips[binary]==3.2.0" pyvips-binary==8.18.7 tifffile==2026.3.3 numpy==2.4.6

"$folder/env/bin/python" -W ignore - <<'PYTHON'
import io

import numpy
import pyvips
import tifffile
from PIL import Image, UnidentifiedImageError

PICTURE = numpy.arange(40 * 30 * 3, dtype="uint32").reshape(30, 40, 3).astype("uint8")


def by_pillow(file):
    try:
        with Image.open(io.BytesIO(file)) as image:
            assert (numpy.asarray(image) == PICTURE).all()
    except UnidentifiedImageError as error:
        return f"raises {type(error).__name__}"
    return "opens it"


for order, mark in (("<", "II"), (">", "MM")):
    for big, name in ((False, "TIFF"), (True, "BigTIFF")):
        written = io.BytesIO()
        tifffile.imwrite(written, PICTURE, bigtiff=big, byteorder=order, metadata=None, photometric="rgb")
        file = written.getvalue()
        assert (pyvips.Image.new_from_buffer(file, "").numpy() == PICTURE).all()
        assert (tifffile.imread(io.BytesIO(file)) == PICTURE).all()
        found = by_pillow(file)
        print(f"{name} {mark}: Pillow {found}, libvips right, tifffile right")
        assert found == ("raises UnidentifiedImageError" if big and mark == "MM" else "opens it")
PYTHON
