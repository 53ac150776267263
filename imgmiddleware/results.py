"""Encoded results: in memory, and on a disk that the processes of a service share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from imgmiddleware.cache import (
    Claim,
    Claims,
    Disk,
    Handouts,
    Holding,
    Ledger,
    Purges,
    StoredBody,
    Weighed,
)
from imgmiddleware.messages import FileBody
from imgmiddleware.settings import Settings

#: What a picture takes in memory beside its body: its key, its headers, Python's objects.
_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded result, and what of its original was set aside for it."""

    body: bytes | FileBody
    media_type: str
    notes: tuple[str, ...]


class Results:
    """Memory over disk. Without `cache_dir` there is no disk, and each process works for itself."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        # Where another server sends the files, bytes in memory would only be one more copy.
        held = 0 if settings.hands_over else settings.cache_bytes
        self._memory: Weighed[str, Picture] = Weighed(held, ledger)
        self._disk: Disk | None = None
        if settings.cache_dir is not None:
            assert isinstance(settings.cache_dir, str)  # as the settings leave it
            self._disk = Disk(settings.cache_dir, settings.cache_dir_bytes)
            self._claims = Claims(settings.cache_dir)
            self._handouts = Handouts(settings.cache_dir)
            self._purges = Purges(settings.cache_dir)

    def held(self, key: str, tag: str) -> Picture | None:
        """The picture, if it is in memory. `tag` is always that of its original."""
        return self._memory.get(key)

    def found(self, key: str, tag: str) -> Picture | None:
        """The picture, if it is anywhere: in memory from now on, or as a file to be handed over."""
        if self._disk is not None and self._purges.told():
            self._memory.clear()
        return self._memory.get(key) or self._opened(key, tag)

    def read(self, key: str, tag: str) -> Picture | None:
        """The picture with its bytes, which any number of answers may share."""
        picture = self.found(key, tag)
        if picture is None or isinstance(picture.body, bytes):
            return picture
        try:
            return Picture(picture.body.read(), picture.media_type, picture.notes)
        except OSError:  # a disk that fails is no cache
            return None

    def keep(self, key: str, picture: Picture, tag: str) -> None:
        """Hold a picture whose body is bytes."""
        assert isinstance(picture.body, bytes)
        self._memory.put(key, picture, len(picture.body) + _OVERHEAD, tag)
        if self._disk is not None:
            self._disk.put(key, picture.body, picture.media_type, picture.notes, tag)

    def claim(self, key: str) -> Claim | None:
        """The right to make a picture; None while another process has it."""
        return Claim("", None) if self._disk is None else self._claims.take(key)

    def purge(self, tag: str) -> int:
        """Let go of what was made of one original; how many entries that was."""
        purged = self._memory.purge(tag)
        if self._disk is not None:
            purged = max(purged, self._disk.purge(tag))
            self._purges.tell()
        return purged

    def holding(self) -> dict[str, Holding]:
        """What is held, by place: "memory", "disk"."""
        memory = {"memory": self._memory.holding()}
        return memory if self._disk is None else {**memory, "disk": self._disk.holding()}

    def _opened(self, key: str, tag: str) -> Picture | None:
        stored = None if self._disk is None else self._disk.get(key)
        if stored is None:
            return None
        entry, body = stored
        size = entry.size + _OVERHEAD
        if not self._memory.takes(size):
            return Picture(self._as_file(body), entry.media_type, entry.notes)
        try:
            with body:
                picture = Picture(body.read(), entry.media_type, entry.notes)
        except OSError:  # a disk that fails is no cache
            return None
        self._memory.put(key, picture, size, tag)
        return picture

    def _as_file(self, body: StoredBody) -> FileBody:
        path = partial(self._handouts.path, body.path)
        return FileBody(body.file, body.size, 0, body.size, path)
