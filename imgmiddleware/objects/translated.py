"""The errors of obstore, as the few kinds of `errors.py`."""

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

#: The texts of stores for a range without a byte, as in an empty object: S3 and similar ones,
#: Azure, obstore's own.
_EMPTY = re.compile(r"status code: 416|Invalid range:|range was invalid")
#: A missing bucket is no missing object.
_NO_BUCKET = re.compile(r"<Code>(NoSuchBucket|ContainerNotFound)</Code>")
#: S3 and Google also answer so for a missing object, if the client may not list the bucket.
_DENIED = re.compile(r"<Code>AccessDenied</Code>")
#: A folder's errors for a missing file: a file in the place of a folder, an invalid name.
_NO_FILE = re.compile(r"os error (2|20|21|36|63|123|206)\)")

#: The cause of a failed handshake, which stands deep inside of the error.
_UNTRUSTED = re.compile(r"InvalidCertificate\(\s*(\w+)")


@contextmanager
def translated(*, missing_ok: bool = False) -> Iterator[None]:
    """Raises errors from inside as `StoreError`; with `missing_ok` none for a missing object."""
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
    """The kind of an error of obstore's. Its text has no part of the error's."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, ValueError):  # a name that no object can have
        return GoneError("there is no such object")
    if isinstance(error, FileNotFoundError) or name == "NotFoundError":
        if _NO_BUCKET.search(text):
            return DownError("the store does not have the bucket of its address")
        return GoneError("there is no such object")
    if name == "PreconditionError":
        return ChangedError("the object was replaced")
    if name == "PermissionDeniedError":
        if _DENIED.search(text):
            return RefusedError("the store does not let this service read it")
        return DownError("the store refuses this service")
    if name == "GenericError" and "LocalFileSystem" in text and _NO_FILE.search(text):
        return GoneError("there is no such object")
    if found := _UNTRUSTED.search(text):
        return DownError(f"the certificate of the store is not trusted: {found[1]}")
    return DownError("the store failed, or has not answered in time")


def is_empty(error: Exception) -> bool:
    """Whether the store answers that the object has no byte of the range."""
    return _EMPTY.search(str(error)) is not None
