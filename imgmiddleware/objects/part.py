"""Part: some bytes of an object, with the facts of it in the same answer."""

from __future__ import annotations

from dataclasses import dataclass

from imgmiddleware.objects.errors import ChangedError


@dataclass(frozen=True, slots=True)
class Stat:
    """A store's facts of an object beside its bytes."""

    size: int
    etag: str | None = None
    modified: int | None = None  # whole seconds since the epoch
    revision: str | None = None  # of a bucket that keeps old ones

    @property
    def version(self) -> str:
        """Changes whenever the content does, as far as the store tells: its ETag; otherwise its
        revision; otherwise time and size.
        """
        if self.etag and not self.etag.startswith("W/"):
            return self.etag.strip('"')
        if self.revision:
            return self.revision
        # Weakly equal objects may differ in their bytes (RFC 9110, section 8.8.1).
        weak = (self.etag or "").removeprefix("W/").strip('"')
        return f"{weak}.{self.modified or 0:x}.{self.size:x}"

    @property
    def strong(self) -> str | None:
        """The ETag that If-Match takes: a weak one never matches (RFC 9110, section 13.1.1)."""
        return None if self.etag is None or self.etag.startswith("W/") else self.etag

    @property
    def tells(self) -> bool:
        """Whether anything but its size tells two contents apart."""
        return bool(self.etag or self.revision or self.modified)

    def check(self, other: Stat) -> None:
        """Raises `ChangedError` where an answer is of another version: some stores that are like S3
        ignore conditions.
        """
        if (other.version, other.size) != (self.version, self.size):
            raise ChangedError("the object was replaced")


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` on; there are fewer than the request's only at the object's end."""

    stat: Stat
    start: int
    data: memoryview
