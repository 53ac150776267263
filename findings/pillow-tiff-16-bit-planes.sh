#!/usr/bin/env bash
# Pillow 13.0.0: a TIFF of 16 bits a sample in separate planes (PlanarConfiguration 2) is opened as noise.
#
# What stands in planes is opened as RGB or CMYK of 8 bits, as it is where the samples of a pixel stand together
# (which Pillow cuts to 8 bits, right). But each plane is read as if it were of 8 bits: rows twice as long as they
# are, with the lower bytes between the upper ones. Nothing is said. libvips and tifffile read both alike.
#
# Behaviour seen on 2026-11-29, CPython 3.11 (levels, of 255, that the worst sample is off):
#   RGB of 16 bits, together: Pillow 0, libvips 0, tifffile 0
#   RGB of 16 bits, in planes: Pillow 120, libvips 0, tifffile 0
#   CMYK of 16 bits, together: Pillow 0, libvips 0, tifffile 0
#   CMYK of 16 bits, in planes: Pillow 120, libvips 0, tifffile 0
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile pillow==13.0.0 \
    "pyvips[binary]==3.2.0" pyvips-binary==8.18.7 tifffile==2026.3.3 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import numpy
import pyvips
import tifffile
from PIL import Image

LEVELS = numpy.add.outer(numpy.arange(0, 240, 10), numpy.arange(0, 15, 3)).astype("uint8").reshape(5, 6, 4)


def seen(samples, planar, photometric):
    """How far Pillow, libvips and tifffile are off, in levels of 8 bits."""
    written = io.BytesIO()
    stored = samples.transpose(2, 0, 1) if planar else samples
    tifffile.imwrite(
        written, stored.astype("uint16") * 257, photometric=photometric, metadata=None,
        planarconfig="separate" if planar else "contig",
    )
    file = written.getvalue()
    with Image.open(io.BytesIO(file)) as image:
        pillow = numpy.asarray(image)
    libvips = pyvips.Image.new_from_buffer(file, "").numpy() >> 8
    by_tifffile = tifffile.imread(io.BytesIO(file)) >> 8
    by_tifffile = by_tifffile.transpose(1, 2, 0) if planar else by_tifffile
    return [int(abs(found.astype(int) - samples).max()) for found in (pillow, libvips, by_tifffile)]


for photometric, name, count in (("rgb", "RGB", 3), ("separated", "CMYK", 4)):
    for planar, how in ((False, "together"), (True, "in planes")):
        pillow, libvips, by_tifffile = seen(LEVELS[..., :count], planar, photometric)
        print(f"{name} of 16 bits, {how}: Pillow {pillow}, libvips {libvips}, tifffile {by_tifffile}")
        assert libvips == by_tifffile == 0 and (pillow > 100) is planar
PYTHON
