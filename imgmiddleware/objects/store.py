"""Stores of obstore's: S3, Google, Azure and similar ones; a folder or memory for tests.

Each process opens a store at its first use. obstore works in threads of its own, which a fork
leaves behind, so a call in a child would wait for ever. So in a child a store that was used before
the fork refuses at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

from imgmiddleware.objects.address import BUCKETS, parse
from imgmiddleware.objects.errors import ChangedError, DownError
from imgmiddleware.objects.options import options_of, refuse_plain_http, with_environment
from imgmiddleware.objects.part import Part, Stat
from imgmiddleware.objects.translated import is_empty, translated
from imgmiddleware.process.greenlets import apart

#: Bytes of a large object that are read before the rest.
_CHUNK = 2**18
#: The first process that used a store over the network, if any did.
_used_in: int | None = None


class ObjectStore:
    """Objects below a URL, or of a store object of obstore's. Any number of threads may use it,
    also after a fork.

    `seconds` is the longest that one request may take, with its retries. A store object keeps its
    own options. Raises `ValueError` or `TypeError` that names `option`, and `ImportError` where
    obstore is not installed. This makes no network call yet.
    """

    def __init__(self, given: Any, seconds: float = 10.0, option: str = "source") -> None:
        self._given = given
        self._options = options_of(seconds)
        self._option = option
        # Made now, so that errors in the options are raised here; this makes no network call.
        self._opened = os.getpid(), self._make()

    def read(
        self,
        name: str,
        start: int = 0,
        stop: int | None = None,
        *,
        match: Stat | None = None,
        unless: Stat | None = None,
    ) -> Part | None:
        """Bytes of an object, up to its end where `stop` is None.

        `match`: only of this version. `unless`: None if the object is still of this version, by one
        conditional request. Raises `GoneError`, `ChangedError`, `DownError` and `RefusedError`.
        """
        options: dict[str, Any] = {}
        if start or stop is not None:
            options["range"] = {"offset": start} if stop is None else (start, stop)
        if match is not None and match.strong:
            options["if_match"] = match.strong
        if unless is not None and unless.strong:
            options["if_none_match"] = unless.strong
        part: Part | None = apart(self._read, name, start, options)
        if part is None and unless is None:
            raise DownError("the store gives an unexpected answer")
        if part is not None and match is not None:
            match.check(part.stat)
        if part is not None and unless is not None and part.stat.version == unless.version:
            return None
        return part

    def _read(self, name: str, start: int, options: dict[str, Any]) -> Part | None:
        import obstore  # noqa: PLC0415 - where it is in use

        store = self._store()
        with translated():
            try:
                found = obstore.get(store, name, options=options)
            except obstore.exceptions.NotModifiedError:
                return None
            except obstore.exceptions.GenericError as error:
                if not is_empty(error):
                    raise
                if start:  # the object is shorter than before
                    raise ChangedError("the object was replaced") from error
                del options["range"]  # an object without bytes has no ranges either
                found = obstore.get(store, name, options=options)
            # The first facts count; the body may still fail.
            return Part(_stat(found.meta), found.range[0], memoryview(found.bytes()))

    def read_whole(
        self, name: str, most: int, takes: Callable[[memoryview, int], bool] | None = None
    ) -> memoryview | None:
        """All of an object, by one request. None if it has more bytes than `most`, unless `takes`
        says yes: it gets the first bytes and the size, before the rest is read.

        Raises as `read` does.
        """
        found: memoryview | None = apart(self._read_whole, name, most, takes)
        return found

    def _read_whole(
        self, name: str, most: int, takes: Callable[[memoryview, int], bool] | None
    ) -> memoryview | None:
        import obstore  # noqa: PLC0415

        store = self._store()
        with translated():
            found = obstore.get(store, name)
            size = found.meta["size"]
            if size <= most:
                return memoryview(found.bytes())
            if takes is None:
                return None
            chunks = iter(found.stream(min_chunk_size=_CHUNK))
            first = memoryview(next(chunks))
            if not takes(first, size):
                return None
            return memoryview(b"".join((first, *chunks)))

    def put(self, name: str, data: bytes | memoryview, *, only_new: bool = False) -> bool:
        """Keep these bytes under this name; returns whether that was done.

        `only_new`: not if there is an object of this name already, in one step. Of many that put at
        once, one is told that it was first (`heeds_only_new`). Raises `DownError` and
        `RefusedError`.
        """
        return bool(apart(self._put, name, data, "create" if only_new else "overwrite"))

    def _put(self, name: str, data: bytes | memoryview, mode: str) -> bool:
        import obstore  # noqa: PLC0415

        store = self._store()
        with translated():
            try:
                # In one piece: for several pieces S3 ignores the condition.
                obstore.put(store, name, bytes(data), mode=mode, use_multipart=False)
            except obstore.exceptions.AlreadyExistsError:
                return False
        return True

    def delete(self, *names: str) -> None:
        """Remove those of these objects that exist. Raises as `put` does."""
        apart(self._delete, list(names))

    def _delete(self, names: list[str]) -> None:
        import obstore  # noqa: PLC0415

        store = self._store()
        for name in names:  # not all stores that are like S3 can delete several at once
            try:
                with translated(missing_ok=True):
                    obstore.delete(store, name)
            except ChangedError as error:
                raise DownError("the store failed") from error

    def names(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        """The objects whose names begin with these parts of a path, a thousand at a time.

        Raises as `put` does.
        """
        import obstore  # noqa: PLC0415

        store = self._store()
        with translated():
            chunks = iter(obstore.list(store, prefix or None))
        while (chunk := apart(_next, chunks)) is not None:
            for meta in chunk:
                yield meta["path"], _stat(meta)

    def heeds_only_new(self) -> bool:
        """Whether the second of two puts with `only_new` learns that it was second: several stores
        that are like S3 ignore the condition. The check puts and removes an object of its own.
        Raises as `put`.
        """
        name = f".imgmiddleware-probe-{uuid4().hex}"
        try:
            return self.put(name, b"1", only_new=True) and not self.put(name, b"2", only_new=True)
        finally:
            self.delete(name)

    def _store(self) -> Any:
        """The store of this process."""
        opened, process = self._opened, os.getpid()
        if opened[0] != process:
            # Without a lock, which a fork could leave locked: of two stores that are made one is
            # kept.
            self._opened = opened = process, self._make()
        _note_use(process)
        return opened[1]

    def _make(self) -> Any:
        """Raises `ValueError` or `TypeError`."""
        if isinstance(self._given, str):
            return _of_url(self._given, self._option, self._options)
        if type(self._given).__name__ == "HTTPStore":
            raise ValueError(
                f"{self._option}: an HTTPStore follows redirects to any host: give its URL"
            )
        if not hasattr(self._given, "__getnewargs_ex__"):  # memory: it has no other copy
            return self._given
        arguments, named = self._given.__getnewargs_ex__()
        scheme = _OF_NETWORK.get(type(self._given).__name__)
        if scheme is not None:
            for name, ours in with_environment(scheme, self._options).items():
                named[name] = {**ours, **(named.get(name) or {})}
        return type(self._given)(*arguments, **named)


def is_store(given: object) -> bool:
    """Whether it is a store object of obstore's; this imports nothing."""
    return any(kind.__module__.split(".")[0] == "obstore" for kind in type(given).__mro__)


