"""What tests of the disk cache put and get: bodies, of one media type and original."""

from __future__ import annotations

from imgmiddleware.cache import Disk


def put(disk: Disk, key: str, body: bytes, tag: str = "tag", notes: tuple[str, ...] = ()) -> None:
    disk.put(key, body, "image/webp", notes, tag)


def get(disk: Disk, key: str) -> bytes | None:
    found = disk.get(key)
    if found is None:
        return None
    entry, body = found
    with body:
        data = body.read()
        assert entry.size == body.size == len(data)
    return data
