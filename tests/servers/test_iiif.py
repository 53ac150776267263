"""IIIF on real servers: its own validator, and the `id` that each server lets us tell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import parts
from servers import processes
from servers.client import ask
from servers.processes import Command, running

#: The picture that the validator knows: its squares of 100 pixels have the colours of its table.
_ID = "67352ccc-d1b0-11e1-89ae-279075081939"

#: Servers that tell the path as it was sent, and those that do not.
_TELLING = {
    "gunicorn": processes.gunicorn("iiif_app:wsgi"),
    "uwsgi": processes.uwsgi("iiif_app:wsgi"),
    "waitress": processes.waitress("iiif_app:wsgi"),
    "uvicorn": processes.uvicorn("httptools", "iiif_app:asgi"),
    "hypercorn": processes.hypercorn("iiif_app:asgi"),
    "daphne": processes.daphne("iiif_app:asgi"),
    "granian": processes.granian("asgi", "iiif_app:asgi"),
}
_SILENT = {"granian-wsgi": processes.granian("wsgi", "iiif_app:wsgi")}

_SENT, _WRITTEN = "/image/a%20b%2Fc%7Ed.png", "/image/a%20b/c~d.png"


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iiif")
    validator = parts.module("iiif_validator.validator")
    squares = Image.new("RGB", (1000, 1000))
    for x, column in enumerate(validator.ValidationInfo().colorInfo):
        for y, color in enumerate(column):
            squares.paste(color, (100 * x, 100 * y, 100 * x + 100, 100 * y + 100))
    squares.save(folder / _ID, "PNG")
    (folder / "a b").mkdir()
    squares.save(folder / "a b" / "c~d.png")
    return folder


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_the_validator_finds_no_fault_at_level_2(
    name: str, version: str, originals: Path, tmp_path: Path
) -> None:
    """But for one test of 1.0.5, `size_noup`: findings/iiif-validator-clamped-size.sh.

    It wants an error for `!2000,3000` of a smaller picture, of which Image API 3.0 (section 4.2) has
    the largest that is not larger than the region.
    """
    environment = {
        "IMGMIDDLEWARE_TEST_PHOTOS": str(originals),
        "IMGMIDDLEWARE_TEST_IIIF": version,
    }
    with running(_TELLING[name], tmp_path, environment) as server:
        run = subprocess.run(
            [
                *(sys.executable, parts.program("iiif-validate.py"), "--level=2"),
                *("-s", f"127.0.0.1:{server.port}", "-p", "image", "-i", _ID),
                f"--version={version}.0",
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
    said = run.stdout + run.stderr
    results = dict(re.findall(r"test (\w+) (PASS|FAIL)", said))
    failed = {test for test, result in results.items() if result == "FAIL"}
    assert len(results) == {"2": 30, "3": 33}[version], said
    assert failed == {"2": set(), "3": {"size_noup"}}[version], said


@pytest.mark.parametrize("name", [*_TELLING, *_SILENT])
def test_the_id_is_the_url_and_all_is_the_same_after_a_restart(
    name: str, originals: Path, tmp_path: Path
) -> None:
    command: Command = {**_TELLING, **_SILENT}[name]
    told = []
    for _ in range(2):
        with running(command, tmp_path, {"IMGMIDDLEWARE_TEST_PHOTOS": str(originals)}) as server:
            for _ in range(2):  # cold, and warm
                answer = ask(server.port, f"{_SENT}/info.json", headers={"Accept": "*/*"})
                assert answer.status == 200, server.output
                told.append((answer.own_headers, answer.body))
    assert told == 4 * [told[0]]
    host = "http://127.0.0.1"  # the Host that is sent
    expected = host + (_SENT if name in _TELLING else _WRITTEN)
    assert json.loads(told[0][1])["id"] == expected, server.output


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_the_id_has_the_scheme_of_a_proxy_that_is_trusted(
    name: str, originals: Path, tmp_path: Path
) -> None:
    forwarded = {"Host": "a.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    for trusted, scheme in (("127.0.0.1", "https"), ("192.0.2.1", "http")):
        environment = {
            "IMGMIDDLEWARE_TEST_PHOTOS": str(originals),
            "FORWARDED_ALLOW_IPS": trusted,
        }
        with running(_TELLING[name], tmp_path, environment) as server:
            answer = ask(server.port, f"/image/{_ID}/info.json", headers=forwarded)
            assert json.loads(answer.body)["id"] == f"{scheme}://a.example/image/{_ID}"
