"""The tree of commands: help, version, and wrong usage."""

import sys

import pytest

from imgmiddleware import __version__
from imgmiddleware.cli import main


def test_no_command_prints_help(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(command in err for command in ("serve", "demo", "render"))


def test_version(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"imgmiddleware {__version__}\n"


@pytest.mark.parametrize("command", ["serve", "demo", "render"])
def test_help_shows_examples(command, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main([command, "--help"])
    out = capsys.readouterr().out
    assert f"examples:\n  imgmiddleware {command}" in out
    assert "==SUPPRESS==" not in out


def test_help_tells_of_containers_and_of_defaults_in_words(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["serve", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "0.0.0.0 is all of them, as in a container" in out
    assert "more pixels (100,000,000)" in out
    assert "more bytes (268 MB)" in out
    assert "the most bytes of results (1.07 GB)" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["serve"], "required: DIR"),
        (["serve", ".", "--port", "70000"], "'70000' is not a port"),
        (["serve", ".", "--port", "x"], "'x' is not a port"),
        (["serve", ".", "--workers", "0"], "'0' is not a whole number from 1"),
        (["serve", ".", "--widths", "320,wide"], "'320,wide' is not pixels"),
        (["serve", ".", "--preset", "thumb"], "'thumb' is not NAME=QUERY"),
        (["serve", ".", "--log-level", "loud"], "invalid choice: 'loud'"),
        (["render", "a.png"], "required: --to"),
    ],
)
def test_wrong_usage_is_one_line(arguments, words, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("imgmiddleware: ")
    assert words in err


@pytest.mark.parametrize("arguments", [["serve", "."], ["demo"]])
def test_without_uvicorn(arguments, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err == 'imgmiddleware: uvicorn is missing: pip install "imgmiddleware[serve]"\n'


def test_interrupted(monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules[main.__module__]._COMMANDS, "render", interrupted)
    assert main(["render", "a.png", "--to", "b.png"]) == 130


def test_as_a_module(start):
    process = start("--version")
    assert process.process.wait(60) == 0
    assert process.output() == f"imgmiddleware {__version__}\n"


def test_exit_code_of_the_module(start):
    assert start("render", "missing.png", "--to", "out.jpg").process.wait(60) == 1
