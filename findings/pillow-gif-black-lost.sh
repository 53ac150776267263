#!/usr/bin/env bash
# Pillow 13.0.0: an animated GIF with `disposal=2` and a clear colour loses its black edges from the second frame.
#
# With `disposal=2` each frame's place is cleared before the next, so each frame has to be written whole but for
# what is clear. Pillow crops a frame to where it differs from a picture of the clear colour. Where the frames
# have palettes of their own, it compares colours, and takes the clear entry as opaque: an entry that no pixel
# uses is black there, and edges that are black in the picture are cut off, so a viewer shows what it clears
# with. The same frames without `transparency=`, or with `disposal=1`, are written right.
#
# Behaviour seen on 2026-11-29, CPython 3.11 (the black band of three frames, read by libvips):
#   {'disposal': 1, 'transparency': 255} [[0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255]]
#   {'disposal': 2} [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
#   {'disposal': 2, 'transparency': 255} [[0, 0, 0, 255], [247, 237, 198, 255], [247, 237, 198, 255]]
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile pillow==13.0.0 "pyvips[binary]==3.2.0" pyvips-binary==8.18.7 numpy==2.4.6

"$folder/env/bin/python" - <<'PYTHON'
import io

import numpy
import pyvips
from PIL import Image


def frame(seed):
    """40 x 40 pixels in 255 colours at most, so that 255 is free for the clear entry; the top ten rows black."""
    pixels = numpy.random.default_rng(seed).integers(1, 256, (40, 40, 3), "uint8")
    pixels[:10] = 0
    return Image.fromarray(pixels).quantize(255)


def band(**options):
    """The pixel 2, 2 of each of three frames."""
    file = io.BytesIO()
    frames = [frame(seed) for seed in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100, **options)
    strip = pyvips.Image.new_from_buffer(file.getvalue(), "", n=-1)
    return [[int(value) for value in strip(2, 40 * index + 2)] for index in range(3)]


for options in ({"disposal": 1, "transparency": 255}, {"disposal": 2}, {"disposal": 2, "transparency": 255}):
    seen = band(**options)
    print(options, seen)
    black = [pixel == [0, 0, 0, 255][: len(pixel)] for pixel in seen]
    assert black == ([True, False, False] if len(options) == 2 and options["disposal"] == 2 else [True] * 3), seen
PYTHON
