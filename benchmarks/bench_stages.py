"""What does each stage of a render cost: decoding, resampling, encoding?

Decode: of each kind of original, whole, and as a plan for a result 800 pixels wide has it, beside
OpenCV, Pillow and libvips, whole too but for JPEG, which OpenCV and Pillow also read at half its
size. Resample: bench_resample measures it beside others; here it is one line, to compare. Encode:
a result, with the settings of this package and the defaults of the others.

    python -m benchmarks.bench_stages [--rounds 5] [--size 9] [--width 800]

One thread each, all in one process but libvips, which disturbs the others: it goes last, and asked
for nothing else (`--by libvips` is how this benchmark starts itself again).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.photos import KINDS, SIZES, photo, write_original
from benchmarks.renderers import ONE_THREAD, libvips_version
from benchmarks.results import report
from benchmarks.timing import Timing, interleaved, machine, table
from imgmiddleware import Settings
from imgmiddleware.grammar import QueryGrammar
from imgmiddleware.imaging import decode_original, make_plan
from imgmiddleware.imaging.encode import ENCODERS
from imgmiddleware.imaging.metadata import NO_METADATA
from imgmiddleware.imaging.resample import resample
from imgmiddleware.probe import read_facts
from imgmiddleware.sources.file import FileOriginal

Stage = Mapping[str, Callable[[], object]]
