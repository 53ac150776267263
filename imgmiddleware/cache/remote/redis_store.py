"""Results in a Redis or Valkey server, for all machines that share it.

No method here raises for a fault of the server. Then it has no results, with one warning, after
`redis_link.CALL` seconds at most, and at once while the outage goes on.
"""

import secrets
import time
from functools import partial
from typing import Any

from imgmiddleware.cache.key import tag_digest
from imgmiddleware.cache.remote.packed import head_of, unpacked
from imgmiddleware.cache.remote.redis_claims import RedisClaim, RedisClaims
from imgmiddleware.cache.remote.redis_link import RedisLink
from imgmiddleware.cache.remote.scripts import (
    COUNT,
    ERA,
    ERA_FORM,
    HEAD,
    PURGE,
    PUT,
    is_of_another_kind,
)
from imgmiddleware.cache.remote.sockets import TooMuchError
from imgmiddleware.cache.remote.told import Told
from imgmiddleware.cache.store import Era, Holding, Tags, check_key
from imgmiddleware.messages import Result

#: The most bytes of a body that is held.
LARGEST = 2 << 20
#: Seconds after which a result is forgotten, unless it is put again.
_KEPT = 30 * 24 * 3600
#: Purges that are listed for machines that were cut off for a while.
_LISTED = 10_000
#: The beginning of all keys' names: the package, and a number for its layout there.
_NAME = "imgmiddleware:1:"
_ERA, _PURGES, _CHANNEL = f"{_NAME}era", f"{_NAME}purges", f"{_NAME}told"
_RESULT, _CLAIM, _TAG = f"{_NAME}result:", f"{_NAME}claim:", f"{_NAME}tag:".encode()
#: Seconds for counting the keys, after which the rest is left out.
_COUNTING = 5.0


