"""How many processes a server runs of the application, where it tells."""

import os
import sys
from contextlib import suppress
from typing import Any

#: Environment variables that servers take the number of their workers from: gunicorn and uvicorn,
#: granian.
_VARIABLES = ("WEB_CONCURRENCY", "GRANIAN_WORKERS")
#: Modules that servers put into their processes before ours, and what has the number there.
_EMBEDDED = {"uwsgi": "numproc", "mod_wsgi": "maximum_processes"}


def workers() -> int:
    """How many processes share the memory with this one, and it; 1 where nobody says."""
    return max(1, *(_whole(os.environ.get(name)) for name in _VARIABLES), *map(_of, _EMBEDDED))


def _of(module: str) -> int:
    return _whole(getattr(sys.modules.get(module), _EMBEDDED[module], None))


def _whole(value: Any) -> int:
    with suppress(TypeError, ValueError):
        return int(value)
    return 1
