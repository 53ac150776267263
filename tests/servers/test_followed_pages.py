"""Pages that are followed step by step: a test types what stands there, into the files that it names."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

import parts
from servers import processes
from servers.client import ask
from servers.processes import ROOT, running

SECRET = "a secret of this test, of 32 bytes and more"


def written(page: str, folder: Path) -> str:
    """The page's text. Text below the mark of a file belongs to the end of that file."""
    text = (ROOT / "docs" / page).read_text()
    for name, code in re.findall(r"<!-- ([\w/]+\.py) -->\n```python\n(.*?)```", text, re.DOTALL):
        with (folder / name).open("a") as file:
            file.write(f"\n{code}")
    return text


def run(folder: Path, *words: str, **environment: str) -> None:
    subprocess.run([sys.executable, *words], cwd=folder, check=True, env=environment or None)


@pytest.fixture
def site(tmp_path: Path, photos: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "photos").symlink_to(photos)
    return folder


def started_project(site: Path) -> None:
    text = (ROOT / "docs" / "django.md").read_text()
    block = text.partition("<!-- django-project -->\n```console\n")[2].partition("```")[0]
    create, *manage = [line.partition("/bin/")[2].split() for line in block.splitlines()[1:]]
    run(site, "-m", "django", *create[1:])
    for words in manage:
        who = ["--noinput", "--username=ann", "--email=a@b.example"] * (words[-1] != "migrate")
        run(site, *words[1:], *who, DJANGO_SUPERUSER_PASSWORD="pass")


def test_django_behind_a_login(site: Path) -> None:
    parts.module("django")
    started_project(site)
    open_to_all = (site / "shop" / "wsgi.py").read_text()
    written("django.md", site)
    with running(processes.gunicorn("shop.wsgi"), site / "open", {}, cwd=site) as server:
        assert ask(server.port, "/image/cat.jpg?w=90").status == 200
    (site / "shop" / "wsgi.py").write_text(open_to_all)
    with running(processes.gunicorn("shop.wsgi"), site / "log", {}, cwd=site) as server:
        target = "/image/cat.jpg?w=90"
        asked = {"Host": "127.0.0.1"}
        away = ask(server.port, target, headers=asked)
        login = "/admin/login/?next=/image/cat.jpg%3Fw%3D90"
        assert (away.status, away.header("location")) == (302, login)
        form = ask(server.port, login, headers=asked)
        token = re.search(r"csrftoken=(\w+)", form.header("set-cookie") or "")[1]
        fields = f"username=ann&password=pass&csrfmiddlewaretoken={token}".encode()
        sent = asked | {
            "Cookie": f"csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(fields)),
        }
        inside = ask(server.port, login, "POST", sent, fields)
        cookies = [value.partition(";")[0] for key, value in inside.headers if key == "set-cookie"]
        (session,) = [cookie for cookie in cookies if cookie.startswith("sessionid")]
        shown = ask(server.port, target, headers=asked | {"Cookie": session})
        assert (shown.status, shown.header("content-type")) == (200, "image/jpeg")
        assert "private" in (shown.header("cache-control") or "")
    assert 'srcset="/image/cat.jpg?w=320' in rendered(site)


def rendered(site: Path) -> str:
    """The HTML that the project makes of the page's template."""
    text = (ROOT / "docs" / "django.md").read_text()
    template = text.partition("```html\n")[2].partition("```")[0]
    script = f"from django.template import engines; print(engines['django'].from_string({template!r}).render())"
    command = [sys.executable, "manage.py", "shell", "-c", script]
    return subprocess.run(command, cwd=site, check=True, capture_output=True, text=True).stdout


def test_signed_links_behind_nginx(site: Path) -> None:
    parts.need("nginx")
    text = written("links.md", site)
    config = text.partition("<!-- nginx-signed -->\n```nginx\n")[2].partition("```")[0]
    key = {"IMAGE_KEY": SECRET}
    with (
        running(processes.gunicorn("app:app"), site / "log", key, cwd=site) as application,
        running(processes.nginx(application.port, config), site / "nginx", {}) as server,
    ):
        page = html.unescape(ask(server.port, "/").body.decode())
        link = re.search(r'src="([^"]+)"', page)[1]
        assert ask(server.port, link).status == 200
        assert ask(server.port, link.replace("w=400", "w=401")).status == 403
        assert ask(server.port, "/image/cat.jpg?w=400").status == 403
