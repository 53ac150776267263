"""The directory: files below it are found, and no others are even opened."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from counting import counted
from imgmiddleware import ImageError, ImageRequest, ImageService
from imgmiddleware.sources import DirectorySource, directory
from imgmiddleware.sources.file import FileOriginal


@pytest.fixture(params=["descriptor", "name"])
def walk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to open: by descriptors, and by name where a system has no `openat`."""
    monkeypatch.setattr(
        directory, "_open_confined", getattr(directory, f"_open_by_{request.param}")
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "images"
    (root / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "images-secret").mkdir()
    for path in ("images/a", "images/sub/b", "images/sub/deep/c", "images-secret/s", "images/.h"):
        (tmp_path / path).write_text(path)
    links = {
        "file": "a",
        "down": "sub/b",
        "folder": "sub",
        "sub/up": "../a",
        "sub/deep/far": "../../folder/deep/c",
        "absolute": str(root / "sub" / "b"),
        "chain": "file",
        "out": "../images-secret/s",
        "secret": str(tmp_path / "images-secret"),
        "etc": "/etc",
        "climb": "sub/../../images-secret/s",
        "loop": "loop",
        "dangling": "nothing",
        "to_folder": "sub/deep",
        "self": ".",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    (root / "sub\\b").write_text("a name that is a path elsewhere")
    return root


def content(source: DirectorySource, id: str) -> str | None:
    original = source.open(id)
    if original is None:
        return None
    with original:
        buffer = bytearray(original.size)
        assert original.read_into(memoryview(buffer)) == original.size
        return buffer.decode()


@pytest.mark.usefixtures("walk")
@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("a", "images/a"),
        ("sub/b", "images/sub/b"),
        ("sub/deep/c", "images/sub/deep/c"),
        ("file", "images/a"),
        ("down", "images/sub/b"),
        ("folder/b", "images/sub/b"),
        ("sub/up", "images/a"),
        ("sub/deep/far", "images/sub/deep/c"),
        ("absolute", "images/sub/b"),
        ("chain", "images/a"),
        ("self/a", "images/a"),
        *[
            (id, None)
            for id in (
                "", "/", "none", "a/", "a/b", "/a", "//a", "sub", "sub//b", "./a", "sub/.", "sub/..",
                "..", "../images/a", "../images-secret/s", "sub/../a", "sub/../../images-secret/s",
                ".h", "out", "secret/s", "etc/passwd", "climb", "loop", "dangling", "to_folder",
                "pipe", "a\0", "\0", "sub\\b", "..\\images-secret\\s", "x" * 300, "é" * 200,
                "\ud800", "self", "/etc/passwd",
            )
        ],
    ],
)  # fmt: skip
def test_what_is_found(tree: Path, id: str, expected: str | None) -> None:
    assert content(DirectorySource(tree), id) == expected


def test_unsafe_follow_symlinks_follows_them_but_not_the_id_itself(tree: Path) -> None:
    source = DirectorySource(tree, unsafe_follow_symlinks=True)
    assert content(source, "out") == "images-secret/s"
    assert content(source, "secret/s") == "images-secret/s"
    for id in ("../images-secret/s", "pipe", "loop", "dangling", ".h", "/etc/passwd"):
        assert content(source, id) is None


