"""libvips in a process of its own: two builds of libheif in one do not get on, and it ends."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

_READ = """
import sys, numpy, pyvips
image = pyvips.Image.new_from_buffer(sys.stdin.buffer.read(), "").autorot()
sys.stdout.buffer.write(numpy.ascontiguousarray(image.numpy()).tobytes())
sys.stderr.write(f"{image.height} {image.width} {image.bands} {image.format}")
"""
_WRITE = """
import sys, numpy, pyvips
height, width, bands = map(int, sys.argv[1:4])
pixels = numpy.frombuffer(sys.stdin.buffer.read(), sys.argv[4]).reshape(height, width, bands)
image = pyvips.Image.new_from_array(pixels).copy(interpretation=sys.argv[5])
options = dict(pair.split("=") for pair in sys.argv[7:])
options = {name: int(value) if value.isdigit() else value for name, value in options.items()}
profile = options.pop("profile", None)
if profile:
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", bytes.fromhex(profile))
sys.stdout.buffer.write(image.write_to_buffer(sys.argv[6], **options))
"""


def read(data: bytes) -> Any:
    """Upright samples, (height, width, bands), uint8 or uint16."""
    done = subprocess.run(
        [sys.executable, "-c", _READ], input=data, capture_output=True, check=True, timeout=60
    )
    *shape, format = done.stderr.decode().split()
    dtype = {"uchar": np.uint8, "ushort": np.uint16}[format]
    return np.frombuffer(done.stdout, dtype).reshape([int(side) for side in shape])


def written(pixels: Any, suffix: str, space: str = "srgb", **options: object) -> bytes:
    """The file that libvips writes of (height, width, bands)."""
    words = [*map(str, pixels.shape), pixels.dtype.str, space, suffix]
    words += [f"{name}={value}" for name, value in options.items()]
    return subprocess.run(
        [sys.executable, "-c", _WRITE, *words],
        input=np.ascontiguousarray(pixels).tobytes(),
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
