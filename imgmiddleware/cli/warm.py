"""`imgmiddleware warm`: make pictures before anybody asks for them."""

import argparse
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from imgmiddleware import DirectorySource, ImageRequest, ImageService
from imgmiddleware.cli.arguments import UsageError, settings_of
from imgmiddleware.cli.folder import cache_options
from imgmiddleware.cli.listing import list_ids

_WIDTH = 30


def warm(arguments: argparse.Namespace) -> int:
    options = settings_of(arguments) | cache_options(arguments, arguments.directory)
    try:
        source = DirectorySource(
            arguments.directory, unsafe_follow_symlinks=options.get("unsafe_follow_symlinks", False)
        )
        service = ImageService(source, **options)
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
    ids, complete = list_ids(source, service.settings)
    if not complete:
        print(f"imgmiddleware: only the first {len(ids)} originals are warmed", file=sys.stderr)
    refused = _all_made(service, list(_requests(service, ids, arguments)))
    for path, answer in refused:
        print(f"imgmiddleware: {path}: {answer}", file=sys.stderr)
    return 1 if refused else 0


def _requests(
    service: ImageService, ids: list[str], arguments: argparse.Namespace
) -> Iterator[ImageRequest]:
    headers = {"accept": arguments.accept}
    for id in ids:
        for query in arguments.queries or [""]:
            path = f"{service.prefix}{id}"
            yield ImageRequest("GET", path, query.removeprefix("?"), headers)


def _all_made(service: ImageService, requests: list[ImageRequest]) -> list[tuple[str, str]]:
    """Ask for each. Returns the path and the problem of each request that was refused."""
    # Errors are printed when the bar is done. If they were logged too, they would be there twice.
    logging.getLogger("imgmiddleware").addHandler(logging.NullHandler())
    refused: list[tuple[str, str]] = []

    def ask(request: ImageRequest) -> None:
        answer = service.handle(request)
        if answer is None or answer.status != 200:
            problem = "not found" if answer is None else answer.read().decode().strip()
            refused.append((f"{request.path}?{request.query}", problem))
        else:
            answer.close()

    with ThreadPoolExecutor(service.settings.slots) as threads:
        for done, _ in enumerate(threads.map(ask, requests), 1):
            _show(done, len(requests))
    return sorted(refused)


def _show(done: int, all: int) -> None:
    """Show the bar: all the time on a terminal, else only at the end."""
    if sys.stderr.isatty() or done == all:
        filled = _WIDTH * done // all
        bar = "#" * filled + "." * (_WIDTH - filled)
        end = "\n" if done == all else ""
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}[{bar}] {done}/{all}", end=end, file=sys.stderr, flush=True)
