"""`imgmiddleware demo`: draws one original of each difficult kind, and serves them."""

import argparse
import os
import signal
import sys
from tempfile import TemporaryDirectory

import numpy as np

from imgmiddleware import ArrayOriginal, DirectorySource
from imgmiddleware.cli.drawn.originals import draw_originals
from imgmiddleware.cli.serve import announce, application, import_uvicorn, listen, run
from imgmiddleware.sources import Opened

_PRESETS = {"square": "w=400&h=400&fit=crop"}


class DrawnSource:
    """The files of a directory; NumPy's are shown as heat maps."""

    def __init__(self, directory: str) -> None:
        self._files = DirectorySource(directory)
        self.root = self._files.root

    def open(self, id: str) -> Opened | None:
        file = self._files.open(id)
        if file is None or not id.endswith(".npy"):
            return file
        with file:
            values = np.load(os.path.join(self.root, id), mmap_mode="r")
        return ArrayOriginal(values, version=file.version, range="minmax", colormap="turbo")


def demo(arguments: argparse.Namespace) -> int:
    import_uvicorn()  # before the second or two that drawing takes
    _unwind_when_terminated()
    try:
        with (
            listen(arguments.host, arguments.port) as listener,
            TemporaryDirectory(prefix="imgmiddleware-") as directory,
        ):
            print("Drawing the originals ...", flush=True)
            draw_originals(directory)
            source = DrawnSource(directory)
            served = application(source, {"presets": _PRESETS}, title="Demonstration")
            announce(listener, "the demonstration")
            return run(served, listener, arguments.log_level)
    except KeyboardInterrupt:
        return 0


def _unwind_when_terminated() -> None:
    """Delete the directory on SIGTERM and SIGHUP too, which would end the process at once."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if hasattr(signal, "SIGHUP"):  # as SIGTERM, on which uvicorn shuts down in order
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))