#: The classes of obstore's that take a client's options.
_OF_NETWORK = {"S3Store": "s3", "GCSStore": "gs", "AzureStore": "az"}


def _of_url(url: str, option: str, options: dict[str, Any]) -> Any:
    address = parse(url, option)
    if address.scheme not in BUCKETS:
        raise ValueError(f"{option}: {address.scheme}:// is no object store")
    if find_spec("obstore") is None:
        raise ImportError(
            f'{option}: {address.scheme}:// takes pip install "imgmiddleware[stores]"',
            name="obstore",
        )
    refuse_plain_http(address.scheme, option)
    from obstore.store import from_url  # noqa: PLC0415

    try:
        return from_url(address.url, **with_environment(address.scheme, options))
    except Exception as error:
        raise ValueError(
            f"{option}: {address.scheme}:// is not set up: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _note_use(process: int) -> None:
    """Raises `DownError` in a child whose parent used a store: an answer would never come."""
    global _used_in  # noqa: PLW0603 - of the process, as the library's threads are
    if _used_in is None:
        _used_in = process
    elif _used_in != process:
        raise DownError("a store that was used before a fork does not work in the child process")


def _next(chunks: Iterator[Any]) -> Any:
    with translated():
        return next(chunks, None)


def _stat(meta: Any) -> Stat:
    modified = int(meta["last_modified"].timestamp())
    return Stat(meta["size"], meta["e_tag"], modified or None, meta["version"])
