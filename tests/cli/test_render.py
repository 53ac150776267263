"""`imgmiddleware render`: it writes the right file, and a refusal writes nothing."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from imgmiddleware.cli import main

ROOT = Path(__file__).parents[2]
RED = (200, 30, 40)


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (400, 300), RED).save(path)
    return path


def render(original, out, *more):
    return main(["render", os.fspath(original), "--to", os.fspath(out), *more])


def near(pixel, color):
    return all(abs(a - b) < 12 for a, b in zip(pixel, color, strict=True))


@pytest.mark.parametrize(
    ("suffix", "format"),
    [
        ("jpg", "JPEG"),
        ("jpeg", "JPEG"),
        ("JPG", "JPEG"),
        ("png", "PNG"),
        ("webp", "WEBP"),
        ("avif", "AVIF"),
        ("bmp", "BMP"),
        ("tif", "TIFF"),
        ("tiff", "TIFF"),
    ],
)
def test_format_of_the_suffix(suffix, format, original, tmp_path, capsys):
    out = tmp_path / f"out.{suffix}"
    assert render(original, out, "-q", "w=200") == 0
    with Image.open(out) as image:
        assert image.format == format
        assert image.size == (200, 150)
        assert near(image.convert("RGB").getpixel((100, 75)), RED)
    printed = capsys.readouterr()
    assert printed.out == ""
    size = out.stat().st_size
    words = f"{size} bytes" if size < 1000 else f"{size / 1000:.3g} kB"
    assert printed.err == f"{out}: 200 \u00d7 150, {format}, {words}\n"


@pytest.mark.parametrize("query", ["w=200&fm=png", "?fm=png&w=200"])
def test_format_of_the_query_wins(query, original, tmp_path):
    out = tmp_path / "out.jpg"
    assert render(original, out, "-q", query) == 0
    with Image.open(out) as image:
        assert (image.format, image.size) == ("PNG", (200, 150))


def test_without_a_query(original, tmp_path):
    assert render(original, tmp_path / "out.webp") == 0
    with Image.open(tmp_path / "out.webp") as image:
        assert (image.format, image.size) == ("WEBP", (400, 300))


def test_standard_output(original, capfdbinary):
    assert render(original, "-", "-q", "w=200&fm=bmp") == 0
    out, err = capfdbinary.readouterr()
    with Image.open(io.BytesIO(out)) as image:
        assert (image.format, image.size) == ("BMP", (200, 150))
    assert len(out) == 54 + 200 * 150 * 3
    assert err.decode() == "standard output: 200 \u00d7 150, BMP, 90.1 kB\n"


@pytest.mark.parametrize("query", ["fm=bmp", "fm=bmp&w=10"])
def test_standard_output_that_nobody_reads(query, original):
    """More than fits Python's buffer, and less, which Python writes again when it ends."""
    command = [sys.executable, "-m", "imgmiddleware", "render", original, "--to", "-", "-q", query]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            command,
            stdout=pipe,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"imgmiddleware: cannot write -: Broken pipe\n"


def files(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("unknown-parameter", ["-q", "width=200"]),
        ("malformed-parameter", ["-q", "w=ten"]),
        ("malformed-query", ["-q", "w"]),
        ("malformed-query", ["-q", "fm=\u20ac"]),
        ("source-pixels", ["--max-source-pixels", "119999"]),
        ("source-bytes", ["--max-source-bytes", "100"]),
        ("not-found", ["-q", "mark=/photos/logo.png"]),  # not the original, laid over itself
    ],
)
def test_refusals(code, arguments, original, tmp_path, capsys):
    (tmp_path / "out.jpg").write_bytes(b"what was there before")
    before = files(tmp_path)
    assert render(original, tmp_path / "out.jpg", *arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"imgmiddleware: {code}: ")
    assert err.count("\n") == 1
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("code", "content"),
    [("damaged-original", b"\x89PNG\r\n\x1a\n cut"), ("unknown-format", b"hello")],
)
def test_originals_that_are_refused(code, content, tmp_path):
    (tmp_path / "bad.png").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "imgmiddleware", "render", "bad.png", "--to", "out.jpg"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        timeout=60,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"imgmiddleware: {code}: ")
    assert done.stderr.count("\n") == 1, "a log line beside it would tell the same twice"
    assert list(files(tmp_path)) == ["bad.png"]


def test_missing_original(tmp_path, capsys):
    assert render(tmp_path / "none.png", tmp_path / "out.jpg") == 1
    err = capsys.readouterr().err
    assert err == f"imgmiddleware: not-found: {tmp_path}/none.png: No such file or directory\n"
    assert files(tmp_path) == {}


