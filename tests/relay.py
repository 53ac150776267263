"""A relay in front of a port, which may be slow."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class Relay:
    """Hands on each byte. Each byte of an answer comes `pause` seconds after the last."""

    def __init__(self, to: int, host: str = "127.0.0.1", pause: float = 0) -> None:
        self._to, self.pause = to, pause
        self._listening = socket.create_server((host, 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                try:
                    there = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    here.close()
                    continue
                for pair, slow in (((here, there), False), ((there, here), True)):
                    threading.Thread(target=self._copy, args=(*pair, slow), daemon=True).start()

    def _copy(self, of: socket.socket, to: socket.socket, slow: bool) -> None:
        with suppress(OSError), of, to:
            while data := of.recv(65536):
                if not (slow and self.pause):
                    to.sendall(data)
                    continue
                for at in range(len(data)):
                    time.sleep(self.pause)
                    to.sendall(data[at : at + 1])
