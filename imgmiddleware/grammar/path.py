"""Path to ID."""

from imgmiddleware.errors import ImageError
from imgmiddleware.sources.ids import described, is_written

#: The longest path of Linux; no source needs more, and every ID is logged and hashed.
_LONGEST = 4096


def parse_id(path: str, prefix: str, id_type: type) -> str:
    """The ID in a decoded path that starts with `prefix`. Raises 404 where there is none."""
    if not path.startswith(prefix) and f"{path}/" != prefix:
        raise ImageError("not-found", f"pictures are below {prefix!r} here")
    id = path[len(prefix) :]
    if not id:
        raise ImageError("not-found", "the path ends where an ID should follow")
    if len(id) > _LONGEST:
        raise ImageError("not-found", f"an ID has at most {_LONGEST} characters")
    if not is_text(id):
        raise ImageError("not-found", "an ID is text that can be written in UTF-8")
    if not is_written(id, id_type):
        raise ImageError("not-found", f"an ID here is {described(id_type)}")
    return id


def is_text(id: str) -> bool:
    """Whether a text has no lone surrogates, as `os.listdir` makes them of names that are not
    UTF-8.
    """
    try:
        id.encode()
    except UnicodeEncodeError:
        return False
    return True
