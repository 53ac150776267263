"""Apache with mod_wsgi, configured as the documentation says, and without the line that it needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from servers import processes
from servers.client import ask
from servers.processes import HERE, ROOT, Running, running

GLOBAL = "WSGIApplicationGroup %{GLOBAL}"


def documented(folder: Path) -> str:
    """The configuration of the documentation. The parts that must differ here: the paths."""
    text = (ROOT / "docs" / "nginx.md").read_text()
    config = text.partition("<!-- apache -->\n```apache\n")[2].partition("```")[0]
    assert GLOBAL in config
    paths = os.pathsep.join(filter(None, (str(folder), str(ROOT), str(HERE.parent))))
    return (
        config.replace("python-home=/srv/site/venv", f"python-home={sys.prefix}")
        .replace("python-path=/srv/site", f"python-path={paths}")
        .replace("/srv/site", str(folder))
    )


def site(tmp_path: Path, photos: Path, config: str) -> AbstractContextManager[Running]:
    (tmp_path / "wsgi.py").write_text(
        "import os, sys\n"
        f"os.environ['IMGMIDDLEWARE_TEST_PHOTOS'] = {str(photos)!r}\n"
        f"sys.path.append({str(HERE)!r})\n"
        "from wsgi_app import application\n"
    )
    return running(processes.apache(config), tmp_path / "server", {})


@pytest.fixture
def server(tmp_path: Path, photos: Path) -> Iterator[Running]:
    with site(tmp_path, photos, documented(tmp_path)) as started:
        yield started


def test_a_dozen_at_once_and_the_applications_own_routes(server: Running) -> None:
    def picture(width: int) -> int:
        return ask(server.port, f"/image/cat.jpg?w={width}&fm=png").status

    with ThreadPoolExecutor(40) as clients:
        made = [clients.submit(picture, width) for width in range(200, 236)]
        own = [clients.submit(ask, server.port, "/own") for _ in range(4)]
        assert [answer.result(60) for answer in made] == [200] * 36
        assert all(answer.result(60).body.startswith(b"own: GET") for answer in own)


def test_an_answer_that_apache_compresses(tmp_path: Path, photos: Path) -> None:
    """mod_deflate suffixes its tag, and hands the suffixed one on."""
    config = documented(tmp_path).replace("<Directory", "SetOutputFilter DEFLATE\n    <Directory")
    with site(tmp_path, photos, config) as server:
        target, coding = "/image/cat.jpg?w=300&fm=png", {"Accept-Encoding": "gzip"}
        compressed = ask(server.port, target, headers=coding)
        tag = compressed.header("etag")
        assert (compressed.status, compressed.header("content-encoding")) == (200, "gzip")
        assert tag is not None
        assert tag.endswith('-gzip"')
        again = ask(server.port, target, headers={**coding, "If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")


def test_a_sub_interpreter_is_refused(tmp_path: Path, photos: Path) -> None:
    config = documented(tmp_path).replace(GLOBAL, "")
    with site(tmp_path, photos, config) as server:
        assert ask(server.port, "/image/cat.jpg?w=100").status == 500
        assert f"put this into Apache's configuration: {GLOBAL}" in server.output
