"""Encoded results: in memory, and on a disk that the processes of a service share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from imgmiddleware.cache import (
    Claim,
    Claims,
    Disk,
    Era,
    Holding,
    MemoryBudget,
    Purges,
    SendLinks,
    SizedLru,
    StoredBody,
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

    def __init__(self, settings: Settings, budget: MemoryBudget) -> None:
        # Where another server sends the files, bytes in memory would only be one more copy.
        held = 0 if settings.hands_over else settings.cache_bytes
        self._memory: SizedLru[str, Picture] = SizedLru(held, budget)
        folder = settings.cache_dir
        assert folder is None or isinstance(folder, str)  # as the settings leave it
        self._purges = Purges(folder)
        self._era = self._purges.era()
        self._disk: Disk | None = None
        if folder is not None:
            self._disk = Disk(folder, settings.cache_dir_bytes)
            self._claims = Claims(folder)
            self._links = SendLinks(folder)

    def held(self, key: str, tag: str) -> Picture | None:
        """The picture, if it is in memory. `tag` is always that of its original."""
        return self._memory.get(key)

    def found(self, key: str, tag: str) -> Picture | None:
        """The picture, if it is anywhere: in memory from now on, or as a file to be handed over."""
        if self._disk is None:
            return self._memory.get(key)
        era = self._purges.era()
        if era != self._era:
            self._era = era
            self._memory.clear()
        return self._memory.get(key) or self._opened(key, tag, era)

    def era(self) -> Era:
        """To be asked before an original is opened for a picture that is to be kept."""
        return self._purges.era()

    def read(self, key: str, tag: str) -> Picture | None:
        """The picture with its bytes, which any number of answers may share."""
        picture = self.found(key, tag)
        if picture is None or isinstance(picture.body, bytes):
            return picture
        try:
            return Picture(picture.body.read(), picture.media_type, picture.notes)
        except OSError:  # a disk that fails is no cache
            return None

    def keep(self, key: str, picture: Picture, tag: str, era: Era) -> None:
        """Hold a picture whose body is bytes, unless somebody has purged since its `era`."""
        assert isinstance(picture.body, bytes)
        if self._disk is not None:
            self._links.sweep()
            self._disk.put(key, picture.body, picture.media_type, picture.notes, tag)
        self._remember(key, picture, len(picture.body), tag, era)
        if self._disk is not None and self._purges.era() != era:
            self._disk.purge(tag)

    def claim(self, key: str) -> Claim | None:
        """The right to make a picture; None while another process has it."""
        return Claim("", None) if self._disk is None else self._claims.take(key)

    def purge(self, tag: str) -> int:
        """Let go of what was made of one original; how many entries that was."""
        with self._purges.telling():
            purged = self._memory.purge(tag)
            return purged if self._disk is None else max(purged, self._disk.purge(tag))

    def holding(self) -> dict[str, Holding]:
        """What is held, by place: "memory", "disk"."""
        memory = {"memory": self._memory.holding()}
        return memory if self._disk is None else {**memory, "disk": self._disk.holding()}

    def _opened(self, key: str, tag: str, era: Era) -> Picture | None:
        stored = None if self._disk is None else self._disk.get(key)
        if stored is None:
            return None
        entry, body = stored
        if not self._memory.takes(entry.size + _OVERHEAD):
            return Picture(self._as_file(body), entry.media_type, entry.notes)
        try:
            with body:
                picture = Picture(body.read(), entry.media_type, entry.notes)
        except OSError:  # a disk that fails is no cache
            return None
        self._remember(key, picture, entry.size, tag, era)
        return picture

    def _remember(self, key: str, picture: Picture, size: int, tag: str, era: Era) -> None:
        """In memory. Looked at after the put: what is purged from now on finds it there."""
        self._memory.put(key, picture, size + _OVERHEAD, tag)
        if self._purges.era() != era:
            self._memory.purge(tag)

    def _as_file(self, body: StoredBody) -> FileBody:
        path = partial(self._links.path, body.path)
        return FileBody(body.file, body.size, 0, body.size, path)
