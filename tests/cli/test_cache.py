"""`imgmiddleware warm` and `cache`: pictures made beforehand, counted and deleted."""

from __future__ import annotations

import pytest
from PIL import Image

from imgmiddleware import ImageRequest
from imgmiddleware.cli import main
from imgmiddleware.cli.serve import application
from imgmiddleware.service import pictures


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def two(photos):
    Image.new("RGB", (300, 200), "navy").save(photos / "blue.bmp")
    return photos


def test_what_is_warmed_is_served_without_a_render(two, folder, capsys, monkeypatch):
    assert main(["warm", str(two), "-q", "w=100", "-q", "w=50", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().err == f"[{'#' * 30}] 4/4\n"
    assert main(["cache", "stats", "--cache-dir", str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 4 pictures, ")

    def none(*arguments):
        raise AssertionError

    monkeypatch.setattr(pictures, "render", none)
    options = {"cache_dir": str(folder), "namespace": str(two)}
    service = application(str(two), options).service
    for id in ("red.png", "blue.bmp"):
        accept = {"accept": "image/avif,image/webp,*/*"}
        answer = service.handle(ImageRequest("GET", f"/image/{id}", "w=100", accept))
        assert (answer.status, answer.header("content-type")) == (200, "image/avif")


def test_purge_and_clear(two, folder, capsys):
    main(["warm", str(two), "-q", "w=100", "-q", "w=50", "--cache-dir", str(folder)])
    capsys.readouterr()
    assert main(["cache", "purge", str(two), "red.png", "none", "--cache-dir", str(folder)]) == 0
    assert main(["cache", "clear", "--cache-dir", str(folder)]) == 0
    assert main(["cache", "clear", "--cache-dir", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out == "".join(f"{folder}: {count} pictures deleted\n" for count in (2, 2, 0))


def test_warm_says_what_was_refused(two, folder, capsys):
    (two / "half.png").write_bytes((two / "red.png").read_bytes()[:400])
    assert main(["warm", str(two), "--default", "w=9", "--cache-dir", str(folder)]) == 1
    err = capsys.readouterr().err
    assert "3/3\n" in err
    assert 'imgmiddleware: /image/half.png?: {"title"' in err
    assert main(["warm", str(two), "-q", "w=x", "--cache-dir", str(folder)]) == 1
    assert "w='x' is not whole pixels" in capsys.readouterr().err


def test_the_users_own_folder(two, cache_home, capsys):
    assert main(["warm", str(two)]) == 0
    assert main(["cache", "stats"]) == 0
    assert capsys.readouterr().out.startswith(f"{cache_home}/imgmiddleware: 2 pictures, ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cache"], "ACTION"),
        (["cache", "stats", "--cache-dir", "/nowhere"], "--cache-dir: /nowhere is not there"),
        (["cache", "purge", "--cache-dir", "/nowhere"], "DIR, ID"),
        (["warm", "/nowhere"], "source: '/nowhere' is not a directory"),
        (["warm", ".", "--cache-dir-bytes", "-1"], "cache_dir_bytes: -1 is not a whole number"),
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
