"""Results in a bucket, for all machines that share it; of any size, and without an end.

    results/<key>          head and body of a result
    tags/<tag>/<key>       empty: this result has this tag. It is there before the result is.
    claims/<key>           the token of its maker
    era                    the name of the era
    purges/<era>/<tag>     empty: the purge that began the era

No method here raises for a fault of the bucket. Then it has no results, with one warning, after
`bucket_link.CALL` seconds at most, and at once while the outage goes on. A lifecycle rule of the
bucket decides how long results stay.
"""

import re
import secrets
import struct
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote, unquote

from imgmiddleware.cache.remote.bucket_claims import BucketClaim, BucketClaims
from imgmiddleware.cache.remote.bucket_link import BucketLink, read_small
from imgmiddleware.cache.remote.packed import body_size, head_of, unpacked
from imgmiddleware.cache.remote.told import Told
from imgmiddleware.cache.store import Era, Holding, Tags, check_key, pause
from imgmiddleware.messages import Result
from imgmiddleware.objects.errors import GoneError
from imgmiddleware.objects.parallel import together
from imgmiddleware.objects.store import ObjectStore

#: Purges that are listed for machines that were cut off for a while.
_LISTED = 1000
_ERA = "era"
#: The form of an era, and the name of a purge's object.
_ERA_FORM = re.compile(rb"[0-9a-f]{16}")
_PURGE = re.compile(r"purges/([0-9a-f]{16})/t([^/]*)")
#: Bytes of most results.
_SMALL = 4 << 20
#: The length of the head, in front of it.
_LENGTH = struct.Struct("<I")
#: No bucket tells how much it may hold.
_NO_BOUND = 2**63 - 1


class BucketStore(Told[ObjectStore]):
    """A `ResultStore` of all processes with this URL. It is opened at its first use.

    An era becomes known within `recheck` seconds, or two; 0: each call asks for it. Raises
    `ImportError` where the library is missing, and `ValueError` for an invalid URL.
    """

    place = "bucket"
    """Its name in `holding`."""

    def __init__(self, url: str, recheck: float = 1.0) -> None:
        self._asks_always = recheck == 0
        self._link = BucketLink(url, self._beat, recheck)
        self._claims = BucketClaims(self._link)
        self.name = self._link.name
        super().__init__()

    def get(self, key: str) -> Result | None:
        """The result. None if its checksum does not fit."""
        check_key(key)
        found = self._link.read(partial(_found, name=f"results/{key}"), None)
        return None if found is None else unpacked(key, *found)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return True

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        """Hold the result, by a request for each of its tags and two more."""
        check_key(key)
        assert isinstance(result.body, bytes)
        if isinstance(era, bytes):
            self._link.write(partial(_put, key=key, result=result, tags=tags, era=era), None)

    def purge(self, tag: str) -> int:
        """Remove all results with the tag. A bucket that fails is told when it works again."""
        count = self._link.write(lambda objects: self._purged(objects, tag), None)
        return self._noted(tag, count)

    def purged_since(self, era: Era) -> frozenset[str] | None:
        """The tags that were purged since that era; None: it may have been any."""
        listed = self._link.read(_purges, None)
        if listed is None:
            return None
        since = [modified for modified, name, _ in listed if name.encode() == era]
        if not since and len(listed) >= _LISTED:
            return None
        # Also those of the same second: a store has no finer times.
        tags = {tag for modified, _, tag in listed if not since or modified >= since[0]}
        return None if "" in tags else frozenset(tags)

    def clear(self) -> int:
        """Remove all results, and tell all machines; returns how many there were."""
        count = self._link.write(_cleared, None)
        self.purge("")
        return count or 0

    def excludes(self) -> bool:
        """Whether a claim keeps other processes out."""
        return self._claims.excludes()

    def claim(self, key: str) -> BucketClaim | None:
        check_key(key)
        return self._claims.take(f"claims/{key}")

    def wait(self, key: str, seconds: float) -> None:
        pause(seconds)

    def holding(self) -> dict[str, Holding]:
        """The load of the bucket, by listing all of it, a thousand names at a time."""
        none: list[int] = []
        sizes = self._link.read(_sizes, none)
        return {"bucket": Holding(len(sizes), sum(sizes), _NO_BOUND)}

    def _beat(self, objects: ObjectStore) -> None:
        self._tell(objects)
        self._claims.renew(objects)
        self._ask(objects)

    def _ask(self, objects: ObjectStore) -> None:
        try:
            era = read_small(objects, _ERA)
        except GoneError:
            first = secrets.token_hex(8).encode()
            objects.put(_ERA, first, only_new=True)
            era = read_small(objects, _ERA)
        if not _ERA_FORM.fullmatch(era):
            self._link.warn("another era begins, as the present one is malformed")
            era = _begin_era(objects, "")  # any tag may have been purged meanwhile
        self._era = era

    def _purged(self, objects: ObjectStore, tag: str) -> int:
        _begin_era(objects, tag)
        count = _removed(objects, tag)
        self._era = _begin_era(objects, tag)
        _forget_oldest(objects)
        return count


