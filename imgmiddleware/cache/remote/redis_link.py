"""The connections of one process to a Redis or Valkey server, and the thread that listens to it.

A call takes `CALL` seconds and four megabytes at most, whatever the server does and holds. After a
call has failed, no other is made until the thread, which goes on asking, gets an answer. So a
server that is frozen or gone costs a request that time once, and the requests after it nothing.

The thread also hears the messages for all processes at once (purges, claims that were left), so
that no request has to ask.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakMethod

from imgmiddleware.cache.circuit_breaker import CircuitBreaker
from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.remote.sockets import Allowance, TooMuchError, bounded

R = TypeVar("R")

#: Seconds that a call may take, with the connection; and bytes that it may receive, which are twice
#: those of the largest result.
CALL, _MOST = 1.0, 4 << 20
#: Seconds that waiting for a message may take: a process may be stopped meanwhile, which is no
#: fault of the server.
_WEEK = 604_800.0
#: Seconds between two questions of the thread, at most and at least.
_SLOWEST, _FASTEST = 0.5, 0.05


class RedisLink(Forkable):
    """Calls to the server of `url`, with no connection before the first use in a process, nor over
    a fork.

    The thread calls `beat`, `every` so many seconds, with a client; and `hear` with each message of
    `channel`.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        beat: Callable[[Any], None],
        hear: Callable[[bytes], None],
        every: float,
    ) -> None:
        import redis  # noqa: PLC0415 - an extra, and a tenth of a second

        self._library = redis
        self._url = url
        self.name = _named(url)
        self._channel = channel
        self._every = max(_FASTEST, min(every or _SLOWEST, _SLOWEST))
        # Weak, so as not to keep the store alive: the thread of an unused service has to end.
        self._beat, self._hear = WeakMethod(beat), WeakMethod(hear)
        self._allowance = Allowance()
        self._make_client()  # so that an error in the URL is raised now
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker(self.name)
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._closed = threading.Event()

    def read(self, call: Callable[[Any], R], otherwise: R) -> R:
        """The value of `call` with a client, or `otherwise` where the server does not answer."""
        return self._tried("reading", call, otherwise)

    def write(self, call: Callable[[Any], R], otherwise: R) -> R:
        """The same for calls that a server without memory, or a mere replica, refuses."""
        return self._tried("writing", call, otherwise)

    def is_up(self) -> bool:
        """Whether the server answered the last call."""
        return not self._breaker.is_open("reading")

    def warn(self, text: str) -> None:
        """Warn of a stranger's value on the server."""
        self._breaker.warn(text, ValueError("somebody else has put it there"))

    def close(self) -> None:
        """End the thread and the connections; they begin again where they are needed again."""
        with self._lock:
            client, self._client, self._thread = self._client, None, None
            self._closed.set()
            self._closed = threading.Event()
        if client is not None:
            client.connection_pool.disconnect(inuse_connections=False)

    def _tried(self, what: str, call: Callable[[Any], R], otherwise: R) -> R:
        if self._breaker.is_open("reading") or self._breaker.is_open(what):
            return otherwise
        try:
            with self._allowance.within(CALL, _MOST):
                found = call(self._started())
        except TooMuchError as error:  # it answers
            self._breaker.warn(f"{what} failed", error)
        except self._library.ResponseError as error:  # it answers, and refuses
            self._breaker.trip(what, error)
        except (self._library.RedisError, OSError) as error:
            self._breaker.trip("reading", error)
        else:
            return found
        return otherwise

    def _started(self) -> Any:
        """The client; the first that asks for it starts the thread."""
        client = self._client
        if client is not None:
            return client
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
                run = threading.Thread(
                    target=_listen,
                    args=(WeakMethod(self._listened), self._closed),
                    name="imgmiddleware-redis",
                    daemon=True,
                )
                self._thread = run
                run.start()
            return self._client

    def _make_client(self) -> Any:
        redis = self._library
        kind = redis.connection.parse_url(self._url).get("connection_class", redis.Connection)
        pool = redis.ConnectionPool.from_url(
            self._url,
            connection_class=bounded(kind, self._allowance),
            socket_timeout=CALL,
            socket_connect_timeout=CALL,
            protocol=2,
            driver_info=None,
            # Once, as the server may have closed a connection that was idle for long.
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1, (redis.ConnectionError,)),
        )
        return redis.Redis.from_pool(pool)

    def _listened(self, heard: Any) -> Any:
        """Ask, then listen for a while; the subscription for the next time."""
        client = self._client
        beat = self._beat()
        if client is None or beat is None:
            return None
        try:
            with self._allowance.within(CALL, _MOST):
                if heard is None:
                    heard = client.pubsub(ignore_subscribe_messages=True)
                    heard.subscribe(self._channel)
                beat(client)
            self._breaker.mend("reading")
            self._hear_for(heard, self._every)
        except Exception as error:  # noqa: BLE001 - the thread has to go on after any error
            if self._client is client:  # it was not closed meanwhile
                self._breaker.trip("reading", error)
            with suppress(Exception):
                heard.close()
            self._closed.wait(self._every)
            return None
        return heard

    def _hear_for(self, heard: Any, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with self._allowance.within(_WEEK, _MOST):
                message = heard.get_message(timeout=left)
            hear = self._hear()
            if message is not None and hear is not None:
                hear(message["data"])


def _named(url: str) -> str:
    """The URL without its secrets, for logs."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _listen(listened: WeakMethod[Callable[[Any], Any]], closed: threading.Event) -> None:
    heard = None
    while not closed.is_set() and (listen := listened()) is not None:
        heard = listen(heard)
        del listen
    if heard is not None:
        with suppress(Exception):
            heard.close()
