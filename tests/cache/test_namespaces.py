"""The owner of a namespace: remembered by the folder, taken over, and harmless at faults."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from pathlib import Path

import pytest

from asking import get
from disks import put
from imgmiddleware import ImageService
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder import namespaces
from imgmiddleware.cache.folder.namespaces import Namespaces, Owner
from pictures import noise, saved

MB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "cache")


@pytest.fixture
def old(tmp_path: Path) -> str:
    return made(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> str:
    return made(tmp_path / "new")


def made(path: Path) -> str:
    path.mkdir()
    return str(path)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("name", ["photos", "umlaut ä \udcff", 'line\nend "x"'])
def test_a_directory_is_noted_by_name(folder: str, tmp_path: Path, name: str) -> None:
    directory = str(tmp_path / name)
    Namespaces(folder).note("a", directory)
    Namespaces(folder).note(name, folder)
    assert Namespaces(folder).directory("a") == directory
    assert Namespaces(folder).directory(name) == folder
    assert Namespaces(folder).directory("") is None


def test_which_directory_is_another(folder: str, old: str, new: str, tmp_path: Path) -> None:
    noted = Namespaces(folder)
    assert noted.other("", new) is None
    noted.note("", old)
    assert noted.other("", new) == old
    assert noted.other("x", new) is None
    (tmp_path / "link").symlink_to("old")
    assert noted.other("", str(tmp_path / "link")) is None
    os.rmdir(old)
    assert noted.other("", new) is None


@pytest.mark.parametrize("found", [b"", b"cache", b"/nowhere\0", b"\xff" * 9, b"/" + b"x" * 99999])
def test_what_is_damaged_is_nobodys(
    folder: str, new: str, found: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Namespaces(folder).note("", new)
    [file] = (Path(folder) / "namespaces").iterdir()
    file.write_bytes(found)
    assert Namespaces(folder).other("", new) is None
    Owner(folder, "", new)
    assert Namespaces(folder).directory("") == new


def test_what_is_no_file_is_nobodys(folder: str, new: str) -> None:
    Namespaces(folder).note("", new)
    [file] = (Path(folder) / "namespaces").iterdir()
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert Namespaces(folder).directory("") is None
    Owner(folder, "", new)
    assert not file.is_symlink()


def test_names_are_bounded(folder: str, new: str) -> None:
    for number in range(30):
        Namespaces(folder).note(f"n{number}", new)
        last = max((Path(folder) / "namespaces").iterdir(), key=os.path.getmtime)
        os.utime(last, (number, number))
    assert [Namespaces(folder).directory(f"n{number}") for number in range(22)] == [None] * 22
    assert Namespaces(folder).directory("n29") == new


def test_what_a_killed_process_left_goes(folder: str, new: str) -> None:
    Namespaces(folder).note("a", new)
    mine = Path(folder) / "namespaces"
    [noted] = os.listdir(mine)
    old, fresh = (mine / f"{noted}.{digit * 16}" for digit in "01")
    for left, age in ((old, 3600), (fresh, 0)):
        left.touch()
        os.utime(left, (os.stat(mine).st_mtime - age,) * 2)
    Namespaces(folder).note("b", new)
    assert not old.exists()
    assert fresh.exists()


def test_files_that_others_have_there_are_kept(folder: str, new: str) -> None:
    """A cache may be given a folder in which something else has a folder of this name."""
    theirs = Path(folder) / "namespaces"
    theirs.mkdir(parents=True)
    names = {"models.py", "notes.2024", "README", "x" * 22 + ".txt"}
    for name in names:
        (theirs / name).write_text("precious")
        os.utime(theirs / name, (0, 0))
    for number in range(9):
        Namespaces(folder).note(f"n{number}", new)
    assert names < set(os.listdir(theirs))
    Namespaces(folder).clear()
    assert set(os.listdir(theirs)) == names


def test_a_name_is_noted_while_another_file_goes(folder: str, new: str) -> None:
    """Another process removes a listed file: here one that was never there."""
    Namespaces(folder).note("a", new)
    [noted] = (Path(folder) / "namespaces").iterdir()
    real = os.scandir

    class Gone:
        name = f"{noted.name}.{'0' * 16}"

        def stat(self, **_: object) -> None:
            raise FileNotFoundError(self.name)

    with pytest.MonkeyPatch.context() as patched:
        listed = contextlib.nullcontext([Gone(), *real(noted.parent)])
        patched.setattr(namespaces.os, "scandir", lambda path: listed)
        Namespaces(folder).note("b", new)
    assert Namespaces(folder).directory("b") == new


def test_the_bound_holds_with_all_names(folder: str, new: str) -> None:
    disk = DiskStore(folder, MB, Owner(folder, "", new))
    for number in range(20):
        Namespaces(folder).note(f"n{number}", new)
    for number in range(300):
        put(disk, f"key{number}", b"x" * 5000)
    disk.close()
    used = subprocess.run(["du", "-sB1", folder], capture_output=True, text=True, check=True)
    assert int(used.stdout.split()[0]) <= MB


def test_a_service_takes_its_namespace_over(
    folder: str, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    for directory in (old, new):
        (Path(directory) / "a").write_bytes(saved(noise(20, 20), "PNG"))
    assert get(ImageService(old, cache_dir=folder)).status == 200
    assert Namespaces(folder).directory("") == old
    ImageService(old, cache_dir=folder)
    ImageService(new, cache_dir=folder, namespace="new")
    ImageService(lambda id: None, cache_dir=folder)
    assert warnings(caplog) == []
    ImageService(new, cache_dir=folder)
    [warning] = warnings(caplog)
    assert all(text in warning for text in (old, new, folder, "''", "namespace"))
    assert Namespaces(folder).directory("") == new


def test_the_next_release_is_no_warning_where_the_last_is_gone(
    folder: str, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    Namespaces(folder).note("", old)
    os.rmdir(old)
    ImageService(new, cache_dir=folder)
    assert Namespaces(folder).directory("") == new
    assert warnings(caplog) == []


def test_nothing_is_made_before_there_is_something_to_keep(folder: str, new: str) -> None:
    service = ImageService(new, cache_dir=folder)
    assert get(service).status == 404
    assert not os.path.exists(folder)


def test_two_that_began_with_no_folder(
    folder: str, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    both = [DiskStore(folder, MB, Owner(folder, "", directory)) for directory in (old, new)]
    for disk in both:
        put(disk, "key", b"x")
    [warning] = warnings(caplog)
    assert old in warning
    for path in (folder, f"{folder}/namespaces"):
        assert os.stat(path).st_mode & 0o777 == 0o700
    for file in (Path(folder) / "namespaces").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_no_folder_is_made_for_all(folder: str, new: str) -> None:
    Namespaces(folder).note("", new)
    assert os.stat(folder).st_mode & 0o777 == 0o700


def test_it_is_noted_again_after_all_was_cleared(folder: str, old: str, new: str) -> None:
    disk = DiskStore(folder, MB, Owner(folder, "", new))
    put(disk, "key", b"x")
    assert Namespaces(folder).directory("") == new
    DiskStore(folder, MB).clear()
    assert os.listdir(f"{folder}/namespaces") == []
    put(disk, "key", b"x")
    assert Namespaces(folder).directory("") == new
    Namespaces(folder).note("", old)  # another service has it now, and keeps it
    put(disk, "more", b"x")
    assert Namespaces(folder).directory("") == old


def test_a_put_looks_once_an_era(folder: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = DiskStore(folder, MB, Owner(folder, "", new))
    put(disk, "key", b"x")
    monkeypatch.setattr(namespaces, "open_body", None)
    put(disk, "more", b"x")


def test_a_folder_that_cannot_be_written(
    folder: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    Path(folder).write_bytes(b"a file")
    Namespaces(folder).note("", new)
    Namespaces(folder).clear()
    assert Namespaces(folder).directory("") is None
    Path(folder).unlink()
    Path(folder).mkdir()
    (Path(folder) / "namespaces").write_bytes(b"a file")
    Owner(folder, "", new)
    Namespaces(folder).clear()
    assert Namespaces(folder).directory("") is None
    assert warnings(caplog) == []


def test_a_full_disk_leaves_nothing_half(
    folder: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Namespaces(folder).note("", old)
    monkeypatch.setattr(namespaces.os, "fsencode", full)
    Namespaces(folder).note("", new)
    monkeypatch.undo()
    assert Namespaces(folder).directory("") == old
    assert len(os.listdir(f"{folder}/namespaces")) == 1


def full(path: str) -> bytes:
    raise OSError(28, "No space left on device")
