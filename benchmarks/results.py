"""RESULTS.md: what the benchmarks found, a section each, replaced whenever one of them runs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")

_HEAD = """# Figures

Written by the benchmarks themselves; `tox -e bench` runs them with their defaults. Figures of one
machine: ratios tell more than milliseconds.
"""


def command() -> str:
    """What was typed to run this benchmark, without the folders of this machine."""
    module = f"benchmarks.{Path(sys.argv[0]).stem}"
    given = [Path(text).name if text.startswith("/") else text for text in sys.argv[1:]]
    return shlex.join(["python", "-m", module, *given])


def report(title: str, text: str, path: Path = RESULTS) -> None:
    """Print a section, and put it in place of the one of the same title, or at the end."""
    section = f"## {title}\n\n    {command()}\n\n{text.strip()}\n"
    print(section)
    old = path.read_text() if path.exists() else _HEAD
    head, *sections = old.split("\n## ")
    kept = {part.partition("\n")[0]: f"## {part.strip()}\n" for part in sections}
    path.write_text("\n".join([head.strip() + "\n", *{**kept, title: section}.values()]))
