"""Pyramids in the folder of the results: files of any content, written once and read in parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from disks import get, put
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.shelf import is_for_results

MB = 2**20
SIZE = 300_000


def disk_of(folder: Path, most: int = 8 * MB, share: int = 4 * MB) -> DiskStore:
    return DiskStore(folder, most, pyramid_bytes=share)


def keep(disk: DiskStore, key: str, byte: bytes = b"a", size: int = SIZE, tag: str = "tag") -> None:
    disk.put_pyramid(key, size, tag, disk.era(), lambda file: file.write(byte * size))


def kept(disk: DiskStore, key: str) -> bytes | None:
    file = disk.pyramids.open(key)
    if file is None:
        return None
    with file:
        return file.read()


def bodies(folder: Path) -> list[Path]:
    return list((folder / "pyramids").glob("*/bodies/*"))


def test_what_is_kept_is_there_for_other_processes(tmp_path: Path) -> None:
    keep(disk_of(tmp_path), "key")
    other = disk_of(tmp_path)
    assert kept(other, "key") == b"a" * SIZE
    assert kept(other, "none") is None
    assert other.holding()["pyramids"].entries == 1
    assert other.get("key") is None  # results are another thing
    assert is_for_results(str(tmp_path))


def test_who_only_looks_makes_no_folder(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)
    assert kept(disk, "key") is None
    assert disk.holding()["pyramids"].bytes == 0
    put(disk, "key", b"result")
    disk.purge("tag")
    assert not (tmp_path / "pyramids").exists()


def test_one_larger_than_the_share_is_not_taken(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)
    assert not disk.pyramids.takes(4 * MB)
    keep(disk, "key", size=4 * MB)
    assert kept(disk, "key") is None
    keep(disk, "key", size=3 * MB)
    keep(disk, "other", size=3 * MB)
    assert kept(disk, "key") is None
    assert kept(disk, "other")


def test_a_purge_and_a_clear_take_them_too(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)
    for key, tag in (("a", "one"), ("b", "two"), ("c", "two")):
        keep(disk, key, tag=tag)
    assert disk.purge("two") == 0  # results
    assert [key for key in "abc" if kept(disk, key)] == ["a"]
    disk.clear()
    assert kept(disk, "a") is None
    assert not bodies(tmp_path)


def test_what_was_begun_before_a_purge_is_not_kept(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)

    def write(file: FileIO) -> None:
        disk_of(tmp_path).purge("tag")
        file.write(b"a" * SIZE)

    disk.put_pyramid("key", SIZE, "tag", disk.era(), write)
    assert kept(disk, "key") is None
    assert not bodies(tmp_path)


@pytest.mark.parametrize("error", [OSError(28, "full"), ValueError("of the rows")])
def test_what_cannot_be_written_leaves_nothing(error: Exception, tmp_path: Path) -> None:
    """A disk that fails is no error; what else is raised is the caller's."""
    disk = disk_of(tmp_path)

    def write(file: FileIO) -> None:
        file.write(b"a" * 1000)
        raise error

    if isinstance(error, OSError):
        disk.put_pyramid("key", SIZE, "tag", disk.era(), write)
        assert disk.pyramids.is_failing()
    else:
        with pytest.raises(ValueError, match="of the rows"):
            disk.put_pyramid("key", SIZE, "tag", disk.era(), write)
    assert not bodies(tmp_path)
    put(disk, "key", b"result")  # results have a disk of their own kind
    assert get(disk, "key") == b"result"


def as_symlink(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("put_there", [as_symlink, as_folder, as_pipe, os.unlink])
def test_what_stands_in_its_place_is_none(
    put_there: Callable[[Path], None], tmp_path: Path
) -> None:
    disk = disk_of(tmp_path)
    keep(disk, "key")
    [path] = bodies(tmp_path)
    put_there(path)
    assert kept(disk, "key") is None
    keep(disk, "key", b"b")
    assert kept(disk, "key") == b"b" * SIZE


def test_a_file_is_its_users_alone(tmp_path: Path) -> None:
    keep(disk_of(tmp_path), "key")
    [path] = bodies(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "pyramids").stat().st_mode & 0o777 == 0o700


def test_a_damaged_index_begins_anew(tmp_path: Path) -> None:
    keep(disk_of(tmp_path), "key")
    index = tmp_path / "pyramids" / "1.1" / "index.sqlite"
    index.write_bytes(b"no index" * 1000)
    disk = disk_of(tmp_path)
    assert kept(disk, "key") is None
    keep(disk, "key")
    assert kept(disk, "key")
    assert len(bodies(tmp_path)) == 1


def test_what_others_have_in_the_folder_stays(tmp_path: Path) -> None:
    keep(disk_of(tmp_path), "key")
    foreign = tmp_path / "pyramids" / "giza.jpg"
    foreign.write_bytes(b"mine")
    disk = disk_of(tmp_path)
    disk.clear()
    keep(disk, "key")
    assert foreign.read_bytes() == b"mine"


def test_who_reads_one_may_finish(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)
    keep(disk, "key")
    file = disk.pyramids.open("key")
    assert file is not None
    disk.clear()
    with file:
        assert file.read() == b"a" * SIZE
