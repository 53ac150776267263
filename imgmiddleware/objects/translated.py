"""What obstore raises, as the few kinds of `errors.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from imgmiddleware.objects.errors import (
    ChangedError,
    DownError,
    GoneError,
    RefusedError,
    StoreError,
)

#: What stores say of a range of which they have no byte, which is so of an object without bytes:
#: S3 and its like, Azure, obstore's own.
_EMPTY = re.compile(r"status code: 416|Invalid range:|range was invalid")
#: A bucket that is not there is no object that is not there.
_NO_BUCKET = re.compile(r"<Code>(NoSuchBucket|ContainerNotFound)</Code>")
#: Of S3 and Google this is also the answer for what is not there, to who may not list the bucket.
_DENIED = re.compile(r"<Code>AccessDenied</Code>")
#: A folder's way of saying that there is no such file: a file in the place of a folder, a name that
#: it cannot have.
_NO_FILE = re.compile(r"os error (2|20|21|36|63|123|206)\)")


@contextmanager
def translated(*, missing_ok: bool = False) -> Iterator[None]:
    """What is raised inside, as a `StoreError`; what is not there, not at all if `missing_ok`."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        kind = of(error)
        if missing_ok and isinstance(kind, GoneError):
            return
        raise kind from error


def of(error: Exception) -> StoreError:
    """The kind of what obstore raised. Its text has nothing of the error's."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, ValueError):  # a name that no object can have
        return GoneError("there is no such object")
    if isinstance(error, FileNotFoundError) or name == "NotFoundError":
        if _NO_BUCKET.search(text):
            return DownError("the store has not what it is said to have")
        return GoneError("there is no such object")
    if name == "PreconditionError":
        return ChangedError("the object was replaced")
    if name == "PermissionDeniedError":
        if _DENIED.search(text):
            return RefusedError("the store does not let us read it")
        return DownError("the store refuses us")
    if name == "GenericError" and "LocalFileSystem" in text and _NO_FILE.search(text):
        return GoneError("there is no such object")
    return DownError("the store failed, or has not answered in time")


def is_empty(error: Exception) -> bool:
    """Whether the store says that the object has no byte of the range."""
    return _EMPTY.search(str(error)) is not None
