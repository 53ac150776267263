"""`imgmiddleware warm` and `cache`: pictures made beforehand, counted and deleted."""

from __future__ import annotations

import os
import sys

import pytest
from PIL import Image

from drivers import call_asgi, call_wsgi, plain_asgi, plain_wsgi
from imgmiddleware import ImageRequest, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cli import main
from imgmiddleware.cli.serve import application
from imgmiddleware.messages import Result
from imgmiddleware.service.making import stills
from imgmiddleware.wsgi import WSGIImageMiddleware


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def two(photos):
    Image.new("RGB", (300, 200), "navy").save(photos / "blue.bmp")
    return photos


@pytest.fixture
def no_render(monkeypatch):
    """From now on nothing is decoded or rendered."""

    def begin():
        for step in ("render", "decode_original"):
            monkeypatch.setattr(stills, step, None)

    return begin


CHROME = {"accept": "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"}


def test_what_is_warmed_is_served_without_a_render(two, folder, capsys, no_render):
    assert main(["warm", str(two), "-q", "w=100", "-q", "w=50", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().err == f"[{'#' * 30}] 4/4\n"
    no_render()
    for adapter, call, app in (
        (WSGIImageMiddleware, call_wsgi, plain_wsgi),
        (ASGIImageMiddleware, call_asgi, plain_asgi),
    ):
        middleware = adapter(app, str(two), cache_dir=str(folder))
        for id in ("red.png", "blue.bmp"):
            status, headers, _ = call(middleware, f"/image/{id}?w=100", headers=CHROME)
            assert (status, dict(headers)["content-type"]) == (200, "image/avif")


def test_what_an_application_has_made_is_served_and_purged(two, folder, capsys, no_render):
    middleware = WSGIImageMiddleware(plain_wsgi, str(two), cache_dir=str(folder), cache_bytes=0)
    assert call_wsgi(middleware, "/image/red.png?w=100")[0] == 200
    no_render()
    served = application(str(two), {"cache_dir": str(folder), "namespace": ""})
    assert call_asgi(served, "/image/red.png?w=100")[0] == 200
    assert main(["cache", "purge", str(two), "red.png", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: 1 picture deleted\n"
    with pytest.raises(TypeError):  # there is a render
        call_wsgi(middleware, "/image/red.png?w=100")


def test_a_name_of_the_applications_own(two, folder, capsys, no_render):
    where = ["--cache-dir", str(folder), "--namespace", "shop"]
    assert main(["warm", str(two), "-q", "w=100", *where]) == 0
    no_render()
    middleware = WSGIImageMiddleware(plain_wsgi, str(two), cache_dir=folder, namespace="shop")
    assert call_wsgi(middleware, "/image/red.png?w=100", headers=CHROME)[0] == 200
    assert main(["cache", "purge", str(two), "red.png", "--cache-dir", str(folder)]) == 0
    assert main(["cache", "purge", str(two), "red.png", *where]) == 0
    assert capsys.readouterr().out == "".join(
        f"{folder}: {count} pictures deleted\n" for count in (0, 3)
    )


@pytest.fixture
def other(tmp_path):
    directory = tmp_path / "other"
    directory.mkdir()
    Image.new("RGB", (300, 200), "green").save(directory / "red.png")
    return directory


COMMANDS = [["warm"], ["serve", "--port", "0"], ["cache", "purge"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_directory_of_one_name_is_refused(command, two, other, folder, capsys):
    middleware = WSGIImageMiddleware(plain_wsgi, str(two), cache_dir=str(folder))
    call_wsgi(middleware, "/image/red.png?w=100")
    more = [str(other), *["red.png"] * ("purge" in command), "--cache-dir", str(folder)]
    assert main([*command, *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"imgmiddleware: {folder} has the pictures of {two}, and {other} is another directory: "
        "--namespace NAME keeps the two apart\n"
    )
    assert main([*command, *more, "--namespace", "other"]) == 0
    two.rename(two.with_name("away"))
    assert main([*command, *more]) == 0


def test_a_cleared_folder_is_for_any_directory(two, other, folder):
    where = ["-q", "fm=png", "--cache-dir", str(folder)]
    assert [main(["warm", str(directory), *where]) for directory in (two, other)] == [0, 2]
    assert main(["cache", "clear", "--cache-dir", str(folder)]) == 0
    assert main(["warm", str(other), *where]) == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_is_the_same_by_any_name(command, two, folder, tmp_path, monkeypatch):
    assert main(["warm", str(two), "-q", "w=9", "--cache-dir", str(folder)]) == 0
    (tmp_path / "link").symlink_to(two)
    monkeypatch.chdir(tmp_path)
    for name in ("link", "photos/", "./photos"):
        more = [name, *["red.png"] * ("purge" in command), "--cache-dir", str(folder)]
        assert main([*command, *more]) == 0


@pytest.mark.parametrize("action", [["stats"], ["clear"], ["purge", "photos", "red.png"]])
def test_a_folder_of_others_stays_as_it_is(action, two, capsys):
    """Where originals are, a cache would be one more folder to serve."""
    before = sorted(os.listdir(two))
    assert main(["cache", *action, "--cache-dir", str(two)]) == 2
    assert capsys.readouterr().err == f"imgmiddleware: --cache-dir: {two} is no folder of results\n"
    assert sorted(os.listdir(two)) == before


@pytest.mark.parametrize("beside", [(), ("namespaces",), ("claims", "sending"), ("followed",)])
def test_a_folder_that_has_no_results_yet(beside, folder, capsys):
    for name in beside:
        (folder / name).mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    assert main(["cache", "stats", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: 0 pictures, 0 bytes\n"


def test_the_users_own_folder_is_for_any_directories(two, other, no_render):
    for directory in (two, other):
        assert main(["serve", str(directory), "--port", "0"]) == 0
        assert main(["warm", str(directory), "-q", "w=100&fm=png"]) == 0
    no_render()
    assert main(["warm", str(two), "-q", "w=100&fm=png"]) == 0


def test_purge_without_a_locale(two, folder, capsys):
    """Then Python has typed characters beyond ASCII in surrogates (PEP 383)."""
    (two / "red.png").rename(two / "röt.png")
    assert main(["warm", str(two), "-q", "w=9&fm=png", "--cache-dir", str(folder)]) == 0
    typed = "röt.png".encode().decode("ascii", "surrogateescape")
    assert main(["cache", "purge", str(two), typed, "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: 1 picture deleted\n"


def test_what_bears_an_overlay_is_purged_by_its_name(two, folder, capsys):
    service = ImageService(two, overlays={"logo": two / "red.png"}, cache_dir=folder)
    for query in ("fm=png&w=9&mark=logo", "fm=png&w=9"):
        assert service.handle(ImageRequest("GET", "/image/red.png", query)).status == 200
    for name, count in (("none", "0 pictures"), ("logo", "1 picture")):
        assert (
            main(["cache", "purge", str(two), name, "--overlay", "--cache-dir", str(folder)]) == 0
        )
        assert capsys.readouterr().out == f"{folder}: {count} deleted\n"
    assert main(["cache", "purge", str(two), "red.png", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: 1 picture deleted\n"


def test_purge_and_clear(two, folder, capsys):
    main(["warm", str(two), "-q", "w=100", "-q", "w=50", "--cache-dir", str(folder)])
    capsys.readouterr()
    assert main(["cache", "purge", str(two), "red.png", "none", "--cache-dir", str(folder)]) == 0
    assert main(["cache", "clear", "--cache-dir", str(folder)]) == 0
    assert main(["cache", "clear", "--cache-dir", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out == "".join(f"{folder}: {count} pictures deleted\n" for count in (6, 6, 0))


def test_stats_in_words(tmp_path, capsys):
    disk = DiskStore(tmp_path, 2**30)
    assert main(["cache", "stats", "--cache-dir", str(tmp_path)]) == 0
    for number in range(2):
        disk.put(f"key{number}", Result(b"x" * 9000, "image/png"), ("tag",), disk.era())
        assert main(["cache", "stats", "--cache-dir", str(tmp_path)]) == 0
    # A body of 9000 bytes takes three blocks of 4096 and 1024 for its row.
    none, one, two = capsys.readouterr().out.splitlines()
    assert none == f"{tmp_path}: 0 pictures, 0 bytes"
    assert one == f"{tmp_path}: 1 picture, 13.3 kB"
    assert two == f"{tmp_path}: 2 pictures, 26.6 kB"


def test_stats_tell_of_pyramids_where_there_are_some(tmp_path, capsys):
    disk = DiskStore(tmp_path, 2**30, pyramid_bytes=2**20)
    disk.put_pyramid("key", 9000, "tag", disk.era(), lambda file: file.write(b"x" * 9000))
    assert main(["cache", "stats", "--cache-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: 0 pictures, 0 bytes; 1 pyramid, 13.3 kB\n"
    assert main(["cache", "clear", "--cache-dir", str(tmp_path)]) == 0
    assert not any((tmp_path / "pyramids" / "1.1" / "bodies").iterdir())


def test_the_users_own_folder(two, cache_home, capsys):
    assert main(["warm", str(two)]) == 0
    assert main(["cache", "stats"]) == 0
    assert capsys.readouterr().out.startswith(f"{cache_home}/imgmiddleware: 6 pictures, ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cache"], "ACTION"),
        (["cache", "stats", "--cache-dir", "/nowhere"], "--cache-dir: /nowhere does not exist"),
        (["cache", "purge", "--cache-dir", "/nowhere"], "SOURCE, ID"),
        (["warm", "/nowhere"], "source: '/nowhere' is not a directory"),
        (["warm", ".", "--cache-dir-bytes", "-1"], "cache_dir_bytes: -1 is not a whole number"),
        (["warm", ".", "--cache-dir", ""], "cache_dir: '' is not a folder"),
        (["cache", "clear", "--cache-dir", ""], "cache_dir: '' is not a folder"),
    ],
)
def test_wrong_usage_is_one_line(arguments, words, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err


def test_serve_keeps_its_results_where_it_is_told(two, folder):
    assert application(str(two), {"cache_dir": str(folder)}).service.settings.cache_dir == str(
        folder
    )


def test_serve_without_a_folder(two, cache_home, stopped):
    assert main(["serve", str(two), "--port", "0", "--no-cache-dir"]) == 0
    assert stopped["config"].app.service.settings.cache_dir is None
    assert list(cache_home.iterdir()) == []


def _everything_in(folder):
    return sorted((path.relative_to(folder), path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.fixture
def of_another(two, folder, monkeypatch):
    """A folder with another user's results, as root has it when running a command for a server."""
    assert main(["warm", str(two), "-q", "w=50", "--cache-dir", str(folder)]) == 0
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    return folder


@pytest.mark.parametrize("option", ["--cache-dir", "--tier"])
@pytest.mark.parametrize("action", ["stats", "clear", "purge"])
def test_the_folder_of_another_user_is_told(action, option, two, of_another, capsys):
    """Nothing was deleted: it was "0 pictures deleted", and a mark of ours was left there."""
    capsys.readouterr()
    before = _everything_in(of_another)
    named = [str(two), "red.png"] if action == "purge" else []
    assert main(["cache", action, *named, option, str(of_another)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == f"imgmiddleware: {of_another} cannot be used now"
    assert _everything_in(of_another) == before


def test_a_service_that_cannot_purge_its_folder_is_told(two, of_another, monkeypatch, capsys):
    module = type(os)("shop_of_another")
    module.service = ImageService(two, cache_dir=of_another)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert main(["cache", "purge", f"{module.__name__}:service", "red.png"]) == 2
    lost = f"{of_another} cannot be used now: its pictures are not deleted"
    assert capsys.readouterr().err.splitlines()[-1] == f"imgmiddleware: {lost}"


@pytest.mark.parametrize("option", ["--cache-dir", "--tier"])
def test_what_is_warmed_and_not_kept_is_told(option, two, of_another, capsys):
    capsys.readouterr()
    assert main(["warm", str(two), "-q", "w=60", option, str(of_another)]) == 1
    lost = f"imgmiddleware: {of_another} cannot be used: pictures are not kept there"
    assert capsys.readouterr().err.splitlines()[1:] == [lost]


def test_a_tier_without_its_extra_is_one_line(two, folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "redis", None)
    for name in [name for name in sys.modules if name.startswith("imgmiddleware.cache.remote")]:
        monkeypatch.delitem(sys.modules, name)
    for command in ("serve", "warm"):
        assert main([command, str(two), "--tier", str(folder), "--tier", "redis://cache"]) == 2
        assert 'pip install "imgmiddleware[redis]"' in capsys.readouterr().err
