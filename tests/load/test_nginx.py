"""nginx in front, configured as the documentation says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from load.conftest import Site
from servers import processes
from servers.client import Answer, ask
from servers.processes import ROOT, Running, running

TARGET = "/image/a.jpg?w=600"
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
FIREFOX = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"


def documented(name: str, site: Site) -> str:
    """A configuration from the documentation. The parts that must differ here: the folder of
    caches, which is as empty as Debian's, and the ports, which `processes.nginx` chooses.
    """
    text = (ROOT / "docs" / "nginx.md").read_text()
    config = text.partition(f"<!-- {name} -->\n```nginx\n")[2].partition("```")[0]
    assert "/var/cache/" in config
    (site.folder / "var-cache").mkdir(exist_ok=True)
    return config.replace("/var/cache/", f"{site.folder}/var-cache/")


def sent_from(site: Site) -> Path:
    """The folder that the documentation's second configuration is an alias of."""
    return site.folder / "var-cache" / "imgmiddleware"


@pytest.fixture
def application(site: Site) -> Iterator[Running]:
    def gunicorn(port: int, folder: Path) -> list[str]:
        options = [*processes.gunicorn_options(port), "--threads", "4"]
        return [processes.program("gunicorn"), *options, "apps:wsgi"]

    options = {
        "IMGMIDDLEWARE_TEST_ACCEL": "/cached-images/",
        "IMGMIDDLEWARE_TEST_CACHE": str(sent_from(site)),
        "IMGMIDDLEWARE_TEST_HEADERS": "1",
    }
    with site.served(gunicorn, **options) as server:
        yield server


@pytest.fixture
def plain_application(site: Site) -> Iterator[Running]:
    def gunicorn(port: int, folder: Path) -> list[str]:
        return [processes.program("gunicorn"), *processes.gunicorn_options(port), "apps:wsgi"]

    with site.served(gunicorn) as server:
        yield server


@pytest.fixture
def keeping(plain_application: Running, site: Site) -> Iterator[Running]:
    config = documented("nginx-cache", site)
    command = processes.nginx(plain_application.port, config)
    with running(command, site.folder / "nginx", {}) as server:
        yield server


@pytest.fixture
def sending(application: Running, site: Site) -> Iterator[Running]:
    config = documented("nginx-files", site)
    with running(processes.nginx(application.port, config), site.folder / "nginx", {}) as server:
        yield server


def test_nginx_keeps_a_picture_for_each_kind_of_client(keeping: Running, site: Site) -> None:
    first = ask(keeping.port, TARGET, headers={"Accept": CHROME})
    again = ask(keeping.port, TARGET, headers={"Accept": FIREFOX})
    assert (first.status, first.header("x-cache")) == (200, "MISS")
    assert (again.status, again.header("x-cache")) == (200, "HIT")
    assert first.header("content-type") == again.header("content-type") == "image/avif"
    assert first.body == again.body
    assert again.header("vary") == "Accept"
    other = ask(keeping.port, TARGET, headers={"Accept": "*/*"})
    assert (other.header("content-type"), other.header("x-cache")) == ("image/jpeg", "MISS")
    assert len(site.made_by()) == 2
    etag = first.header("etag")
    assert etag is not None
    unchanged = ask(keeping.port, TARGET, headers={"Accept": CHROME, "If-None-Match": etag})
    assert (unchanged.status, unchanged.header("etag")) == (304, etag)


def test_nginx_keeps_no_error(keeping: Running) -> None:
    for _ in range(2):
        refused = ask(keeping.port, "/image/a.jpg?w=x")
        assert (refused.status, refused.header("x-cache")) == (400, None)
        assert refused.header("cache-control") == "no-store"
    assert ask(keeping.port, "/other").body.startswith(b"own: GET")


def without_server(answer: Answer) -> list[tuple[str, str]]:
    """The headers of both ways of answering; `accept-ranges` is nginx's own, and times differ."""
    own = [pair for pair in answer.own_headers if pair[0] not in ("accept-ranges", "server-timing")]
    return sorted(own)


def test_nginx_sends_what_the_application_decided(
    sending: Running, application: Running, site: Site
) -> None:
    asked = {"Accept": CHROME, "Origin": "https://b.example"}
    made = ask(sending.port, TARGET, headers=asked)
    assert (made.status, made.header("content-type")) == (200, "image/avif")
    announced = {"X-Sendfile-Type": "X-Accel-Redirect"}
    direct = ask(application.port, TARGET, headers={"Accept": CHROME, **announced})
    redirect = direct.header("x-accel-redirect")
    assert redirect is not None
    assert re.fullmatch(r"/cached-images/sending/\d+/[\w.-]+", redirect)
    assert direct.body in (b"", b"0\r\n\r\n")  # of no length, or in chunks
    sent = ask(sending.port, TARGET, headers=asked)
    assert sent.header("server-timing") is not None
    assert sent.header("x-accel-redirect") is None
    assert (sent.status, sent.body) == (200, made.body)
    assert without_server(sent) == without_server(made)
    assert len(site.made_by()) == 1
    head = ask(sending.port, TARGET, "HEAD", {"Accept": CHROME})
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(made.body))
    etag = made.header("etag")
    assert etag is not None
    unchanged = ask(sending.port, TARGET, headers={"Accept": CHROME, "If-None-Match": etag})
    assert (unchanged.status, unchanged.header("etag")) == (304, etag)


def test_nobody_else_reaches_the_files(sending: Running, site: Site) -> None:
    ask(sending.port, TARGET)
    ask(sending.port, TARGET)
    linked = next((sent_from(site) / "sending").glob("*/*"))
    inside = linked.relative_to(sent_from(site))
    assert ask(sending.port, f"/cached-images/{inside}").status == 404


def test_nginx_that_does_not_say_it_sends_them(application: Running, site: Site) -> None:
    """All clients get the bytes all the same, and the log names the missing header once."""
    config = documented("nginx-files", site)
    silent = config.replace("proxy_set_header X-Sendfile-Type X-Accel-Redirect;", "")
    assert silent != config
    with running(processes.nginx(application.port, silent), site.folder / "nginx", {}) as server:
        answers = [ask(server.port, TARGET) for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].body
    assert application.output.count("said 'X-Sendfile-Type: X-Accel-Redirect'") == 1


@pytest.mark.needs("curl")
def test_the_check_of_the_documentation(sending: Running) -> None:
    text = (ROOT / "docs" / "nginx.md").read_text()
    command = text.partition("<!-- nginx-check -->\n```console\n")[2].partition("```")[0]
    for written, here in (("//localhost/", f"//127.0.0.1:{sending.port}/"), ("cat.jpg", "a.jpg")):
        assert written in command
        command = command.replace(written, here)
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert len(set(lines)) == 1
    status, size = lines[0].split()
    assert (status, int(size)) == ("200", len(ask(sending.port, TARGET).body))
