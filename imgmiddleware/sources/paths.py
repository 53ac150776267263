"""Paths as the bytes that they are on disk, whatever the locale of the process says."""

import os


def encoded(path: str | os.PathLike[str]) -> bytes:
    """The path as Python itself would encode it, or in UTF-8 where the locale cannot.

    Python takes the names of files for ASCII where it is told of no locale and takes none by
    itself: with `PYTHONUTF8=0`, or embedded in uWSGI. Then it raises for "photos/Möwe.jpg".

    >>> encoded("photos/cat.jpg")
    b'photos/cat.jpg'
    """
    text = os.fspath(path)
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # what came from the system is in surrogates, and is kept
        return text.encode("utf-8", "surrogateescape")
