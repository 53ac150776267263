"""`imgmiddleware serve`: wrong options in one line, and real processes that serve and end well."""

import json
import os
import re
import socket

import platformdirs
import pytest

from drivers import call_asgi
from fileserver import FileServer
from imgmiddleware.cli import demo, main
from imgmiddleware.cli.serve import announce, application, from_environment
from pictures import quadrants, saved


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--default", "w=abc"], "default: w='abc' is not whole pixels"),
        (["--default", "width=1"], "default: there is no parameter 'width'"),
        (["--preset", "thumb=w=0"], "presets['thumb']: w=0 is not whole pixels"),
        (["--preset", "a=w=1", "--preset", "a=w=2"], "two presets have the same name"),
        (["--widths", "320,0"], "widths: 0 is not a whole number"),
        (["--heights", "320"], "give widths too"),
        (["--snap"], "give widths too"),
        (["--prefix", "/a?b/"], "prefix: '/a?b/' is not a path"),
        (
            ["--client-hints", "width,size"],
            "client_hints: 'size' is not one of width, dpr, save-data",
        ),
        (["--allow-origin", "a.example"], "allow_origin: 'a.example' is not '*' alone, or such as"),
        (
            ["--unsafe-original-formats", "jpeg"],
            "unsafe_original_formats: 'jpeg' is not one of jp2, jxl",
        ),
        (["--max-age", "-1"], "max_age: -1 is not a whole number"),
        (["--max-source-pixels", "0"], "max_source_pixels: 0 is not a whole number"),
        (["--fallback", "nowhere.png"], "/nowhere.png' cannot be shown: No such file"),
        (["--root-path", "pictures"], "'pictures' is not a path such as /pictures"),
        (["--root-path", "/image"], "--root-path /image: the prefix /image/ begins with it"),
        (["--host", "nowhere.invalid"], "; --host names another"),
        (["--cache-dir", ""], "cache_dir: '' is not a folder"),
        (["--no-cache-dir", "--cache-dir", "kept"], "--no-cache-dir: leave out --cache-dir"),
        (["--no-cache-dir", "--tier", "kept"], "--no-cache-dir: leave out --cache-dir and --tier"),
        (["--metrics", "/"], "'/' is not a path such as /metrics"),
        (["--metrics", ""], "'' is not a path such as /metrics"),
    ],
)
def test_wrong_options_are_one_line(arguments, words, photos, capsys):
    assert main(["serve", str(photos), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("imgmiddleware: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize("name", ["none", "red.png"])
def test_no_directory(name, photos, capsys):
    assert main(["serve", str(photos / name)]) == 2
    err = capsys.readouterr().err
    assert err == f"imgmiddleware: source: '{photos / name}' is not a directory\n"


@pytest.mark.parametrize("more", [[], ["--workers", "2"]])
def test_port_in_use(more, photos, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(photos), "--port", str(port), *more]) == 2
    err = capsys.readouterr().err
    message = f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert err == f"imgmiddleware: {message}; --port N takes another\n"


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_refusals_are_shown_in_an_img(command, photos, stopped, monkeypatch):
    monkeypatch.setattr(demo, "draw_originals", lambda directory: None)
    arguments = [str(photos)] if command == "serve" else []
    assert main([command, *arguments, "--port", "0"]) == 0
    assert stopped["config"].app.service.settings.debug_images
    if command == "serve":
        shown = ["--no-debug-images", "--fallback", str(photos / "red.png")]
        assert main([command, *arguments, "--port", "0", *shown]) == 0
        settings = stopped["config"].app.service.settings
        assert (settings.debug_images, settings.fallback) == (False, str(photos / "red.png"))


def test_an_address_of_no_interface_here(photos, capsys):
    assert main(["serve", str(photos), "--host", "192.0.2.1", "--port", "0"]) == 2  # TEST-NET-1
    assert capsys.readouterr().err.endswith("; --host names another\n")


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:{}/."), ("0.0.0.0", "http://127.0.0.1:{}/, and on this")],
)
def test_where_to_open_the_browser(host, shown, capsys):
    with socket.create_server((host, 0)) as listener:
        announce(listener, "photos/")
        port = listener.getsockname()[1]
    assert f"Serving photos/ on {shown.format(port)}" in capsys.readouterr().out


def test_in_this_process(photos, capsys, stopped):
    options = ["--port", "0", "--preset", "a=w=9", "--widths", "9,8", "--log-level", "error"]
    options += ["--stale-while-revalidate", "7", "--client-hints", "width,dpr", "--surrogate-keys"]
    options += ["--allow-origin", "https://a.example", "--allow-origin", "http://b.example"]
    options += ["--server-timing", "--serve-stale", "2.5", "--unsafe-original-formats", "jp2,jxl"]
    assert main(["serve", str(photos), *options, "--max-age", "5"]) == 0
    assert f"on http://127.0.0.1:{stopped['port']}/" in capsys.readouterr().out
    assert stopped["config"].log_config["loggers"]["imgmiddleware"]["level"] == "ERROR"
    settings = stopped["config"].app.service.settings
    assert (settings.presets, settings.widths, settings.max_age) == ({"a": "w=9"}, (8, 9), 5)
    assert settings.max_source_pixels == 100_000_000
    assert settings.stale_while_revalidate == 7
    assert settings.client_hints == ("width", "dpr")
    assert settings.origins == ("https://a.example", "http://b.example")
    assert settings.surrogate_keys
    assert settings.server_timing
    assert settings.serve_stale == 2.5
    assert settings.unsafe_original_formats == {"jp2", "jxl"}


def test_options_reach_the_workers(photos, monkeypatch, stopped):
    monkeypatch.setenv("IMGMIDDLEWARE_SERVE", "")  # so that what is set is taken back
    options = ["--port", "0", "--workers", "3", "--prefix", "p", "--default", "w=50"]
    assert main(["serve", str(photos), *options]) == 0
    assert (stopped["app"], stopped["workers"]) == ("imgmiddleware.cli.serve:from_environment", 3)
    assert stopped["port"] != 0
    assert json.loads(os.environ["IMGMIDDLEWARE_SERVE"]) == [
        str(photos),
        {
            "prefix": "p",
            "default": "w=50",
            "cache_dir": platformdirs.user_cache_dir("imgmiddleware"),
            "namespace": str(photos),
        },
        "",
        "",
    ]
    settings = from_environment().service.settings
    assert (settings.prefix, settings.default) == ("/p/", "w=50")


@pytest.mark.parametrize("left", ["", "/my pictures"], ids=["cut away", "left"])
def test_below_a_path_of_a_site(left, photos):
    """The proxy asks for the same with its path or without, and every link begins with it."""
    app = application(str(photos), {}, mount="/my pictures")

    def get(path):
        status, headers, body = call_asgi(app, path)
        return status, dict(headers), body.decode("latin-1")

    status, _, page = get(f"{left}/")
    assert status == 200
    links = [link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if link[0] == "/"]
    assert links
    assert all(link.startswith("/my%20pictures/") for link in links), links
    status, headers, _ = get(f"{left}/image/red.png?w=10&fm=png")
    assert (status, headers["content-type"]) == (200, "image/png")
    info = json.loads(get(f"{left}/image/red.png/info.json")[2])
    assert info["id"].endswith("/my%20pictures/image/red.png")
    assert get(f"{left}/other")[0] == 404
    assert get("/my picturesque/image/red.png")[0] == 404


def test_a_server_of_files_is_served_too(capsys):
    with FileServer() as server:
        server.files["a/cat.png"] = saved(quadrants(40, 30), "PNG")
        served = application(server.url, {})
        status, _, page = call_asgi(served, "/")
        assert status == 200
        assert b"/image/2026/cat.tif" in page
        assert server.place.encode() not in page
        assert call_asgi(served, "/image/a/cat.png?w=20")[0] == 200
        assert call_asgi(served, "/image/a/dog.png")[0] == 404
        assert call_asgi(served, "/none")[0] == 404
    assert main(["serve", "ftp://host/photos"]) == 2
    assert "source: ftp:// is none of s3://" in capsys.readouterr().err


def test_a_server_of_files_is_warmed_by_a_list(tmp_path, capsys):
    ids = tmp_path / "ids.txt"
    ids.write_text("cat.png\n")
    with FileServer() as server:
        server.files["cat.png"] = saved(quadrants(40, 30), "PNG")
        cache = ["--cache-dir", str(tmp_path / "cache")]
        assert main(["warm", server.url, "-q", "w=20", *cache, "--ids", str(ids)]) == 0
        assert main(["warm", server.url, "-q", "w=20", *cache]) == 2
    assert "--ids" in capsys.readouterr().err
