"""Native parts that may be missing: a test with each of them, and with its replacement."""

from __future__ import annotations

import pytest

import parts
from imgmiddleware.formats import native as native_parts

#: The names for pip.
PACKAGES = {"zlib_ng": "zlib-ng", "isal_zlib": "isal", "spng": "pyspng", "simplejpeg": "simplejpeg"}


def choose(monkeypatch: pytest.MonkeyPatch, name: str, wanted: bool) -> None:
    """Have `native.<name>` found or not; skips where it is wanted and not installed."""
    if not wanted:
        monkeypatch.setattr(native_parts, name, lambda: None)
    elif getattr(native_parts, name)() is None:
        parts.missing(PACKAGES[name], f"pip install {PACKAGES[name]}")
