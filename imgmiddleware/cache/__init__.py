"""The memory between requests, and its keys."""

import warnings
from importlib import import_module


def __getattr__(name: str) -> object:
    """`Disk` is a result store now, whose methods take and give a `Result`."""
    if name != "Disk":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    now = "imgmiddleware.cache.disk.DiskStore"
    warnings.warn(f"{__name__}.Disk has moved: {now}", DeprecationWarning, stacklevel=2)
    return import_module("imgmiddleware.cache.disk").DiskStore
