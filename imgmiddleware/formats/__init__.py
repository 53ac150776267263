"""Formats, one room each: what is known of PNG is in `png/`, and its `__init__.py` is the door.

A decoder trusts the numbers it finds: a file of a few kilobytes has made one allocate gigabytes. So
before one sees an original, `read_facts` reads its header and holds each number against the others
and against the file, `Facts.decode_bytes` bounds what decoding may allocate, and `vet` walks the
body. None of these can reach a decoder.
"""

from imgmiddleware.formats.animation import Animation, Frame
from imgmiddleware.formats.array import array_facts
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.format import Format
from imgmiddleware.formats.probe import (
    read_animation,
    read_exif,
    read_facts,
    read_profile,
    read_raster,
    vet,
)
from imgmiddleware.formats.registry import FORMATS, identify, names

__all__ = [
    "FORMATS",
    "Animation",
    "Facts",
    "Format",
    "Frame",
    "array_facts",
    "identify",
    "names",
    "read_animation",
    "read_exif",
    "read_facts",
    "read_profile",
    "read_raster",
    "vet",
]
