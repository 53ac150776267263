"""The paths of results whose files a server sends, so that a hit takes no file in this process.

A server that sends a file by its path (ASGI's Path Send, `X-Accel-Redirect`) needs nothing but the
path. Finding the path takes a thread, as that opens the file and may make a link. Remembering it
takes none, so an event loop can answer by itself.
"""

import io
from collections.abc import Callable
from dataclasses import replace

from imgmiddleware.cache.ttl import TtlCache
from imgmiddleware.messages import FileBody, Result

#: The number of paths that are remembered, some hundred bytes each.
_MOST = 4096
#: A path lasts for 60 seconds from when it was found (`send_links`). The server that gets it has at
#: least the other half of them to open it.
_LONGEST = 30


class SentPaths:
    """The paths that were sent within some seconds, by the keys of their results."""

    def __init__(self, seconds: float) -> None:
        self._sent: TtlCache[str, Result] = TtlCache(_MOST, min(seconds, _LONGEST))

    def get(self, key: str) -> Result | None:
        """The result, whose body is a path alone: this process can read nothing of it."""
        return self._sent.get(key)

    def noting(self, key: str, result: Result, fresh: Callable[[], bool]) -> Result:
        """An equal result, whose path is remembered when the server asks for it.

        `fresh` tells whether there was no purge since the result was looked for. It is called after
        the path is noted, so that a later purge finds the path.
        """
        body = result.body
        if not isinstance(body, FileBody):
            return result

        def path() -> str | None:
            found = body.path()
            if found is not None and found.isascii():  # which any server takes
                sent = FileBody(io.BytesIO(), body.size, 0, body.size, lambda: found)
                self._sent.put(key, replace(result, body=sent))
                if not fresh():
                    self._sent.forget(key)
            return found

        return replace(result, body=replace(body, path=path))

    def clear(self) -> None:
        """Forget all of them after a purge."""
        self._sent.clear()