def _found(objects: ObjectStore, name: str) -> tuple[bytes, bytes] | None:
    """Head and body. The head of a large object has to fit its size: it may be a stranger's."""
    data = objects.read_whole(name, _SMALL, _is_as_long)
    if data is None or len(data) < _LENGTH.size:
        return None
    end = _end_of_head(data)
    return bytes(data[_LENGTH.size : end]), bytes(data[end:])


def _end_of_head(data: memoryview) -> int:
    return int(_LENGTH.size + _LENGTH.unpack_from(data)[0])


def _is_as_long(first: memoryview, size: int) -> bool:
    end = _end_of_head(first)
    return end + body_size(bytes(first[_LENGTH.size : end])) == size


def _put(objects: ObjectStore, key: str, result: Result, tags: Tags, era: bytes) -> None:
    assert isinstance(result.body, bytes)
    head = head_of(key, result)
    for tag in dict.fromkeys(tags):
        objects.put(f"{_of_tag(tag)}/{key}", b"")
    objects.put(f"results/{key}", b"".join((_LENGTH.pack(len(head)), head, result.body)))
    # Compared after the put: a later purge finds the result.
    if read_small(objects, _ERA) != era:
        objects.delete(f"results/{key}")


def _of_tag(tag: str) -> str:
    """The first part of a name: a tag may be "." or empty."""
    return f"tags/t{_quoted(tag)}"


def _quoted(tag: str) -> str:
    return quote(tag, safe="", errors="surrogatepass")


def _begin_era(objects: ObjectStore, tag: str) -> bytes:
    """Another era, which is listed before it begins."""
    era = secrets.token_hex(8)
    objects.put(f"purges/{era}/t{_quoted(tag)}", b"")
    objects.put(_ERA, era.encode())
    return era.encode()


def _removed(objects: ObjectStore, tag: str) -> int:
    """Remove the results with this tag; returns how many there were."""
    markers = [name for name, _ in objects.names(_of_tag(tag))]

    def remove(marker: str) -> bool:
        name = f"results/{marker.rpartition('/')[2]}"
        try:
            objects.read(name, 0, 1)
        except GoneError:
            found = False
        else:
            found = True
        objects.delete(name, marker)
        return found

    return sum(together(remove, markers))


def _cleared(objects: ObjectStore) -> int:
    names = [name for part in ("results", "tags") for name, _ in objects.names(part)]
    together(objects.delete, names)
    return sum(name.startswith("results/") for name in names)


def _purges(objects: ObjectStore) -> list[tuple[int, str, str]]:
    """The time of each purge, its era, its tag."""
    return list(_listed(objects))


def _listed(objects: ObjectStore) -> Iterator[tuple[int, str, str]]:
    for name, stat in objects.names("purges"):
        if found := _PURGE.fullmatch(name):  # all else is not of ours
            yield stat.modified or 0, found[1], unquote(found[2], errors="surrogatepass")


def _forget_oldest(objects: ObjectStore) -> None:
    """Remove the oldest purges, so that the list stays bounded."""
    listed = sorted(_listed(objects))
    for _, era, tag in listed[: -2 * _LISTED]:
        objects.delete(f"purges/{era}/t{_quoted(tag)}")


def _sizes(objects: ObjectStore) -> list[int]:
    return [stat.size for _, stat in objects.names("results")]