def test_a_pipe_is_no_original(tmp_path, capsys):
    """Who opens it waits until somebody writes."""
    os.mkfifo(tmp_path / "pipe")
    assert render(tmp_path / "pipe", tmp_path / "out.jpg") == 1
    err = capsys.readouterr().err
    assert err == f"imgmiddleware: not-found: {tmp_path}/pipe: not a regular file\n"


@pytest.mark.parametrize("out", ["out.xyz", "out", "out.heic"])
def test_suffix_of_no_format(out, original, tmp_path, capsys):
    assert render(original, tmp_path / out) == 2
    assert "the suffix is none of .avif .bmp .gif .jpeg" in capsys.readouterr().err
    assert list(files(tmp_path)) == ["red.png"]


def test_any_suffix_with_a_format(original, tmp_path):
    assert render(original, tmp_path / "out.xyz", "-q", "fm=webp") == 0
    with Image.open(tmp_path / "out.xyz") as image:
        assert image.format == "WEBP"


def test_what_is_told_instead_of_a_picture(original, tmp_path):
    assert render(original, tmp_path / "out.css", "-q", "palette=css&colors=1&prefix=red") == 0
    assert (tmp_path / "out.css").read_text().startswith(".red-fg-1 { color:#")
    assert render(original, tmp_path / "out.json", "-q", "fm=json") == 0
    assert json.loads((tmp_path / "out.json").read_text())["format"] == "png"


@pytest.mark.parametrize("make", [None, os.symlink, os.link])
def test_the_original_is_not_overwritten(make, original, tmp_path, capsys):
    out = original
    if make is not None:
        out = tmp_path / "other.png"
        make(original, out)
    before = original.read_bytes()
    assert render(original, out, "-q", "w=200") == 2
    assert "is the original itself" in capsys.readouterr().err
    assert original.read_bytes() == before


def test_limits_are_checked(original, tmp_path, capsys):
    assert render(original, tmp_path / "out.jpg", "--max-source-pixels", "0") == 2
    assert "max_source_pixels: 0 is not" in capsys.readouterr().err


def test_a_format_that_must_be_turned_on(tmp_path, capsys):
    Image.new("RGB", (2, 1), RED).save(tmp_path / "a.jp2")
    assert render(tmp_path / "a.jp2", tmp_path / "a.png") == 1
    assert "format-not-allowed" in capsys.readouterr().err
    options = "--unsafe-original-formats", "jp2"
    assert render(tmp_path / "a.jp2", tmp_path / "a.png", *options) == 0
    with Image.open(tmp_path / "a.png") as image:
        assert (image.size, image.convert("RGB").getpixel((1, 0))) == ((2, 1), RED)
    assert render(tmp_path / "a.jp2", tmp_path / "b.png", options[0], "svg") == 2
    assert "svg" in capsys.readouterr().err


def test_into_a_directory(original, tmp_path, capsys):
    (tmp_path / "folder.jpg").mkdir()
    assert render(original, tmp_path / "folder.jpg") == 2
    assert capsys.readouterr().err == f"imgmiddleware: {tmp_path}/folder.jpg is a directory\n"


def test_into_no_directory(original, tmp_path, capsys):
    out = tmp_path / "none" / "out.jpg"
    assert render(original, out) == 1
    err = capsys.readouterr().err
    assert err == f"imgmiddleware: cannot write {out}: No such file or directory\n"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_a_file_is_never_left(failure, original, tmp_path, monkeypatch):
    (tmp_path / "out.jpg").write_bytes(b"what was there before")
    before = files(tmp_path)

    def fail(source, target):
        assert Path(source).parent == tmp_path  # os.replace is atomic within a file system only
        raise failure

    monkeypatch.setattr(os, "replace", fail)
    assert render(original, tmp_path / "out.jpg") == (1 if isinstance(failure, OSError) else 130)
    assert files(tmp_path) == before


def test_mode_of_a_new_file(original, tmp_path):
    before = os.umask(0o027)
    try:
        assert render(original, tmp_path / "out.jpg") == 0
    finally:
        os.umask(before)
    assert (tmp_path / "out.jpg").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(original, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real.jpg").write_bytes(b"old")
    (tmp_path / "out.jpg").symlink_to("elsewhere/real.jpg")
    assert render(original, tmp_path / "out.jpg", "-q", "w=200") == 0
    assert (tmp_path / "out.jpg").is_symlink()
    with Image.open(tmp_path / "elsewhere" / "real.jpg") as image:
        assert image.size == (200, 150)


def test_a_pipe_is_written_to_and_not_replaced(original, tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert render(original, pipe, "-q", "w=200") == 0
    assert pipe.is_fifo()
    reader.join(30)
    with Image.open(io.BytesIO(received[0])) as image:
        assert (image.format, image.size) == ("PNG", (200, 150))
