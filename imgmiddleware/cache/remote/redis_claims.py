"""One maker per key, over all machines that share a Redis or Valkey server.

A claim is a key that expires: `SET NX PX`. While its holder lives it is renewed at a third of that
time. So a process that is killed, or stopped, has it for `TTL` seconds at most. If it goes on after
that, it puts its result a second time, with the same bytes. That is enough, as a claim saves work
and decides nothing.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.remote.redis_link import RedisLink
from imgmiddleware.cache.remote.scripts import LEAVE, RENEW, is_of_another_kind

#: Seconds for which a claim outlives its holder.
TTL = 3.0
#: Seconds after which a waiting process looks again in any case: a message may have been lost.
_LOOK = 0.1


class RedisClaim:
    """The right to make the result of a key, until it is left. A context manager."""

    def __init__(self, claims: RedisClaims, name: str, token: str) -> None:
        self._claims, self._name, self._token = claims, name, token

    def __enter__(self) -> RedisClaim:
        return self

    def __exit__(self, *error: object) -> None:
        self._claims.leave(self._name, self._token)


class RedisClaims(Forkable):
    """The claims of one process. A server that does not answer keeps no process out."""

    def __init__(self, link: RedisLink, channel: str) -> None:
        self._link, self._channel = link, channel
        super().__init__()

    def _begin(self) -> None:
        """None is held: the parent's claims stay the parent's."""
        self._held: dict[str, str] = {}  # name by token
        self._awaited: dict[str, threading.Event] = {}
        self._renewed = time.monotonic()

    def take(self, name: str) -> RedisClaim | None:
        """The claim of this name, or None while another has it."""
        token = secrets.token_hex(16)
        other = self._link.write(lambda client: _put(client, name, token), None)
        if other not in (None, token.encode()):  # it is ours where the call was sent twice
            return None
        self._held[token] = name
        return RedisClaim(self, name, token)

    def leave(self, name: str, token: str) -> None:
        if self._held.pop(token, None) is not None:
            left = [token, self._channel, name]
            self._link.read(lambda client: LEAVE(client, [name], left), None)

    def wait(self, name: str, seconds: float) -> None:
        """Wait until the claim was left, or for so many seconds at most."""
        event = self._awaited.setdefault(name, threading.Event())
        try:
            # Only now, as the claim may have been left just before.
            if self._link.read(lambda client: _is_taken(client, name), True):
                event.wait(min(seconds, _LOOK))
        finally:
            self._awaited.pop(name, None)

    def heard(self, name: str) -> None:
        """Wake the thread that waits for this claim: it was left, by any process."""
        event = self._awaited.get(name)
        if event is not None:
            event.set()

    def renew(self, client: Any) -> None:
        """Call this again and again; the library's errors are the caller's."""
        if not self._held or time.monotonic() < self._renewed + TTL / 3:
            return
        self._renewed = time.monotonic()
        for token, name in list(self._held.items()):
            RENEW(client, [name], [token, round(TTL * 1000)])


def _put(client: Any, name: str, token: str) -> Any:
    """The token of the present holder, if there is one."""
    try:
        return client.set(name, token, nx=True, px=round(TTL * 1000), get=True)
    except Exception as error:
        if not is_of_another_kind(error):
            raise
        client.unlink(name)
        return None


def _is_taken(client: Any, name: str) -> bool:
    """A key that never expires is no claim: it would keep all processes out for good."""
    left = client.pttl(name)
    if left == -1:
        client.unlink(name)
    return bool(left >= 0)
