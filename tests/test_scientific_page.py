"""docs/scientific.md: its sheet is drawn, and its table asks what the sheet shows."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"


def test_the_sheet_is_what_the_script_draws(tmp_path: Path) -> None:
    script = runpy.run_path(str(DOCS / "scientific.py"))
    script["main"](str(tmp_path / "sheet.jpg"))
    drawn, kept = (
        np.asarray(Image.open(path), int)
        for path in (tmp_path / "sheet.jpg", DOCS / "scientific.jpg")
    )
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 2  # of other processors
    page = (DOCS / "scientific.md").read_text()
    for _, *queries in script["SHOWN"]:
        assert all(f"`?{query}`" in page for query in queries if query)


def test_colors_are_where_the_page_says() -> None:
    """An island in a sea that is clear; cells that are seen only with a range; red plants."""
    sheet = np.asarray(Image.open(DOCS / "scientific.jpg"), int)
    sea, dark, bright, plants = (
        sheet[10, 20],
        sheet[250:480, :390],
        sheet[250:480, 410:],
        sheet[650, 500],
    )
    assert np.abs(sea - (0x88, 0xAA, 0xBB)).max() < 12
    assert dark.max() < 40 < 200 < bright.max()
    assert plants[0] > 200 > 60 > plants[1:].max()
