"""docs/numpy.md does what it says: its snippets run, its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asking import get
from drivers import call_asgi, call_wsgi, plain_wsgi
from imgmiddleware import ArrayOriginal
from pictures import opened, pixels_of

PAGE = (Path(__file__).parents[1] / "docs" / "numpy.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(number: int, **names: Any) -> dict[str, Any]:
    exec(compile(SNIPPETS[number], "numpy.md", "exec"), names)
    return names


def rows(name: str) -> list[list[str]]:
    text = PAGE.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines()[2:]]


def test_a_heat_map() -> None:
    app = run(0)["app"]
    _, headers, body = call_asgi(app, "/today")
    assert opened(body).size == (400, 300)
    # 2% and 98% of 120,000 values lie between two of them: 2,400 are beyond each.
    assert f"Image-Notes: {dict(headers)['image-notes']}`" in PAGE
    assert np.ptp(pixels_of(body).reshape(-1, 3), axis=0).min() > 100
    assert opened(call_asgi(app, "/today?w=200&colormap=turbo&fm=png")[2]).size == (200, 150)
    assert call_asgi(app, "/other")[0] == 404


def test_an_array() -> None:
    app = run(1, application=plain_wsgi)["application"]
    assert opened(call_wsgi(app, "/image/ramp?w=100")[2]).size == (100, 25)
    assert call_wsgi(app, "/image/other")[0] == 404


def test_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.eye(30))
    service = run(2)["service"]
    answer = get(service, "w=20&fm=png")
    assert opened(answer.body).size == (20, 20)
    assert get(service, "", "b").status == 404


def test_a_masked_array() -> None:
    answer = get(run(3)["service"], "fm=png")
    alpha = pixels_of(answer.body, "RGBA")[..., 3].ravel()
    assert alpha.tolist() == [255] * 51 + [0] * 69


def test_an_image_of_pillows() -> None:
    answer = get(run(4)["service"], "", "Hello")
    assert opened(answer.body).format == "PNG"
    assert pixels_of(answer.body, "RGBA")[..., 3].max() == 255


def test_there_are_no_other_snippets() -> None:
    assert len(SNIPPETS) == 5


def test_the_table_of_dtypes() -> None:
    seen = []
    for names, plain, ranged in rows("dtype-table")[:-1]:
        for name in re.findall(r"`(\w+)`", names):
            array = np.ones((2, 2), name)
            assert ArrayOriginal(array, range=(0, 1)).samples().pixels.max() == 65535, ranged
            if plain.startswith("refused"):
                with pytest.raises(TypeError):
                    ArrayOriginal(array)
            else:
                ArrayOriginal(array)
            seen.append(name)
    kinds = {np.dtype(kind) for kind in "?bhilqBHILQefdg"}
    assert {np.dtype(name) for name in seen} == kinds


def test_the_table_of_shapes() -> None:
    for shapes, _ in rows("shape-table"):
        for shape in re.findall(r"`\((.*?)\)`", shapes):
            sides = [
                {"h": 20, "w": 30, "1 to 4": 4}.get(side) or int(side) for side in shape.split(", ")
            ]
            assert ArrayOriginal(np.zeros(sides)).header().height == 20
