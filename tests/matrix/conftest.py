"""The matrix needs libvips: where its binding is not installed, the folder is not collected."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("pyvips") else ["test_matrix.py"]
