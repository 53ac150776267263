"""`imgmiddleware serve`: a directory or a store behind the middleware, on uvicorn, with a page at
`/`.
"""

import argparse
import copy
import errno
import json
import os
import socket
from contextlib import nullcontext, suppress
from typing import Any

from starlette.types import ASGIApp

from imgmiddleware import DirectorySource, ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.cli.arguments import UsageError, settings_of
from imgmiddleware.cli.folder import cache_options
from imgmiddleware.cli.metrics import Metrics, make_observer, shared
from imgmiddleware.cli.pages.gallery import gallery
from imgmiddleware.cli.pages.listing import Rooted
from imgmiddleware.cli.pages.mount import Below
from imgmiddleware.cli.pages.unlisted import unlisted
from imgmiddleware.objects.address import is_address

#: The environment variable with the directory and the options, as JSON, for `--workers`.
_VARIABLE = "IMGMIDDLEWARE_SERVE"

#: Errors of listening that another port solves: it is taken, or is below 1024 and reserved.
_OF_THE_PORT = (errno.EADDRINUSE, errno.EACCES)


def serve(arguments: argparse.Namespace) -> int:
    uvicorn = import_uvicorn()
    directory = arguments.directory
    options = settings_of(arguments) | cache_options(arguments, directory)
    mount, metrics = arguments.root_path, getattr(arguments, "metrics", "")
    try:
        served = application(directory, options, mount=mount, metrics=metrics)
    except (ValueError, TypeError, ImportError) as error:
        raise UsageError(str(error)) from error
    listener = listen(arguments.host, arguments.port)
    announce(listener, directory)
    if arguments.workers == 1:
        return run(served, listener, arguments.log_level)
    # uvicorn binds the port of its workers itself. So the port is free again for a moment.
    host, port = listener.getsockname()[:2]
    listener.close()
    os.environ[_VARIABLE] = json.dumps([directory, options, mount, metrics])
    os.environ["WEB_CONCURRENCY"] = str(arguments.workers)  # so that they share the memory
    with suppress(KeyboardInterrupt), shared() if metrics else nullcontext():
        uvicorn.run(
            f"{__name__}:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=arguments.workers,
            **_logging(arguments.log_level),
        )
    return 0


def import_uvicorn() -> Any:
    """The server, which is an extra. Raises `UsageError` that says how to install it."""
    try:
        import uvicorn  # noqa: PLC0415 - an extra, which may be absent
    except ModuleNotFoundError as error:
        raise UsageError('uvicorn is missing: pip install "imgmiddleware[serve]"') from error
    return uvicorn


def application(
    source: str | Rooted,
    options: dict[str, Any],
    title: str | None = None,
    mount: str = "",
    metrics: str = "",
) -> ASGIApp:
    """The middleware around the page, below the path `mount`; with metrics at their own path.

    Raises `ValueError` or `TypeError` naming a wrong option.
    """
    if options.get("prefix") == "/":
        # Then the path of the page is below the prefix: it is a missing ID, and goes on.
        options = {"missing": "pass", **options}
    restricted = options.get("presets_only") or options.get("widths")
    options = {
        "debug_images": True,
        "iiif": not restricted,
        "tune_malloc": True,
        **options,
    }
    if metrics:
        options["observer"] = make_observer()
    if is_address(source):
        service = ImageService(source, **options)
        return _served(unlisted(service.prefix), service, mount, metrics)
    if isinstance(source, str):
        names = options.keys() & {"unsafe_follow_symlinks", "file_version"}
        source = DirectorySource(source, **{name: options[name] for name in names})
    service = ImageService(source, **options)
    name = os.path.basename(os.fsencode(source.root)).decode("utf-8", "replace")
    page = gallery(source, service, title or name or "Originals")
    return _served(page, service, mount, metrics)


def _served(page: ASGIApp, service: ImageService, mount: str, metrics: str) -> ASGIApp:
    served: ASGIApp = ASGIImageMiddleware(page, service)
    if metrics:
        if service.prefix != "/" and f"{metrics}/".startswith(service.prefix):
            raise ValueError(f"--metrics {metrics}: pictures have the paths below {service.prefix}")
        served = Metrics(served, metrics, service.settings.observer)
    if mount and service.prefix.startswith(f"{mount}/"):
        # A path that begins so could be the proxy's whole one, or the part that it has left.
        raise ValueError(f"--root-path {mount}: the prefix {service.prefix} begins with it")
    return Below(served, mount) if mount else served


def from_environment() -> ASGIApp:
    """The application. uvicorn calls this in each process of `--workers`."""
    directory, options, mount, metrics = json.loads(os.environ[_VARIABLE])
    return application(directory, options, mount=mount, metrics=metrics)


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections already. Raises `UsageError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # The error's own text has the address once more.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        another = "--port N takes another" if number in _OF_THE_PORT else "--host names another"
        text = f"cannot listen on {host} port {port}: {reason}; {another}"
        raise UsageError(text) from error


def announce(listener: socket.socket, what: str) -> None:
    host, port = listener.getsockname()[:2]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - shown, not bound
    name = everywhere.get(host, host)
    url = f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
    also = ", and on this machine's other addresses" if host in everywhere else ""
    print(f"Serving {what} on {url}{also}. Ctrl-C ends it.", flush=True)


def run(served: ASGIApp, listener: socket.socket, log_level: str) -> int:
    """Serve in this process until Ctrl-C."""
    uvicorn = import_uvicorn()
    config = uvicorn.Config(served, workers=1, **_logging(log_level))
    with suppress(KeyboardInterrupt):  # uvicorn has shut down in order, and raises it again
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _logging(level: str) -> dict[str, Any]:
    """uvicorn's own logging, and this package's in the same form."""
    from uvicorn.config import LOGGING_CONFIG  # noqa: PLC0415 - as above

    log_config = copy.deepcopy(LOGGING_CONFIG)
    log_config["loggers"]["imgmiddleware"] = {
        "handlers": ["default"],
        "level": level.upper(),
        "propagate": False,
    }
    return {"log_config": log_config, "log_level": level}
