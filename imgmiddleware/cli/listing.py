"""What the index page lists: the files of a directory, and what the header of each one tells.

Which file is an original is not decided here: the source is asked, and read under the same limits
as by the service.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from imgmiddleware import DirectorySource, ImageError, Settings
from imgmiddleware.formats import Facts, read_facts
from imgmiddleware.grammar import is_text
from imgmiddleware.service.limits import check_bytes, check_facts
from imgmiddleware.sources.file import FileOriginal

#: Directory entries that are looked at for one page: 10,000 take some 30 ms.
MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A file the source opens: an original with its facts, or with the error that it answers."""

    id: str
    size: int
    facts: Facts | None = None
    error: ImageError | None = None


def list_ids(source: DirectorySource, settings: Settings) -> tuple[list[str], bool]:
    """The IDs below the source's root, sorted, and whether these are all of them."""
    ids: list[str] = []
    walk = _walk(source.root, settings.unsafe_follow_symlinks)
    for looked_at, (id, entry) in enumerate(walk):
        if looked_at == MOST_ENTRIES:
            return _sorted(ids), False
        # A link's target decides, and only the source knows where it may lie.
        if entry.is_file() and (not entry.is_symlink() or _opens(source, id)):
            ids.append(id)
    return _sorted(ids), True


def read_listed(source: DirectorySource, settings: Settings, id: str) -> Listed | None:
    """What the header tells; None where the source has no such original (any more)."""
    original = _opened(source, id)
    if original is None:
        return None
    with original:
        try:
            check_bytes(original.size, settings)
            facts = read_facts(original, settings.opened_formats)
            check_facts(facts, settings)
        except ImageError as error:
            return Listed(id, original.size, error=error)
        except OSError:
            unreadable = ImageError("damaged-original", "the file cannot be read")
            return Listed(id, original.size, error=unreadable)
    return Listed(id, original.size, facts)


def _walk(root: str, follow: bool) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry that is not hidden, with its ID; each directory once, by its own name first."""
    folders, links, seen = deque([""]), deque[str](), set[tuple[int, int]]()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        path = os.path.join(root, folder)
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                for entry in entries:
                    id = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name.startswith(".") or not is_text(entry.name):
                        continue
                    yield id, entry
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(id)
                    elif entry.is_dir() and (follow or _is_within(entry.path, root)):
                        links.append(id)
        except OSError:
            continue  # removed meanwhile, or not ours to read


def _is_within(path: str, root: str) -> bool:
    """Only to spare a walk through what the source would refuse; it decides each file itself."""
    real = os.path.realpath(root)
    return os.path.commonpath((real, os.path.realpath(path))) == real


def _opened(source: DirectorySource, id: str) -> FileOriginal | None:
    """None where the disk fails, too: a page of a hundred files is not refused for one of them."""
    try:
        return source.open(id)
    except (ImageError, OSError):
        return None


def _opens(source: DirectorySource, id: str) -> bool:
    original = _opened(source, id)
    if original is None:
        return False
    with original:
        return True


def _sorted(ids: list[str]) -> list[str]:
    return sorted(sorted(ids), key=str.casefold)
