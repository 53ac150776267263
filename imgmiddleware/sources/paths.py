"""Paths as the bytes of their names on disk, whatever the locale of the process."""

import os


def encoded(path: str | os.PathLike[str]) -> bytes:
    """The path as Python itself would encode it, or in UTF-8 where the locale cannot.

    Python takes names of files to be ASCII where it finds no locale: with `PYTHONUTF8=0`, or
    embedded in uWSGI. Then it raises for "photos/Möwe.jpg".

    >>> encoded("photos/cat.jpg")
    b'photos/cat.jpg'
    """
    text = os.fspath(path)
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # bytes from the system are in surrogates, and are kept
        return text.encode("utf-8", "surrogateescape")
