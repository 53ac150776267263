"""Native parts that may be missing: a test with each of them, and with what takes their place."""

from __future__ import annotations

import pytest

from imgmiddleware.imaging import parts


def choose(monkeypatch: pytest.MonkeyPatch, name: str, wanted: bool) -> None:
    """Have `parts.<name>` found or not; skips where it is wanted and not installed."""
    if not wanted:
        monkeypatch.setattr(parts, name, lambda: None)
    elif getattr(parts, name)() is None:
        pytest.skip(f"{name} is not installed")
