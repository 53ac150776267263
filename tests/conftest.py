"""Fixtures and hooks for the tests of several rooms."""

from __future__ import annotations

from collections import Counter
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each part that was missing; pytest's own are one for each test."""
    skips = terminalreporter.stats.get("skipped", [])
    reasons = Counter(skip.longrepr[2] for skip in skips if isinstance(skip.longrepr, tuple))
    for reason, count in reasons.items():
        if parts.NOT_TESTED in reason:
            words = reason.removeprefix("Skipped: ")
            terminalreporter.write_line(f"{words}: {count} skipped", red=True, bold=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where a whole run is skipped for want of a part, that is no error of the run."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and parts.skipped:
        session.exitstatus = pytest.ExitCode.OK