class RedisStore(Told[Any]):
    """A `ResultStore` of all processes with this URL. It connects at its first use.

    An era becomes known within milliseconds, and within `recheck` seconds if a message was lost; 0:
    each call asks for it. Raises `ImportError` where the library is missing, and `ValueError` for a
    URL that it does not take.
    """

    place = "redis"
    """Its name in `holding`."""

    def __init__(self, url: str, recheck: float = 1.0) -> None:
        self._asks_always = recheck == 0
        self._link = RedisLink(url, _CHANNEL, self._beat, self._hear, recheck / 2)
        self._claims = RedisClaims(self._link, _CHANNEL)
        self.name = self._link.name
        super().__init__()

    def get(self, key: str) -> Result | None:
        """The result. None if its checksum does not fit."""
        check_key(key)
        found = self._link.read(lambda client: self._found(client, key), None)
        return None if found is None else unpacked(key, *found)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return size <= LARGEST

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        """Hold the result; the server compares the era in the same step."""
        check_key(key)
        assert isinstance(result.body, bytes)
        if not self.takes(len(result.body)) or not isinstance(era, bytes):
            return
        digests = [*dict.fromkeys(map(tag_digest, tags))]
        keys = [_ERA, _RESULT + key, *(_TAG + digest for digest in digests)]
        head, body = head_of(key, result), result.body
        said = [era, key, head, b"".join(digests), body, _KEPT, _RESULT]
        self._link.write(lambda client: PUT(client, keys, said), None)

    def purge(self, tag: str) -> int:
        """Remove all results with the tag. A server that is gone is told when it is back."""
        # As a read: this also works in a server without memory for anything else.
        told = self._link.read(lambda client: self._purged(client, tag), None)
        return self._noted(tag, told)

    def purged_since(self, era: Era) -> frozenset[str] | None:
        """The tags that were purged since that era; None: it may have been any."""
        listed = self._link.read(_listed, None)
        if listed is None:
            return None
        tags: set[str] = set()
        for line in listed:
            number, _, tag = line.partition(b" ")
            if number == era:
                break
            try:
                tags.add(tag.decode("utf-8", "surrogatepass"))
            except UnicodeDecodeError:  # a foreign entry: nobody knows which purge it was
                return None
        else:
            if len(listed) >= _LISTED:
                return None
        return None if "" in tags else frozenset(tags)

    def clear(self) -> int:
        """Remove all results, and tell all machines; returns how many there were."""
        count, at = 0, 0
        while True:
            step = self._link.write(partial(_unlinked, at), None)
            if step is None:
                break
            at, count = step[0], count + step[1]
            if not at:
                break
        self.purge("")
        return count

    def excludes(self) -> bool:
        """Whether a claim keeps other processes out; none does while the server is away."""
        return self._link.is_up()

    def claim(self, key: str) -> RedisClaim | None:
        check_key(key)
        return self._claims.take(_CLAIM + key)

    def wait(self, key: str, seconds: float) -> None:
        self._claims.wait(_CLAIM + key, seconds)

    def holding(self) -> dict[str, Holding]:
        """The load of the server, by going through all of its keys, a thousand at a time."""
        entries = size = at = 0
        until = time.monotonic() + _COUNTING
        while time.monotonic() < until:
            step = self._link.read(partial(_counted, at), None)
            if step is None:
                break
            at, entries, size = int(step[0]), entries + step[1], size + step[2]
            if not at:
                break
        most = self._link.read(_room, 0)
        return {"redis": Holding(entries, size, max(most, size))}

    def _beat(self, client: Any) -> None:
        self._tell(client)
        self._claims.renew(client)
        self._ask(client)

    def _hear(self, message: bytes) -> None:
        what, _, said = message.partition(b" ")
        if what == b"era":
            self._era = said
        elif what == b"left":
            self._claims.heard(said.decode("utf-8", "replace"))

    def _found(self, client: Any, key: str) -> tuple[bytes, bytes] | None:
        try:
            return _found(client, key)
        except TooMuchError:
            self._link.warn("a result was removed, as it is larger than any")
            client.unlink(_RESULT + key)
            return None

    def _ask(self, client: Any) -> None:
        era = _era(client)
        if not ERA_FORM.fullmatch(era):
            if era:
                self._link.warn("another era begins, as the present one is malformed")
            era = ERA(client, [_ERA, _PURGES], [_first_era()])
        self._era = era

    def _purged(self, client: Any, tag: str) -> int:
        keys = [_ERA, _TAG + tag_digest(tag), _PURGES]
        text = tag.encode("utf-8", "surrogatepass")
        era, count = PURGE(client, keys, [text, _first_era(), _RESULT, _CHANNEL, _LISTED])
        self._era = era
        return int(count)


def _first_era() -> int:
    """A new number each time, far from all others: a server may forget that it had one."""
    return secrets.randbits(52)


def _listed(client: Any) -> Any:
    """The lines of the list of purges; None where it is none."""
    try:
        return client.lrange(_PURGES, 0, -1)
    except Exception as error:
        if not is_of_another_kind(error):
            raise
        return None


def _era(client: Any) -> bytes:
    """The value that the server has there, or the beginning of it; empty where there is none."""
    try:
        return bytes(client.getrange(_ERA, 0, 31))
    except Exception as error:
        if not is_of_another_kind(error):
            raise
        return b"?"


def _found(client: Any, key: str) -> tuple[bytes, bytes] | None:
    """Head and body, in one round trip."""
    name = _RESULT + key
    for _ in range(2):
        both = client.pipeline(transaction=False)
        both.hget(name, "body")
        both.evalsha(HEAD.digest, 1, name, key, _TAG)
        body, head = both.execute(raise_on_error=False)
        if not isinstance(head, Exception):
            ours = isinstance(head, bytes) and isinstance(body, bytes)
            return (head, body) if ours else None
        if not HEAD.is_unknown(head):
            raise head
        client.script_load(HEAD.text)
    return None


def _counted(at: int, client: Any) -> Any:
    return COUNT(client, [], [at, _RESULT])


def _unlinked(at: int, client: Any) -> tuple[int, int]:
    at, names = client.scan(at, match=f"{_RESULT}*", count=1000)
    return at, client.unlink(*names) if names else 0


def _room(client: Any) -> int:
    """Bytes that the server may take, or the memory of its machine."""
    memory = client.info("memory")
    return int(memory.get("maxmemory") or memory.get("total_system_memory") or 0)
