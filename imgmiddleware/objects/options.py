"""Options of obstore's stores: times, retries, and the environment's options of clients."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

#: Seconds to make a connection at most, and the number of retries after a failure.
_CONNECT, _RETRIES = 3.0, 2
#: The part of the whole time in which a failure is tried again, and that which one try may take. So
#: the last try ends with the whole time: obstore counts its time from its own beginning.
_AGAIN, _EACH = 0.25, 0.75


def options_of(seconds: float) -> dict[str, Any]:
    """The package's times and retries, instead of obstore's ten retries within three minutes."""
    whole = timedelta(seconds=max(seconds, 0.001))
    connect = min(whole / 2, timedelta(seconds=_CONNECT))
    return {
        "client_options": {
            "timeout": whole * _EACH,
            "connect_timeout": connect,
        },
        "retry_config": {
            "max_retries": _RETRIES,
            "retry_timeout": whole * _AGAIN,
            "backoff": {
                "init_backoff": timedelta(milliseconds=50),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    }


def with_environment(scheme: str, options: dict[str, Any]) -> dict[str, Any]:
    """The same with the environment's options of the client, which obstore leaves out if it gets
    any of them otherwise.
    """
    start = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}[scheme]
    named = ((key, os.environ.get(start + key.upper())) for key in _OF_CLIENTS)
    client = {key: value for key, value in named if value}
    return {**options, "client_options": {**client, **options["client_options"]}}


#: Options of obstore's clients other than times.
_OF_CLIENTS = (
    "allow_http",
    "allow_invalid_certificates",
    "proxy_url",
    "proxy_ca_certificate",
    "proxy_excludes",
    "root_certificate",
)

#: By the scheme: the start of the names in the environment, and the names of a server.
_ENDPOINTS = {
    "s3": ("AWS_", ("AWS_ENDPOINT_URL", "AWS_ENDPOINT")),
    "az": ("AZURE_", ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")),
}


def refuse_plain_http(scheme: str, option: str) -> None:
    """Raises `ValueError` for a server without TLS that the environment does not allow: obstore
    calls it a "builder error" at each request.
    """
    start, names = _ENDPOINTS.get(scheme, ("", ()))
    plain = [name for name in names if os.environ.get(name, "").startswith("http://")]
    if plain and not os.environ.get(f"{start}ALLOW_HTTP"):
        raise ValueError(f"{option}: {plain[0]} is http://, which takes {start}ALLOW_HTTP=true")
