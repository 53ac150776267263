"""One maker per key, over all machines that share a bucket.

A claim is an object that only one of many can put. While its holder lives it puts the object again
with other bytes. A waiting process sees by its own clock for how long the bytes have stayed the
same, so that no two clocks are compared. After `TTL` seconds it takes the claim.

Several stores that are like S3 ignore the condition. Each process tries that once; in a bucket that
ignores it, claims keep no process out.
"""

from __future__ import annotations

import secrets
import time
from functools import partial

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.remote.bucket_link import BucketLink, read_small
from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.objects.store import ObjectStore

#: Seconds for which a claim outlives its holder.
TTL = 10.0
#: The number of other processes' claims that are remembered, and for how many seconds.
_MOST, _REMEMBERED = 1024, 600.0


class BucketClaim:
    """The right to make the result of a key, until it is left. A context manager."""

    def __init__(self, claims: BucketClaims, name: str, token: bytes) -> None:
        self._claims, self._name, self._token = claims, name, token

    def __enter__(self) -> BucketClaim:
        return self

    def __exit__(self, *error: object) -> None:
        self._claims.leave(self._name, self._token)


class BucketClaims(Forkable):
    """The claims of one process. A bucket that does not answer keeps no process out."""

    def __init__(self, link: BucketLink) -> None:
        self._link = link
        super().__init__()

    def _begin(self) -> None:
        """None is held: the parent's claims stay the parent's."""
        self._held: dict[bytes, tuple[str, int]] = {}
        self._renewed = time.monotonic()
        self._others: TtlCache[str, tuple[bytes, float]] = TtlCache(_MOST, _REMEMBERED)
        self._excludes: bool | None = None

    def excludes(self) -> bool:
        """Whether a claim keeps others out, as far as it is known."""
        return self._excludes is not False and self._link.is_up()

    def take(self, name: str) -> BucketClaim | None:
        """The claim of this name, or None while another has it."""
        token = secrets.token_hex(16).encode()
        put = partial(self._put, name=name, token=token)
        if self._heeds() and not self._link.write(put, True):
            return None
        self._held[token] = name, 0
        return BucketClaim(self, name, token)

    def leave(self, name: str, token: bytes) -> None:
        if self._held.pop(token, None) is not None and self._excludes:
            self._link.write(lambda objects: _leave(objects, name, token), None)

    def renew(self, objects: ObjectStore) -> None:
        """Call this again and again; raises `StoreError`."""
        if not self._held or time.monotonic() < self._renewed + TTL / 3:
            return
        self._renewed = time.monotonic()
        for token, (name, times) in list(self._held.items()):
            objects.put(name, b"%s %d" % (token, times))
            if token in self._held:
                self._held[token] = name, times + 1

    def _heeds(self) -> bool:
        """Whether the bucket heeds the condition. It is asked once."""
        if self._excludes is None:
            self._excludes = self._link.write(ObjectStore.heeds_only_new, None)
            if self._excludes is False:
                self._link.warn("it ignores If-None-Match, so machines may make a picture twice")
        return self._excludes is True

    def _put(self, objects: ObjectStore, name: str, token: bytes) -> bool:
        """Put the claim, if there is none, or if its holder is gone; returns whether it was put."""
        if objects.put(name, token, only_new=True):
            return True
        now, other = time.monotonic(), read_small(objects, name)
        seen, since = self._others.get(name) or (None, now)
        if seen != other:
            self._others.put(name, (other, now))
            return False
        if now - since < TTL:
            return False
        self._others.forget(name)
        objects.delete(name)
        return objects.put(name, token, only_new=True)


def _leave(objects: ObjectStore, name: str, token: bytes) -> None:
    """Remove it, unless another has taken it meanwhile."""
    if read_small(objects, name).startswith(token):
        objects.delete(name)
