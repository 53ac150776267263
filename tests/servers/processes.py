"""Servers as processes of their own, on loopback: the commands, the start, and the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import parts
from parts import program

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

_START_SECONDS = 30
_STOP_SECONDS = 15

Command = Callable[[int, Path], list[str]]


@dataclass(frozen=True)
class Running:
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    command: Command, folder: Path, environment: Mapping[str, str], cwd: Path = HERE
) -> Iterator[Running]:
    """`command(port, folder)` as a process, from when it listens; `folder` holds its files."""
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output.txt"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command(port, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **environment, "PYTHONPATH": _path(), "PYTHONUNBUFFERED": "1"},
            # A group of its own: workers that outlive their parent are found by its id.
            start_new_session=True,
        )
    server = Running(port, output, process)
    try:
        _wait_until_listening(process, server)
        yield server
    finally:
        _end(process)


def _path() -> str:
    """Where the applications find `servers`, as pytest does; the package is the installed one."""
    return os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_until_listening(process: subprocess.Popen[bytes], server: Running) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        code = process.poll()
        assert code is None, f"the server ended with {code}:\n{server.output}"
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"not listening after {_START_SECONDS} seconds:\n{server.output}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):  # the usual case: it ended, and its workers with it
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_STOP_SECONDS)


def gunicorn(app: str) -> Command:
    return lambda port, folder: [
        *(program("gunicorn"), *gunicorn_options(port), "--threads", "4", app)
    ]


def gunicorn_options(port: int) -> list[str]:
    # Its control socket is one for the user, in the home folder; two servers would share it.
    return ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]


def waitress(app: str) -> Command:
    return lambda port, folder: [program("waitress-serve"), "--listen", f"127.0.0.1:{port}", app]


def uwsgi(app: str) -> Command:
    module, callable = app.split(":")
    return lambda port, folder: [
        *(program("uwsgi"), "--http-socket", f"127.0.0.1:{port}"),
        *("--module", module, "--callable", callable, "--need-app"),
        *("--master", "--die-on-term", "--threads", "4"),
        # It embeds its own interpreter, which looks for packages where that was built.
        *("--virtualenv", sys.prefix, "--pythonpath", "."),
    ]


def granian(interface: str, app: str) -> Command:
    return lambda port, folder: [
        *(program("granian"), "--interface", interface),
        *("--host", "127.0.0.1", "--port", str(port), app),
    ]


def uvicorn(parser: str, app: str) -> Command:
    return lambda port, folder: [
        *(program("uvicorn"), "--http", parser, "--port", str(port), app),
    ]


def hypercorn(app: str) -> Command:
    return lambda port, folder: [program("hypercorn"), "--bind", f"127.0.0.1:{port}", app]


def daphne(app: str) -> Command:
    return lambda port, folder: [
        *(program("daphne"), "--bind", "127.0.0.1", "--port", str(port), app),
    ]


def nginx(upstream: int, http: str = "") -> Command:
    """As a reverse proxy, in the foreground, with nothing outside of its folder.

    `http` is a configuration of its own, for port 80 and an application on port 8000.
    """

    def command(port: int, folder: Path) -> list[str]:
        config = folder / "nginx.conf"
        served = (http or _NGINX).replace("listen 80;", f"listen 127.0.0.1:{port};")
        served = served.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
        config.write_text(_NGINX_AROUND.format(folder=folder) + served + "}")
        return [parts.need("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(config)]

    return command


def apache(site: str) -> Command:
    """In the foreground, with mod_wsgi and nothing outside of its folder; `site` is for port 80."""

    def command(port: int, folder: Path) -> list[str]:
        config = folder / "apache.conf"
        served = site.replace("*:80>", f"127.0.0.1:{port}>")
        around = _APACHE_AROUND.format(folder=folder, port=port, module=parts.need("mod_wsgi"))
        config.write_text(around + served)
        return [
            *_AS_NOBODY,
            parts.need("Apache"),
            "-d",
            str(folder),
            "-f",
            str(config),
            "-DFOREGROUND",
        ]

    return command


#: mod_wsgi refuses to run as root. In a namespace root is another user by name, who reads the
#: folders of root all the same.
_AS_NOBODY = (
    ("unshare", "--user", "--map-user=65534", "--map-group=65534") if os.geteuid() == 0 else ()
)

_APACHE_AROUND = """
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/output.txt
Mutex file:{folder}
WSGISocketPrefix {folder}/wsgi
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule wsgi_module {module}
"""
_NGINX_AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""
_NGINX = """
    server {
        listen 80;
        location / {
            # Without a path behind the port, the request's own goes through as it was sent.
            proxy_pass http://127.0.0.1:8000;
            proxy_set_header Host $host;
        }
    }
"""
