"""The values of `mark`: the name of an overlay, or an ID behind a slash."""

from collections.abc import Collection

from imgmiddleware.errors import ImageError
from imgmiddleware.errors.nearest import member, nearest, question


class Marks:
    """The names of the overlays that a service registers."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def taken(self, text: str) -> str | None:
        """The text, if it may be said here."""
        return text if text in self._names or text.startswith("/") else None

    def check(self, text: str) -> None:
        """Raises `ImageError` (400) where it may not, with the name that may have been meant."""
        if text and self.taken(text) is None:
            near = nearest(text, self._names)
            detail = f"mark: there is no overlay {text[:60]!r}{question(near)}"
            raise ImageError("unknown-overlay", detail, parameter="mark", **member(near))
