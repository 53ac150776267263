"""What tests of several rooms use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import parts
from measuring import Forked


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    with Forked() as started:
        yield started


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): a part that is asked for by `parts.need`")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        parts.need(*mark.args)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where a whole run is skipped for want of a part, that is no error of the run."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and parts.skipped:
        session.exitstatus = pytest.ExitCode.OK
