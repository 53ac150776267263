"""An ASGI application that tells which process loaded it, and which answers."""

import os
from typing import Any

_loaded_in = os.getpid()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    said = f"{_loaded_in} {os.getpid()}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