@pytest.mark.usefixtures("walk")
def test_the_root_may_be_a_link_that_a_release_switches(tree: Path, tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to("images")
    source = DirectorySource(current)
    assert content(source, "a") == "images/a"
    assert content(source, "absolute") == "images/sub/b"
    other = tmp_path / "next"
    other.symlink_to("images-secret")
    other.rename(current)
    assert content(source, "a") is None
    assert content(source, "s") == "images-secret/s"


def test_what_is_not_served_is_never_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        # A Unix socket's path is at most 108 bytes, and pytest's folders are long.
        previous = Path.cwd()
        os.chdir(tree)
        listener.bind("socket")
        os.chdir(previous)
        opened: list[str] = []
        real_open = os.open

        def spy(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if not flags & os.O_DIRECTORY:
                opened.append(str(path))
            return real_open(path, flags, *arguments, **options)

        monkeypatch.setattr(os, "open", spy)
        source = DirectorySource(tree)
        for id in ("pipe", "socket", "out", "etc/passwd", "secret/s", "..", "sub", "../images/a"):
            assert source.open(id) is None
        assert opened == []
        assert content(source, "a") == "images/a"
        assert len(opened) == 1


@pytest.mark.parametrize("id", ["out", "pipe"])
def test_what_takes_a_files_place_after_the_look_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch, id: str
) -> None:
    """The look finds a regular file; the opening finds a link out, or a pipe."""
    source, regular = DirectorySource(tree), (tree / "a").stat()
    monkeypatch.setattr(os, "stat", lambda *arguments, **options: regular)
    before = len(os.listdir("/proc/self/fd"))
    assert source.open(id) is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_descriptor_is_lost(tree: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    source = DirectorySource(tree)
    for id in ("a", "sub/deep/far", "climb", "loop", "none", "sub", "absolute", "pipe", "out"):
        content(source, id)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_version_changes_with_the_file_and_only_then(tree: Path) -> None:
    def version() -> str:
        original = DirectorySource(tree).open("a")
        assert original is not None
        with original:
            return original.version

    first = version()
    assert version() == first
    status = (tree / "a").stat()
    # Replaced by a file of the same size and time, as deployments with constant times do.
    (tree / "new").write_text("IMAGES/A")
    os.utime(tree / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (tree / "new").rename(tree / "a")
    assert (tree / "a").stat().st_size == status.st_size
    assert version() != first


def test_a_file_that_changes_while_it_is_read_is_refused(tree: Path) -> None:
    original = DirectorySource(tree).open("a")
    assert original is not None
    with original:
        assert original.read_into(memoryview(bytearray(8))) == 8
        (tree / "a").write_text("other")
        with pytest.raises(ImageError) as refused:
            original.read_into(memoryview(bytearray(5)))
    assert refused.value.status == 503


def test_reads_at_an_offset_and_past_the_end(tree: Path) -> None:
    original = DirectorySource(tree).open("a")
    assert original is not None
    with original:
        buffer = bytearray(4)
        assert original.read_into(memoryview(buffer), 6) == 2
        assert bytes(buffer[:2]) == b"/a"
        assert original.read_into(memoryview(buffer), 99) == 0
        assert original.last_modified == int((tree / "a").stat().st_mtime)


def test_a_root_that_is_none_is_refused_when_built(tmp_path: Path) -> None:
    for root in (tmp_path / "none", __file__):
        with pytest.raises(ValueError, match="not a directory"):
            DirectorySource(root)


def test_an_unreadable_file_is_no_original_and_logged(
    tree: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*arguments: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")  # root, in CI, may read everything

    monkeypatch.setattr(directory, "_open_confined", refused)
    assert DirectorySource(tree).open("a") is None
    assert caplog.messages == ["id='a' cannot be opened: Permission denied"]


def test_what_is_not_there_is_not_logged(tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    for id in ("none", "sub", "out", "pipe"):
        assert DirectorySource(tree).open(id) is None
    assert caplog.messages == []


@pytest.mark.parametrize("call", ["fstat", "read"])
def test_a_file_that_a_mount_has_forgotten_is_a_503(
    tree: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*arguments: Any) -> Any:
        raise OSError(errno.ESTALE, "Stale file handle")

    original = DirectorySource(tree).open("a")
    assert original is not None
    with original:
        if call == "fstat":
            monkeypatch.setattr("imgmiddleware.sources.file._version", stale)
        else:
            monkeypatch.setattr(FileOriginal, "_fill", stale)
        with pytest.raises(ImageError) as refused:
            original.read_into(memoryview(bytearray(8)))
    assert (refused.value.status, refused.value.code) == (503, "source-unavailable")


# --- What a version is ----------------------------------------------------------------------------


def versions(tree: Path, id: str = "a") -> dict[str, str]:
    found = {}
    for kind in ("stat", "mtime", "content"):
        original = DirectorySource(tree, file_version=kind).open(id)
        assert original is not None
        with original:
            found[kind] = original.version
            assert original.read_into(memoryview(bytearray(8))) == 8
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {kind for kind in before if before[kind] != after[kind]}


def test_what_makes_a_new_version(tree: Path) -> None:
    first = versions(tree)
    assert len(set(first.values())) == 3
    shutil.copytree(tree, tree.parent / "replica", symlinks=True, ignore=lambda *_: ["pipe"])
    assert changed(first, versions(tree.parent / "replica")) == {"stat"}
    (tree / "a").chmod(0o640)
    assert changed(first, versions(tree)) == {"stat"}
    os.utime(tree / "a", ns=(0, 10**18))
    assert changed(first, versions(tree)) == {"stat", "mtime"}
    (tree / "a").write_text("IMAGES/A")
    os.utime(tree / "a", ns=(0, 10**18))
    assert changed(first, versions(tree)) == {"stat", "mtime", "content"}


def test_content_is_read_once_for_each_version(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = DirectorySource(tree, file_version="content")
    reads = counted(monkeypatch, "_digest", FileOriginal)
    for _ in range(3):
        with source.open("a") as original:  # type: ignore[union-attr]
            assert original.version
    assert len(reads) == 1
    (tree / "a").write_text("another")
    with source.open("a") as original:  # type: ignore[union-attr]
        assert original.version
    assert len(reads) == 2


def test_the_option_reaches_paths_of_a_function_too(tree: Path) -> None:
    def etag(**options: Any) -> str | None:
        service = ImageService(lambda id: tree / "photo.png", **options)
        answer = service.handle(ImageRequest("GET", "/image/x", "fm=png"))
        assert answer is not None
        return answer.header("etag")

    Image.new("RGB", (8, 8)).save(tree / "photo.png")
    before = {kind: etag(file_version=kind) for kind in ("stat", "mtime", "content")}
    (tree / "photo.png").chmod(0o600)
    after = {kind: etag(file_version=kind) for kind in before}
    assert before["stat"] != after["stat"]
    assert [before[kind] == after[kind] for kind in ("mtime", "content")] == [True, True]
    with pytest.raises(ValueError, match="file_version"):
        etag(file_version="inode")


def test_an_error_of_the_disk_is_no_404(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        raise OSError(5, "Input/output error")

    original = DirectorySource(tree).open("a")
    assert original is not None
    monkeypatch.setattr(original, "_fill", broken)
    monkeypatch.setattr(directory, "_open_confined", broken)
    with original:
        for call in (
            lambda: DirectorySource(tree).open("a"),
            lambda: original.read_into(memoryview(b"")),
        ):
            with pytest.raises(ImageError, match="Input/output") as refused:
                call()
            assert (refused.value.status, refused.value.code) == (503, "source-unavailable")


@pytest.mark.parametrize("gone", ["replaced", "removed"])
def test_what_is_replaced_is_read_to_its_end(gone: str, tmp_path: Path) -> None:
    """The name is another's then, which changes the time of the change and no byte."""
    path = tmp_path / "a"
    path.write_bytes(b"before")
    with DirectorySource(tmp_path).open("a") as opened:  # type: ignore[union-attr]
        if gone == "replaced":
            (tmp_path / "new").write_bytes(b"beyond")
            os.replace(tmp_path / "new", path)
        else:
            path.unlink()
        assert whole(opened) == b"before"


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("keeps_time", [False, True])
def test_what_is_written_to_is_noticed(keeps_time: bool, gone: bool, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    status = path.stat()
    with DirectorySource(tmp_path).open("a") as opened:  # type: ignore[union-attr]
        path.write_bytes(b"beyond" if keeps_time else b"longer than before")
        if keeps_time:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if gone and not keeps_time:
            path.unlink()
        with pytest.raises(ImageError, match="changed while it was read"):
            whole(opened)


def whole(opened: Any) -> bytes:
    buffer = bytearray(64)
    return bytes(buffer[: opened.read_into(memoryview(buffer))])
