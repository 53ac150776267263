"""The threads of a middleware, of which each event loop has its own."""

from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

from imgmiddleware.cache.forks import Forkable

R = TypeVar("R")


class LoopThreads(Forkable):
    """At most `most` calls at once on each loop; further ones wait there.

    A limiter of anyio's belongs to the loop that used it first. A task that waits for it on another
    loop is never woken. The service bounds how many calls there are in all loops together.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()

    def _begin(self) -> None:
        self._limiters: RunVar[anyio.CapacityLimiter] = RunVar("imgmiddleware threads")

    def limiter(self) -> anyio.CapacityLimiter:
        """The limiter of the running loop."""
        limiter = self._limiters.get(None)
        if limiter is None:
            limiter = anyio.CapacityLimiter(self.most)
            self._limiters.set(limiter)
        return limiter

    async def run(self, call: Callable[..., R], *arguments: Any) -> R:
        """The value of the call, from a thread."""
        return await to_thread.run_sync(call, *arguments, limiter=self.limiter())
