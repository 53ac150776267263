"""Names of files beyond ASCII on servers that know no locale, as services of a system often do."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from servers import processes
from servers.client import ask
from servers.processes import running

_WITHOUT_A_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

_NAMES = ("Möwe.jpg", "日本/東京.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Bücher"
    (folder / "日本").mkdir(parents=True)
    for name in _NAMES:
        Image.new("RGB", (60, 40), "teal").save(folder / name)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        processes.uwsgi("wsgi_app:application"),
        processes.gunicorn("wsgi_app:application"),
        processes.granian("asgi", "asgi_app:application"),
    ],
    ids=["uwsgi", "gunicorn", "granian"],
)
def test_names_are_found_without_a_locale(
    command: processes.Command, photos: Path, tmp_path: Path
) -> None:
    environment = {
        **_WITHOUT_A_LOCALE,
        "IMGMIDDLEWARE_TEST_PHOTOS": str(photos),
        "IMGMIDDLEWARE_TEST_CACHE": str(tmp_path / "кеш"),
    }
    with running(command, tmp_path, environment) as server:
        for name in _NAMES:
            made = ask(server.port, f"/image/{quote(name)}?w=30&fm=png")
            assert made.status == 200, server.output
            assert Image.open(io.BytesIO(made.body)).size == (30, 20)
            kept = ask(server.port, f"/image/{quote(name)}?w=30&fm=png")
            assert (kept.status, kept.body) == (200, made.body), server.output
        assert ask(server.port, "/image/M%F6we.jpg").status == 404
