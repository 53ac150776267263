"""The placeholder that a browser paints until a picture comes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from asking import serving
from browser.devtools import once
from pictures import BLUE, GREEN, RED, YELLOW, corners, quadrants, saved

pytestmark = pytest.mark.needs("Chromium")

#: A picture that has come, and is clear all over, so that its background is seen.
CLEAR = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def test_the_placeholder_is_painted_in_the_box_of_the_picture(tmp_path: Path) -> None:
    service = serving(saved(quadrants(640, 480), "PNG"))
    html = '<body style="margin:0;background:#fff">'
    for kind, top in (("lqip", 0), ("color", 300)):
        style = {"style": f"position:absolute;left:0;top:{top}px"}
        rect = {} if kind == "lqip" else {"rect": "right,bottom,300,200"}
        picture = service.picture(
            "a", alt="", w=300, h=200, fit="crop", placeholder=kind, attributes=style, **rect
        )
        html += re.sub(r' src="[^"]*"( srcset="[^"]*")?', f' src="{CLEAR}"', str(picture))
    assert html.count(CLEAR) == 2
    (tmp_path / "page.html").write_text(html)
    shot = tmp_path / "page.png"
    flags = ("--force-color-profile=srgb", "--window-size=400,700", f"--screenshot={shot}")
    once(tmp_path / "profile", (tmp_path / "page.html").as_uri(), *flags)
    with Image.open(shot) as image:
        page = np.asarray(image.convert("RGB")).astype(int)
    seen = np.array(corners(page[:200, :300]))
    assert abs(seen - [RED, GREEN, BLUE, YELLOW]).max() < 40
    assert (page[300:500, :300] == BLUE).all()
    assert (page[200:300] == 255).all()  # it is as large as the picture, and no larger
    assert (page[:500, 300:] == 255).all()
