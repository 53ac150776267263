"""`imgmiddleware warm`: for all kinds of clients, of directories, functions and services."""

from __future__ import annotations

import io
import os
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image

from drivers import call_asgi, call_wsgi, plain_asgi
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.cli import main
from imgmiddleware.service.making import stills
from imgmiddleware.service.warming import for_operator

#: The Accept of these browsers for an <img>, and the format that they get.
CLIENTS = {
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8": "image/avif",
    "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5": "image/webp",
    "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5": "image/jpeg",
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def rendered(monkeypatch):
    """The formats of all that is rendered."""
    formats, render = [], stills.render

    def counted(*given):
        result = render(*given)
        formats.append(result.media_type)
        return result

    monkeypatch.setattr(stills, "render", counted)
    return formats


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module into the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = {*sys.modules}

    def write(text, name="images_of_mine.py"):
        (tmp_path / name).write_text(textwrap.dedent(text))

    yield write
    for name in {*sys.modules} - known:
        if "of_mine" in name:
            del sys.modules[name]


def lines(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def app(name):
    return getattr(sys.modules["images_of_mine"], name)


def test_all_kinds_of_clients_in_one_run(photos, folder, rendered, module):
    module("""
        from drivers import plain_wsgi
        from imgmiddleware.wsgi import WSGIImageMiddleware
        app = WSGIImageMiddleware(plain_wsgi, "photos", cache_dir="results")
    """)
    assert main(["warm", str(photos), "-q", "w=100", "--cache-dir", str(folder)]) == 0
    assert sorted(rendered) == sorted(CLIENTS.values())
    assert main(["warm", "images_of_mine:app", "-q", "w=100"]) == 0
    for accept, media_type in CLIENTS.items():
        answer = call_wsgi(app("app"), "/image/red.png?w=100", headers={"Accept": accept})
        assert (answer[0], dict(answer[1])["content-type"]) == (200, media_type)
    assert len(rendered) == 3


@pytest.mark.parametrize(
    ("arguments", "formats"),
    [
        (["-q", "w=100&fm=webp", "-q", "fm=webp&w=100"], ["image/webp"]),
        (["-q", "w=100", "-q", "?w=100", "--accept", "image/webp"], ["image/webp"]),
        (
            ["-q", "w=9", "--accept", "image/webp", "--accept", "text/html"],
            ["image/webp", "image/jpeg"],
        ),
        (["--default", "w=100&fm=png"], ["image/png"]),
        (["--preset", "a=w=100&fm=png", "-q", "preset=a"], ["image/png"]),
    ],
)
def test_nothing_is_made_twice(arguments, formats, photos, folder, rendered):
    assert main(["warm", str(photos), *arguments, "--cache-dir", str(folder)]) == 0
    assert rendered == formats


def test_what_is_too_large_for_other_formats_is_made_once(photos, tmp_path, folder, rendered):
    Image.new("RGB", (2100, 2000), "navy").save(photos / "large.bmp")
    (tmp_path / "ids").write_text("large.bmp")
    where = ["--ids", str(tmp_path / "ids"), "--cache-dir", str(folder)]
    assert main(["warm", str(photos), *where]) == 0
    assert rendered == ["image/jpeg"]


@pytest.mark.parametrize(
    ("formats", "made"),
    [
        (["avif", "webp"], ["image/avif", "image/webp", "image/jpeg"]),
        (["webp"], ["image/webp", "image/jpeg"]),
        (["avif"], ["image/avif", "image/jpeg"]),
        ([], ["image/jpeg"]),
    ],
)
def test_the_formats_of_the_service(formats, made, photos, folder, rendered, module):
    module(f"""
        from imgmiddleware import ImageService
        service = ImageService("photos", cache_dir="results", formats={formats})
    """)
    assert main(["warm", "images_of_mine:service", "-q", "w=100"]) == 0
    assert rendered == made


OF_ALL_KINDS = """
    from drivers import plain_asgi, plain_wsgi
    from imgmiddleware import DirectorySource, ImageService
    from imgmiddleware.asgi import ASGIImageMiddleware
    from imgmiddleware.wsgi import WSGIImageMiddleware

    def find(id):
        return {"7": "photos/red.png"}.get(id)

    async def find_later(id):
        return find(id)

    class Finder:
        def open(self, id):
            return DirectorySource("photos").open("red.png") if id == "7" else None

    def find_number(id):
        return find(str(id)) if type(id) is int else None

    finder = Finder()
    prefixes = {"of": {"mine": "photos"}, "": find_later}
    of_directory = ImageService("photos", cache_dir="results", default="w=90", prefix="/p/")
    wsgi = WSGIImageMiddleware(plain_wsgi, find_number, id_type=int, cache_dir="results")
    asgi = ASGIImageMiddleware(plain_asgi, find_later, cache_dir="results")
    passing = ASGIImageMiddleware(plain_asgi, find, cache_dir="results", missing="pass")

    class Application:
        wsgi_app = wsgi

    application = Application()
"""


@pytest.mark.parametrize(
    ("attribute", "id", "more"),
    [
        ("find", "7", ["--cache-dir", "results"]),
        ("find_later", "7", ["--cache-dir", "results", "--default", "w=5"]),
        ("finder", "7", ["--cache-dir", "results", "--namespace", "x"]),
        ("prefixes", "7", ["--cache-dir", "results"]),
        ("prefixes", "of/mine/red.png", ["--cache-dir", "results"]),
        ("of_directory", "red.png", []),
        ("wsgi", "7", []),
        ("asgi", "7", []),
        ("passing", "7", []),
        ("application.wsgi_app", "7", []),
    ],
)
def test_what_a_module_has(attribute, id, more, photos, rendered, module, monkeypatch, capsys):
    module(OF_ALL_KINDS)
    for _ in range(2):
        lines(monkeypatch, f"{id}\nmissing\n{id}\n".encode())
        name = f"images_of_mine:{attribute}"
        assert main(["warm", name, "--ids", "-", "--accept", "text/html", *more]) == 1
        bar, *missing = capsys.readouterr().err.splitlines()
        assert bar == f"[{'#' * 30}] 2/2"
        assert [line.split(": ")[:3] for line in missing] == [
            ["imgmiddleware", "missing", "not-found"]
        ]
    assert rendered == ["image/jpeg"]
    assert (
        main(
            [
                "cache",
                "purge",
                name,
                id,
                *(part for part in more if "default" not in part and part != "w=5"),
            ]
        )
        == 0
    )
    assert capsys.readouterr().out.endswith("/results: 1 picture deleted\n")


def test_ids_are_as_in_a_path_percent_decoded(photos, folder, monkeypatch):
    names = ["50% off.png", "%2e.png", "a b.png", "Möwe.png", "c?d#e.png", " f .png"]
    for name in names:
        Image.new("RGB", (9, 9)).save(photos / name, "PNG")
    (photos / "ids").write_bytes("\ufeff50% off.png\r\n%2e.png\n\na b.png".encode())
    where = ["--accept", "*/*", "--cache-dir", str(folder)]
    assert main(["warm", str(photos), "--ids", str(photos / "ids"), *where]) == 0
    lines(monkeypatch, "\n".join(names[3:]).encode())
    assert main(["warm", str(photos), "--ids", "-", *where]) == 0
    monkeypatch.setattr(stills, "render", None)
    app = ASGIImageMiddleware(plain_asgi, str(photos), cache_dir=str(folder))
    for name in ("50%25%20off.png", "%252e.png", "M%C3%B6we.png", "c%3Fd%23e.png", "%20f%20.png"):
        assert call_asgi(app, f"/image/{name}")[0] == 200


def test_all_of_a_large_directory(photos, folder, monkeypatch, capsys):
    monkeypatch.setattr("imgmiddleware.cli.pages.listing.MOST_ENTRIES", 1)
    Image.new("RGB", (9, 9)).save(photos / "more.png")
    assert main(["warm", str(photos), "-q", "fm=png", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().err.endswith("] 2/2\n")


def test_all_of_several_directories(tmp_path, rendered, module, capsys):
    """Originals of another source with a longer prefix are none of the first's."""
    for name in ("photos/a.png", "photos/b.png", "photos/x/hidden.png", "new/a.png", "maps/m.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    module("""
        from imgmiddleware import ChainSource, ImageService
        sources = {"": ChainSource("new", "photos"), "x": "maps", "maps/old": "maps"}
        service = ImageService(sources, cache_dir="results")
    """)
    assert main(["warm", "images_of_mine:service", "--accept", "text/html"]) == 0
    assert capsys.readouterr().err == f"[{'#' * 30}] 4/4\n"
    service = app("service")
    for id in ("a.png", "b.png", "x/m.png", "maps/old/m.png"):
        assert service.purge(id) == 1


def test_what_was_refused_and_the_others_are_made(photos, folder, capsys):
    (photos / "half a.png").write_bytes((photos / "red.png").read_bytes()[:400])
    assert main(["warm", str(photos), "--default", "w=9&fm=png", "--cache-dir", str(folder)]) == 1
    bar, error = capsys.readouterr().err.splitlines()
    assert bar.endswith("2/2")
    assert error.startswith("imgmiddleware: half%20a.png: damaged-original: ")
    assert main(["cache", "stats", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 1 picture, ")


def test_a_slow_source_is_waited_for(photos, rendered, module, monkeypatch):
    module("""
        import time
        from imgmiddleware import ImageService

        calls = []

        def find(id):
            calls.append(id)
            time.sleep(0.2)
            return "photos/red.png"

        service = ImageService(
            find, cache_dir="results", source_timeout=0.01, presets={"a": "w=9&fm=png"}
        )
    """)
    lines(monkeypatch, b"1\n2\n3\n4\n")
    assert main(["warm", "images_of_mine:service", "-q", "preset=a", "--ids", "-"]) == 0
    assert rendered == ["image/png"] * 4
    assert sorted(app("calls")) == ["1", "2", "3", "4"]  # and not once more for each Accept


def test_what_an_img_would_be_drawn_is_told_in_words(photos, module, capsys, monkeypatch):
    module("""
        from imgmiddleware import ImageService
        service = ImageService("photos", cache_dir="results", debug_images=True)
    """)
    lines(monkeypatch, b"none.png")
    assert main(["warm", "images_of_mine:service", "--ids", "-"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "imgmiddleware: none.png: not-found: there is no original of this ID"
    ]


def test_what_a_function_raises_is_that_ids_problem(photos, module, capsys, monkeypatch):
    module("""
        def find(id):
            return {"7": "photos/red.png"}[id]
    """)
    lines(monkeypatch, b"8\n7\n")
    where = ["--cache-dir", "results", "-q", "w=9"]
    assert main(["warm", "images_of_mine:find", "--ids", "-", *where]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["imgmiddleware: 8?w=9: KeyError: '8'"]
    assert main(["cache", "stats", "--cache-dir", "results"]) == 0
    assert ": 3 pictures, " in capsys.readouterr().out


def test_a_service_that_asks_for_leave_is_warmed(photos, rendered, module):
    module("""
        from drivers import plain_wsgi
        from imgmiddleware.wsgi import WSGIImageMiddleware
        allowed = []
        app = WSGIImageMiddleware(
            plain_wsgi, "photos", cache_dir="results", authorize=lambda request: bool(allowed)
        )
    """)
    assert main(["warm", "images_of_mine:app", "-q", "w=100&fm=png"]) == 0
    assert rendered == ["image/png"]
    assert call_wsgi(app("app"), "/image/red.png?w=100&fm=png")[0] == 403
    app("allowed").append("all")
    status, headers, _ = call_wsgi(app("app"), "/image/red.png?w=100&fm=png")
    assert status == 200
    assert "private" in dict(headers)["cache-control"]
    assert rendered == ["image/png"]


def test_leave_that_is_waited_for_is_not_asked_for(photos, rendered, module):
    module("""
        from drivers import plain_asgi
        from imgmiddleware.asgi import ASGIImageMiddleware

        async def denied(request):
            return False

        app = ASGIImageMiddleware(plain_asgi, "photos", cache_dir="results", authorize=denied)
    """)
    assert main(["warm", "images_of_mine:app", "-q", "w=100&fm=png"]) == 0
    assert rendered == ["image/png"]
    assert call_asgi(app("app"), "/image/red.png?w=100&fm=png")[0] == 403


def test_links_that_have_to_be_signed_are_warmed_without(photos, rendered, module):
    """A signature is no part of the picture, so what is made is what a signed link finds."""
    module("""
        from imgmiddleware import ImageService
        service = ImageService(
            "photos", cache_dir="results", keys=["k" * 32], require_signature=True
        )
    """)
    assert main(["warm", "images_of_mine:service", "-q", "w=100&fm=png"]) == 0
    service = app("service")
    path, _, query = service.url("red.png", w=100, fm="png").partition("?")
    assert service.handle(ImageRequest("GET", path, "w=100&fm=png")).status == 403
    assert service.handle(ImageRequest("GET", path, query)).status == 200
    assert rendered == ["image/png"]


def test_a_mark_that_visitors_may_not_see_is_warmed(photos, rendered, module):
    module("""
        from imgmiddleware import ImageService
        service = ImageService("photos", cache_dir="results", authorize=lambda request: False)
    """)
    assert main(["warm", "images_of_mine:service", "-q", "fm=png&mark=/red.png"]) == 0
    assert rendered == ["image/png"]


def test_an_operators_answer_is_nobody_elses():
    array = np.zeros((30, 40), np.uint8)
    service = ImageService(lambda id: array, keys=["k" * 32], require_signature=True)
    request = ImageRequest("GET", "/image/a", "w=9")
    assert for_operator(service).handle(request).status == 200
    assert service.ready(request) is None
    assert service.handle(request).status == 403


def test_a_release_beside_the_last_one_is_warmed_by_its_service(photos, module, caplog):
    module("""
        from imgmiddleware import ImageService
        service = ImageService("photos", cache_dir="results")
    """)
    last = photos.with_name("last")
    last.mkdir()
    Image.new("RGB", (9, 9)).save(last / "a.png")
    where = ["--cache-dir", "results"]
    assert main(["warm", "last", *where]) == 0
    assert main(["warm", "photos", *where]) == 2
    assert main(["warm", "images_of_mine:service"]) == 0
    assert "if both are served" in caplog.text
    assert main(["warm", "photos", *where]) == 0
    assert main(["warm", "last", *where]) == 2


def test_a_directory_comes_first(photos, folder, module, rendered):
    module("raise AssertionError")
    photos.rename("images_of_mine:photos")
    where = ["--cache-dir", str(folder), "-q", "fm=png"]
    assert main(["warm", "images_of_mine:photos", *where]) == 0
    assert rendered == ["image/png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing_of_mine:x"], "there is no module 'nothing_of_mine' here"),
        (["images_of_mine.more:x"], "there is no module 'images_of_mine.more' here"),
        (["images_of_mine:x"], "images_of_mine:x: there is no attribute 'x'"),
        (["images_of_mine:finder.x"], "images_of_mine:finder.x: there is no attribute 'x'"),
        (["images_of_mine:"], "'images_of_mine:' is neither a directory nor MODULE:ATTRIBUTE"),
        (["a.example:/"], "'a.example:/' is neither a directory nor MODULE:ATTRIBUTE"),
        (["http://a.example/"], "http://a.example/ lists no IDs: give them with --ids FILE"),
        (["ftp://a.example/"], "source: ftp:// is none of s3://"),
        (["images_of_mine:plain_wsgi"], "a function of an ID nor a Source, but function"),
        (
            ["images_of_mine:application"],
            "but Application; did you mean images_of_mine:application.wsgi_app?",
        ),
        (["images_of_mine:Finder"], "a function of an ID nor a Source, but type"),
        (
            ["images_of_mine:find"],
            "--cache-dir: give the folder in which the application of images_of_mine:find",
        ),
        (
            ["images_of_mine:find", "--cache-dir", "results"],
            "images_of_mine:find lists no IDs: give them with --ids FILE",
        ),
        (
            ["images_of_mine:prefixes", "--cache-dir", "results"],
            "images_of_mine:prefixes lists no IDs: give them with --ids FILE",
        ),
        (["images_of_mine:wsgi"], "images_of_mine:wsgi lists no IDs: give them with --ids FILE"),
        (
            ["images_of_mine:wsgi", "--cache-dir", "x", "--default", "w=9", "--preset", "a=w=9"],
            "has its own options; not also --cache-dir, --default, --preset",
        ),
        (["images_of_mine:in_memory"], "images_of_mine:in_memory has no cache_dir"),
        (["photos", "-q", "w=9", "-q", "w=x", "--cache-dir", "x"], "--query: w='x' is not whole"),
        (["photos", "--ids", "nowhere"], "--ids: nowhere: No such file or directory"),
        (["photos", "--ids", "photos/red.png"], "--ids: photos/red.png: line 1 is not UTF-8"),
    ],
)
def test_wrong_usage_is_one_line(arguments, words, photos, module, capsys):
    module(OF_ALL_KINDS + "    in_memory = ImageService('photos')\n")
    assert main(["warm", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    ("text", "cause", "line"),
    [
        ("import os\nimport nothing_of_mine\n", "No module named 'nothing_of_mine'", 2),
        ("\nfrom os import nothing\n", "ImportError: cannot import name 'nothing' from 'os'", 2),
        ("\n\nraise RuntimeError('no database')\n", "RuntimeError: no database", 3),
        ("x = 1\nx = = 2\n", "SyntaxError: invalid syntax", 2),
    ],
)
def test_a_module_that_cannot_be_imported(text, cause, line, module, tmp_path, capsys):
    module(text)
    assert main(["warm", "images_of_mine:app"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert cause in err
    assert err.endswith(f"({tmp_path}/images_of_mine.py, line {line})\n")


def test_an_id_that_no_service_takes(photos, module, capsys):
    module(OF_ALL_KINDS)
    assert main(["cache", "purge", "images_of_mine:wsgi", "x"]) == 2
    assert "an ID here is a whole number" in capsys.readouterr().err


def test_interrupted(start, module, tmp_path):
    """A real process, in the module's directory; Ctrl-C ends it after its present picture."""
    module("""
        import itertools, os, signal, time
        calls = itertools.count()

        def find(id):
            with open("asked", "a") as file:
                file.write("x")
            if next(calls) == 0:
                os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
    """)
    (tmp_path / "ids").write_text("\n".join(map(str, range(1000))))
    arguments = ("--ids", "ids", "--cache-dir", "results")
    process = start("warm", "images_of_mine:find", *arguments)
    assert process.process.wait(60) == 130, process.output()
    assert "Traceback" not in process.output()
    assert len((tmp_path / "asked").read_text()) <= 2 * os.cpu_count()
