"""What tests of several rooms use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from measuring import Forked


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    with Forked() as started:
        yield started
