"""Three machines in front of one Valkey and one bucket, and nginx, as docs/fleet.md lists them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import parts
from relay import Relay
from servers.client import Answer, ask
from servers.processes import _NGINX_AROUND, ROOT
from shared.servers import Server, free_port, valkey_program
from storeservers import S3

HERE = Path(__file__).parent
PAGE = (ROOT / "docs" / "fleet.md").read_text()


def documented(name: str) -> str:
    block = PAGE.partition(f"<!-- {name} -->\n```")[2]
    return block.partition("\n")[2].partition("```")[0]


def commands() -> dict[str, list[str]]:
    """By the names of the processes."""
    lines = documented("fleet-processes").splitlines()
    pairs = (line.partition(": ") for line in lines)
    return {name: shlex.split(command) for name, _, command in pairs}


class Network:
    """A network namespace with an address in it and one outside of it."""

    def __init__(self, number: int) -> None:
        self.name = f"fleet{os.getpid()}"
        self.outside, self.inside = f"10.213.{number}.1", f"10.213.{number}.2"
        ends = f"fl{os.getpid()}a"[:15], f"fl{os.getpid()}b"[:15]
        for line in (
            f"netns add {self.name}",
            f"link add {ends[0]} type veth peer name {ends[1]} netns {self.name}",
            f"addr add {self.outside}/24 dev {ends[0]}",
            f"link set {ends[0]} up",
            f"-n {self.name} addr add {self.inside}/24 dev {ends[1]}",
            f"-n {self.name} link set {ends[1]} up",
            f"-n {self.name} link set lo up",
        ):
            subprocess.run(["ip", *line.split()], check=True, capture_output=True)

    def close(self) -> None:
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


def network() -> Network | None:
    """None where this user, or this kernel, may have none."""
    try:
        return Network(os.getpid() % 200 + 1)
    except (OSError, subprocess.CalledProcessError):
        subprocess.run(["ip", "netns", "del", f"fleet{os.getpid()}"], capture_output=True)
        return None


class Machine(Server):
    """gunicorn with a cache folder of its own, maybe in a network of its own."""

    def __init__(self, fleet: Fleet, number: int, network: Network | None) -> None:
        self.folder = fleet.folder / f"machine{number}"
        self.folder.mkdir()
        self.host = network.inside if network else "127.0.0.1"
        outside = network.outside if network else "127.0.0.1"
        self._fleet, self._network, self._outside = fleet, network, outside
        self.reached = {
            name: Relay(port, outside) if network else None for name, port in fleet.ports.items()
        }
        self.begin()

    def begin(self, **environment: str) -> None:
        """Start it, with some more in its environment."""
        port = free_port()
        fleet = self._fleet
        at = {
            name: f"{self._outside}:{relay.port if relay else fleet.ports[name]}"
            for name, relay in self.reached.items()
        }
        text = documented("fleet-application")
        for said, here in (
            ("s3://shop/", f"s3://{fleet.place}/"),
            ("/var/cache/images", str(self.folder / "cache")),
            ("10.0.0.9:6379", at["valkey"]),
        ):
            assert said in text
            text = text.replace(said, here)
        (self.folder / "shop.py").write_text((HERE / "prelude.py").read_text() + text)
        command = [
            part.replace("0.0.0.0:8000", f"{self.host}:{port}") for part in commands()["machine"]
        ]
        command = [parts.program("gunicorn"), *command[1:], "--no-control-socket"]
        if self._network:
            command = ["ip", "netns", "exec", self._network.name, *command]
        self.environment = {
            **os.environ,
            **fleet.s3.environment,
            "AWS_ENDPOINT_URL": f"http://{at['s3']}",
            "FLEET_JOURNAL": str(fleet.journal),
            **environment,
        }
        super().__init__(command, port, self.folder)

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self.environment,
                start_new_session=True,
            )
        self.wait_until_it_listens()

    def ask(self, target: str, **headers: str) -> Answer:
        """It alone, without the balancer."""
        with socket.create_connection((self.host, self.port), 60) as connection:
            lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            received = bytearray()
            while part := connection.recv(1 << 16):
                received += part
        from servers.client import parsed

        return parsed(bytes(received))

    def workers(self) -> set[int]:
        """Of gunicorn; in its own network it is a child of `ip`'s process, which it replaces."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return set(map(int, path.read_text().split()))


class Fleet:
    """All of them. `ports` are where the servers listen on loopback."""

    def __init__(self, folder: Path, s3: S3, place: str) -> None:
        self.folder, self.s3, self.place = folder, s3, place
        self.journal = folder / "journal"
        self.journal.touch()
        self.valkey = self._valkey()
        self.ports = {"valkey": self.valkey.port, "s3": s3.port}
        self.network = network()
        networks = (None, None, self.network)
        self.machines = [Machine(self, number, each) for number, each in enumerate(networks)]
        self.balancer = self._balancer()

    def ask(self, target: str, **headers: str) -> Answer:
        """By the balancer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.balancer.port, target, headers=named)

    def renders(self) -> list[int]:
        """The processes that have begun to make a picture, in their order."""
        return list(map(int, self.journal.read_text().split()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """A machine that begins to make a picture waits."""
        hold = self.journal.with_name("hold")
        hold.touch()
        try:
            yield
        finally:
            hold.unlink(missing_ok=True)

    def rebalance(self) -> None:
        """nginx once more, for the ports that there are now."""
        self.balancer.kill()
        self.balancer = self._balancer()

    def close(self) -> None:
        for server in (self.balancer, *self.machines, self.valkey):
            with suppress(ProcessLookupError, PermissionError):
                server.signal(signal.SIGCONT)
            server.kill()
        if self.network:
            self.network.close()

    def _valkey(self) -> Server:
        folder, port = self.folder / "valkey", free_port()
        folder.mkdir()
        command = commands()["cache"]
        command = [valkey_program(), *command[1:]]
        command[command.index("--port") + 1] = str(port)
        command[command.index("--bind") + 1] = "127.0.0.1"
        return Server(command, port, folder)

    def _balancer(self) -> Server:
        folder, port = self.folder / f"nginx{time.monotonic_ns()}", free_port()
        folder.mkdir()
        text = documented("fleet-nginx").replace("listen 80;", f"listen 127.0.0.1:{port};")
        for number, machine in enumerate(self.machines, 1):
            assert f"10.0.0.{number}:8000" in text
            text = text.replace(f"10.0.0.{number}:8000", f"{machine.host}:{machine.port}")
        config = folder / "nginx.conf"
        config.write_text(_NGINX_AROUND.format(folder=folder) + text + "}")
        assert commands()["balancer"][:2] == ["nginx", "-c"]
        given = ["-p", str(folder), "-e", "stderr", "-c", str(config)]
        return Server([parts.need("nginx"), *given], port, folder)


def machines_of(answers: list[Answer]) -> set[str]:
    return {re.split(r", ", answer.header("x-machine") or "")[-1] for answer in answers}
