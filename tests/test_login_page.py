"""docs/login.md shows the examples to the letter; `tests/servers/test_login.py` runs these."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "login.md").read_text()
SHOWN = re.findall(r"<!-- (examples/login/\w+\.py) -->\n```python\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = sorted(path for path in (ROOT / "examples" / "login").glob("*.py"))


def test_each_snippet_stands_in_its_example() -> None:
    assert len(SHOWN) == PAGE.count("```python") == 7
    for file, snippet in SHOWN:
        assert snippet in (ROOT / file).read_text(), file


def test_there_is_no_example_without_a_test_and_a_place_on_the_page() -> None:
    tests = (ROOT / "tests" / "servers" / "test_login.py").read_text()
    assert len(EXAMPLES) >= 6
    for example in EXAMPLES:
        assert f"examples/login/{example.name}" in PAGE, example
        assert f"{example.stem}:" in tests or f"{example.name}" in tests, example
