"""The contents of the index page: the files of a directory, and the facts of each header.

The source decides which file is an original, and its header is read within the service's limits.
"""

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from imgmiddleware import (
    ArrayOriginal,
    ChainSource,
    DirectorySource,
    ImageError,
    PrefixSource,
    Settings,
)
from imgmiddleware.formats.array import array_facts
from imgmiddleware.formats.facts import Facts
from imgmiddleware.formats.probe import has_parts, read_facts
from imgmiddleware.grammar.path import is_text
from imgmiddleware.service.originals.limits import check_bytes, check_facts
from imgmiddleware.sources import Opened, Source

#: The most entries of directories that are read for one page. 10,000 take some 30 ms.
MOST_ENTRIES = 10_000


class Rooted(Source, Protocol):
    """A source of the files in a directory: an ID is a path below it."""

    @property
    def root(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that the source opens: with its facts, or with the error that answers it."""

    id: str
    size: int
    facts: Facts | None = None
    error: ImageError | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """IDs of originals and paths of folders, both sorted. `complete`: there are no others."""

    ids: list[str]
    folders: list[str]
    complete: bool


def list_folder(source: Rooted, settings: Settings, path: str) -> Folder | None:
    """The contents of a folder of the source, without its folders' contents. None where there is no
    such folder.

    `path` may be anything: for hidden folders and paths that leave the source the answer is None
    too.
    """
    root, follow = os.fsencode(source.root), settings.unsafe_follow_symlinks
    if not _is_folder(root, path, follow):
        return None
    ids: list[str] = []
    folders: list[str] = []
    for looked_at, (id, entry) in enumerate(_entries(root, path)):
        if looked_at == MOST_ENTRIES:
            return Folder(_sorted(ids), _sorted(folders), complete=False)
        if _is_original(source, id, entry):
            ids.append(id)
        elif entry.is_dir() and (follow or not entry.is_symlink() or _is_within(entry.path, root)):
            folders.append(id)
    return Folder(_sorted(ids), _sorted(folders), complete=True)


def find_named(source: Rooted, settings: Settings, path: str, words: str) -> Folder | None:
    """The originals in a folder and below it whose paths from there have `words`, in any case."""
    if not _is_folder(os.fsencode(source.root), path, settings.unsafe_follow_symlinks):
        return None
    ids, complete = list_ids(source, settings, below=path)
    begin = len(path) + 1 if path else 0
    sought = words.casefold()
    return Folder([id for id in ids if sought in id[begin:].casefold()], [], complete)


def list_ids(
    source: Rooted, settings: Settings, most: int | None = None, below: str = ""
) -> tuple[list[str], bool]:
    """The IDs of a source below a folder, sorted, and whether these are all of them.

    `most` entries of directories are read, by default as many as for one page.
    """
    ids: list[str] = []
    walk = _walk(os.fsencode(source.root), settings.unsafe_follow_symlinks, below)
    for looked_at, (id, entry) in enumerate(walk):
        if looked_at == (MOST_ENTRIES if most is None else most):
            return _sorted(ids), False
        if _is_original(source, id, entry):
            ids.append(id)
    return _sorted(ids), True


def every_id(source: Source, settings: Settings) -> list[str] | None:
    """All IDs of a source, sorted; None where it, or one of its sources, cannot list them."""
    if isinstance(source, DirectorySource):
        return list_ids(source, settings, most=sys.maxsize)[0]
    if not isinstance(source, PrefixSource | ChainSource):
        return None
    ids: set[str] = set()
    for name, one in source.sources.items():
        own = every_id(one, settings)
        if own is None:
            return None
        ids.update(own if isinstance(source, ChainSource) else _below(source, name, own))
    return _sorted([*ids])


def _below(source: PrefixSource, prefix: str, ids: list[str]) -> list[str]:
    """The IDs with their prefix, without those that another source has by a longer one."""
    return [f"{prefix}{id}" for id in ids if source.prefix_of(f"{prefix}{id}") == prefix]


def read_listed(source: Rooted, settings: Settings, id: str) -> Listed | None:
    """The facts of an original's header. None: the source does not have it any more."""
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


def _walk(root: bytes, follow: bool, below: str) -> Iterator[tuple[str, os.DirEntry[bytes]]]:
    """Every entry below a folder. Each directory comes once: by a link to it only where it has no
    other name.
    """
    folders, links, seen = deque([below]), deque[str](), set[tuple[int, int]]()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        try:
            status = os.stat(os.path.join(root, folder.encode()))
        except OSError:
            continue  # removed meanwhile
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        for id, entry in _entries(root, folder):
            yield id, entry
            if entry.is_dir(follow_symlinks=False):
                folders.append(id)
            elif entry.is_dir() and (follow or _is_within(entry.path, root)):
                links.append(id)


def _entries(root: bytes, folder: str) -> Iterator[tuple[str, os.DirEntry[bytes]]]:
    """Every entry of a folder that is not hidden and whose name is UTF-8, with its ID."""
    with suppress(OSError), os.scandir(os.path.join(root, folder.encode())) as entries:
        for entry in entries:  # until it is removed, or if it may not be read at all
            name = entry.name.decode("utf-8", "surrogateescape")
            if not name.startswith(".") and is_text(name):
                yield f"{folder}/{name}" if folder else name, entry


def _is_original(source: Rooted, id: str, entry: os.DirEntry[bytes]) -> bool:
    """Only the source knows where the target of a link may lie."""
    return entry.is_file() and (not entry.is_symlink() or _opens(source, id))


def _is_folder(root: bytes, path: str, follow: bool) -> bool:
    """By the source's rules for the folders of an ID."""
    if not path:
        return True
    if not is_text(path) or "\\" in path or any(p[:1] in ("", ".") for p in path.split("/")):
        return False
    full = os.path.join(root, path.encode())
    return os.path.isdir(full) and (follow or _is_within(full, root))


def _is_within(path: bytes, root: bytes) -> bool:
    """Whether a link stays below the root. This only spares a walk: the source has the say."""
    real = os.path.realpath(root)
    return os.path.commonpath((real, os.path.realpath(path))) == real


def _opened(source: Rooted, id: str) -> Opened | None:
    """The original, or None. None also where the disk fails: the page has other files."""
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
