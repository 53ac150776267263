"""Where a decoder is not installed, its tests are not collected."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [
    name
    for name, module in (("test_heic.py", "pillow_heif"), ("test_jxl.py", "pillow_jxl"))
    if not find_spec(module) or not find_spec("pyvips")
]
