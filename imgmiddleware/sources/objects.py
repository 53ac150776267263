"""Originals in object stores, and on plain servers: objects below one address of the operator's.

The facts of an object come from the answer with its first bytes. Every further read is of that
version: by If-Match, and by a check of the answer. So a replaced object is noticed, and its bytes
are never mixed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.lines import in_one_line
from imgmiddleware.objects.address import is_name
from imgmiddleware.objects.errors import ChangedError, GoneError, RefusedError, StoreError
from imgmiddleware.objects.part import Part, Stat
from imgmiddleware.objects.stores import store_of
from imgmiddleware.sources.blocks import Blocks, Kept, Span
from imgmiddleware.sources.original import Numbers, UnreadableError, changed_while_read

_log = logging.getLogger("imgmiddleware")

#: Bytes that are read when an object is opened: a small file, most headers, the directories of a
#: pyramid that stand at its beginning.
_HEAD = 2**17
#: The number of objects whose facts are remembered, a few hundred bytes each.
_MOST = 4096
_NOTHING = memoryview(b"")


#: The facts of an ID's object, if there is one, and its first bytes if they were sent.
_Answer = tuple[Stat | None, memoryview]


@dataclass(frozen=True, slots=True)
class _Known:
    """The last answer for an ID, and the time until which it holds. None: there was no such object,
    or it was refused.
    """

    stat: Stat | None
    until: float
    refused: bool = False


class ObjectSource:
    """A `Source` of the objects below an address. An ID is the rest of an object's name.

    `address` is a URL: `s3://bucket/prefix`, `gs://`, `az://`, or `https://` with the path that all
    files are below. It may also be a store object of obstore's, for credentials that are not in the
    environment. `recheck` is the number of seconds for which the facts of an object hold, and
    `seconds` the longest that one request may take. With all but `https://` it takes the extra
    `imgmiddleware[stores]`.

    >>> from imgmiddleware import ObjectSource
    >>> source = ObjectSource("https://files.example/photos")
    >>> source.open("../secret.jpg") is None
    True

    None of these is an original: empty parts of a name, `.`, `..`, control characters, a backslash,
    and an object that the store refuses to this client. Each process opens the store for itself,
    when it is first needed. Raises `ValueError` or `TypeError` for an invalid address.
    """

    def __init__(self, address: Any, *, recheck: float = 1.0, seconds: float = 10.0) -> None:
        self._store = store_of(address, seconds)
        self._recheck = recheck
        # Two generations, and no lock, which a fork could leave locked.
        self._known: dict[str, _Known] = {}
        self._older: dict[str, _Known] = {}
        self._asking: dict[tuple[int, str], Future[_Answer]] = {}
        self._kept: Kept | None = None
        self._forgotten = 0  # times

    def keep_in(self, kept: Kept) -> None:
        """Keep blocks for the next reader of the same object; without this none are kept."""
        self._kept = kept

    def forget(self) -> None:
        """Ask for every object again."""
        self._known, self._older = {}, {}
        self._forgotten += 1

    def open(self, id: str) -> ObjectOriginal | None:
        """The original, or None where there is none of this ID.

        Raises `ImageError`, 503 `source-unavailable`, where the store fails.
        """
        try:
            return self.open_strictly(id)
        except UnreadableError:
            return None

    def open_strictly(self, id: str) -> ObjectOriginal | None:
        """The same, but raises `UnreadableError` for an object that the store refuses."""
        if not is_name(id):
            return None
        stat, head = self._seen(id) or self._asked(id)
        return None if stat is None else self._opened(id, stat, head)

    def _seen(self, id: str) -> _Answer | None:
        """An answer so new that it still holds. Raises `UnreadableError`."""
        known = self._last(id)
        if known is None or time.monotonic() >= known.until:
            return None
        if known.refused:
            raise UnreadableError(id)
        return known.stat, _NOTHING

    def _last(self, id: str) -> _Known | None:
        return self._known.get(id) or self._older.get(id)

    def _asked(self, id: str) -> _Answer:
        """The store's answer, by one request for all threads that ask at the same time.

        Raises `ImageError` (503) and `UnreadableError`.
        """
        mine: Future[_Answer] = Future()
        # By process: in a child that was forked meanwhile the call would never end.
        key = os.getpid(), id
        call = self._asking.setdefault(key, mine)
        if call is not mine:
            return call.result()
        try:
            mine.set_result(self._seen(id) or self._ask(id))  # another thread may just have asked
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            del self._asking[key]
        return mine.result()

    def _ask(self, id: str) -> _Answer:
        known = self._last(id)
        stat = None if known is None else known.stat
        try:
            with _told(id):
                part = self._store.read(id, 0, _HEAD, unless=stat)
        except GoneError:
            self._note(id, None)
            return None, _NOTHING
        except RefusedError as error:  # it may be there; only the operator may know
            _log.warning("id=%r cannot be opened: %s", id, error)
            self._note(id, None, refused=True)
            raise UnreadableError(id) from error
        except ChangedError as error:  # no version was asked for, so this is no answer
            raise _unavailable() from error
        now = stat if part is None else part.stat
        assert now is not None  # it has not changed
        self._note(id, now)
        return now, _NOTHING if part is None else part.data

    def _opened(self, id: str, stat: Stat, head: memoryview = _NOTHING) -> ObjectOriginal:
        lost = partial(self._lost, id)
        # Blocks of two contents must not meet. A purge may say that a weak version has had two.
        kept = self._kept if stat.tells else None
        key = id, stat.version if stat.strong else f"{stat.version} {self._forgotten}"
        read = self._store.read
        return ObjectOriginal(read, id, stat, head=head, kept=kept, key=key, lost=lost)

    def _note(self, id: str, stat: Stat | None, *, refused: bool = False) -> None:
        if len(self._known) >= _MOST:
            self._older, self._known = self._known, {}
        self._known[id] = _Known(stat, time.monotonic() + self._recheck, refused)

    def _lost(self, id: str) -> None:
        """Forget an object that has changed, so that the next opening asks again."""
        self._known.pop(id, None)
        self._older.pop(id, None)


class ObjectOriginal:
    """One version of an object: by its ETag, or another fact that changes with the content."""

    def __init__(
        self,
        read: Callable[..., Part | None],
        name: str,
        stat: Stat,
        *,
        head: memoryview,
        kept: Kept | None,
        key: tuple[str, str],
        lost: Callable[[], None],
    ) -> None:
        self._read, self._name, self._stat, self._lost = read, name, stat, lost
        self.version = stat.version
        self.size = stat.size
        self.last_modified: int | None = stat.modified
        self._blocks = Blocks(self._fetch, stat.size, kept, key, head)

    def announce(self, starts: Numbers, counts: Numbers) -> None:
        """So many bytes will be read from each of these offsets, in this order."""
        self._blocks.announce(starts, counts)

    def read_into(self, buffer: memoryview, offset: int = 0) -> int:
        try:
            with _told(self._name):
                return self._blocks.read_into(buffer, offset)
        except (ChangedError, GoneError) as error:
            self._lost()
            raise changed_while_read() from error
        except RefusedError as error:
            raise _unavailable() from error

    def _fetch(self, span: Span) -> memoryview:
        part = self._read(self._name, *span, match=self._stat)
        if part is None or len(part.data) != span[1] - span[0]:
            raise ChangedError("the object was cut short")
        return part.data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@contextmanager
def _told(id: str) -> Iterator[None]:
    """Log all facts of a failing store for the operator, and tell the client none of them."""
    try:
        yield
    except (GoneError, ChangedError, RefusedError):
        raise
    except StoreError as error:
        cause = str(error.__cause__ or "").partition("\n")[0]  # the rest is the library's
        _log.warning("no answer for id=%r: %s: %s", id, error, in_one_line(cause))
        raise _unavailable() from error


def _unavailable() -> ImageError:
    detail = "the source failed: its store does not answer as it should"
    return ImageError("source-unavailable", detail)
