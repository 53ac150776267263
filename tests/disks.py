"""Bodies for tests of the disk cache, of one media type and original: put, got and counted."""

from __future__ import annotations

from pathlib import Path

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.messages import Result


def put(
    disk: DiskStore,
    key: str,
    body: bytes,
    tag: str = "tag",
    notes: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> None:
    disk.put(key, Result(body, "image/webp", notes), (tag, *also), disk.era())


def get(disk: DiskStore, key: str) -> bytes | None:
    found = disk.get(key)
    if found is None:
        return None
    size = len(found.body)
    data = found.read()
    assert size == len(data)
    return data


def disk_use(folder: Path) -> int:
    """Bytes on the disk, as du counts them; files may go meanwhile."""
    total = 0
    for path in [folder, *folder.rglob("*")]:
        try:
            total += path.lstat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total
