"""What the index page lists: the files of a directory, and what the header of each one tells.

The source decides which file is an original, and its header is read within the service's limits.
"""

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from imgmiddleware import ArrayOriginal, ImageError, Settings
from imgmiddleware.formats.array import array_facts
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import has_parts, read_facts
from imgmiddleware.grammar.path import is_text
from imgmiddleware.service.limits import check_bytes, check_facts
from imgmiddleware.sources import Opened, Source

#: Entries of directories that are looked at for one page. 10,000 take some 30 ms.
MOST_ENTRIES = 10_000


class Rooted(Source, Protocol):
    """A source of what lies in a directory: an ID is a path below it."""

    @property
    def root(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that the source opens: with its facts, or with the error that is answered for it."""

    id: str
    size: int
    facts: Facts | None = None
    error: ImageError | None = None


def list_ids(source: Rooted, settings: Settings, most: int | None = None) -> tuple[list[str], bool]:
    """The IDs of a source, sorted, and whether these are all of them.

    `most` entries of directories are looked at, or as many as one page takes.
    """
    ids: list[str] = []
    walk = _walk(os.fsencode(source.root), settings.unsafe_follow_symlinks)
    for looked_at, (id, entry) in enumerate(walk):
        if looked_at == (MOST_ENTRIES if most is None else most):
            return _sorted(ids), False
        # Only the source knows where the target of a link may lie.
        if entry.is_file() and (not entry.is_symlink() or _opens(source, id)):
            ids.append(id)
    return _sorted(ids), True


def read_listed(source: Rooted, settings: Settings, id: str) -> Listed | None:
    """What the header of an original tells. None: the source has it no more."""
    original = _opened(source, id)
    if original is None:
        return None
    with original:
        try:
            facts = _facts(original, settings)
            check_facts(facts, original.size, settings)
        except ImageError as error:
            return Listed(id, original.size, error=error)
        except OSError:
            unreadable = ImageError("damaged-original", "the file cannot be read")
            return Listed(id, original.size, error=unreadable)
    return Listed(id, original.size, facts)


def _facts(original: Opened, settings: Settings) -> Facts:
    if isinstance(original, ArrayOriginal):
        return array_facts(original)
    if original.size <= settings.max_source_bytes or not has_parts(original):
        check_bytes(original.size, settings)
    return read_facts(original, settings.opened_formats)


def _walk(root: bytes, follow: bool) -> Iterator[tuple[str, os.DirEntry[bytes]]]:
    """Every entry that is not hidden and whose name is UTF-8, with its ID. Each directory comes
    once: by a link to it only where it has no other name.
    """
    folders, links, seen = deque([""]), deque[str](), set[tuple[int, int]]()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        path = os.path.join(root, folder.encode())
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                for entry in entries:
                    name = entry.name.decode("utf-8", "surrogateescape")
                    if name.startswith(".") or not is_text(name):
                        continue
                    id = f"{folder}/{name}" if folder else name
                    yield id, entry
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(id)
                    elif entry.is_dir() and (follow or _is_within(entry.path, root)):
                        links.append(id)
        except OSError:
            continue  # removed meanwhile, or not readable


def _is_within(path: bytes, root: bytes) -> bool:
    """Whether a link stays below the root. It only spares a walk: the source decides each file."""
    real = os.path.realpath(root)
    return os.path.commonpath((real, os.path.realpath(path))) == real


def _opened(source: Rooted, id: str) -> Opened | None:
    """The original, or None. It is None too where the disk fails: the page has other files."""
    try:
        return source.open(id)
    except (ImageError, OSError):
        return None


def _opens(source: Rooted, id: str) -> bool:
    original = _opened(source, id)
    if original is None:
        return False
    with original:
        return True


def _sorted(ids: list[str]) -> list[str]:
    return sorted(sorted(ids), key=str.casefold)
