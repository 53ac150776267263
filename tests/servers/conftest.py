"""Fixtures of the tests with servers: the originals, and a failing test's server output."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from servers.journal import Journal
from servers.processes import Running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Running):
                report.sections.append((f"output of {value.log}", value.output))
    return report


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    file = tmp_path / "journal"
    file.touch()
    return Journal(file)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`café.jpg`, 900 x 600, whose PNG fills many of a socket's buffers; `sub/dot.png`; `cat.jpg`.

    Beside the folder, not in it: `secret.png`.
    """
    folder = tmp_path_factory.mktemp("originals") / "photos"
    (folder / "sub").mkdir(parents=True)
    noise = np.random.default_rng(1).integers(0, 256, (600, 900, 3), np.uint8)
    photo = Image.fromarray(cv2.GaussianBlur(noise, (0, 0), 1))
    photo.save(folder / "café.jpg", quality=95)
    photo.save(folder / "cat.jpg", quality=90)
    Image.new("RGB", (60, 40), "red").save(folder / "sub" / "dot.png")
    Image.new("RGB", (60, 40), "navy").save(folder.parent / "secret.png")
    return folder
