"""The number of processes that a server runs of the application, where it tells."""

import os
import sys
from contextlib import suppress
from typing import Any

#: Environment variables for the number of workers: of gunicorn and uvicorn, of granian.
_VARIABLES = ("WEB_CONCURRENCY", "GRANIAN_WORKERS")
#: Modules that servers put into their processes, and the attribute with the number there.
_EMBEDDED = {"uwsgi": "numproc", "mod_wsgi": "maximum_processes"}


def workers() -> int:
    """The number of processes that share the memory, with this one; 1 where it is unknown."""
    return max(1, *(_whole(os.environ.get(name)) for name in _VARIABLES), *map(_of, _EMBEDDED))


def _of(module: str) -> int:
    return _whole(getattr(sys.modules.get(module), _EMBEDDED[module], None))


def _whole(value: Any) -> int:
    with suppress(TypeError, ValueError):
        return int(value)
    return 1
