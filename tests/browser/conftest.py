"""A browser for a whole module: each test has a tab of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser.devtools import Browser, chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started
