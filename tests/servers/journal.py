"""A file in which an application under test notes its acts, and until when its renders wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.processes import Command, Running, running
from servers.test_shutdown import until


@dataclass(frozen=True)
class Journal:
    """Each line is a word for an act, and its actor."""

    file: Path

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def of(self, what: str) -> list[str]:
        """The actor: of `render held` that is `held`."""
        return [line.split()[1] for line in self.lines() if line.split()[0] == what]

    def wait_for(self, line: str) -> None:
        """For a whole line, or for any of a word."""
        until(lambda: line in self.lines() or self.of(line))

    def release(self) -> None:
        """Renders go on."""
        self.file.with_name("release").touch()


@contextmanager
def journaling(command: Command, journal: Journal, folder: Path) -> Iterator[Running]:
    """A server whose application writes into it."""
    environment = {"IMGMIDDLEWARE_TEST_JOURNAL": str(journal.file)}
    with running(command, folder / "server", environment) as started:
        yield started
