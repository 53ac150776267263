"""`imgmiddleware cache stats|clear|purge`: the folder of results that servers share."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from imgmiddleware import ImageError
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.key import original_tag
from imgmiddleware.cache.shelf import is_for_results
from imgmiddleware.cli.arguments import UsageError
from imgmiddleware.cli.folder import cache_folder, namespace
from imgmiddleware.cli.numbers import counted, in_bytes
from imgmiddleware.cli.targets import named_by, service_of
from imgmiddleware.service.overlays import overlay_id
from imgmiddleware.settings import Settings


def cache(arguments: argparse.Namespace) -> int:
    print(_ACTIONS[arguments.action](arguments))
    return 0


def _stats(arguments: argparse.Namespace) -> str:
    with _opened(arguments) as (store, folder):
        held = store.holding()
    places = ((held["disk"], "picture"), (held["pyramids"], "pyramid"))
    return f"{folder}: " + "; ".join(
        f"{counted(each.entries, noun)}, {in_bytes(each.bytes)}"
        for each, noun in places
        if each.entries or noun == "picture"
    )


def _clear(arguments: argparse.Namespace) -> str:
    with _opened(arguments) as (store, folder):
        return _deleted(folder, store.clear())


def _purge(arguments: argparse.Namespace) -> str:
    """Delete the results of these originals. Servers forget theirs in memory within a second."""
    if named_by(arguments.source) is not None:
        return _purged_by_service(arguments)
    with _opened(arguments) as (store, folder):
        # The directory may be gone by now.
        name = namespace(arguments, folder, arguments.source)
        ids = map(overlay_id, arguments.ids) if arguments.overlay else arguments.ids
        return _deleted(folder, sum(store.purge(original_tag(name, id)) for id in ids))


def _purged_by_service(arguments: argparse.Namespace) -> str:
    service = service_of(arguments)
    try:
        purge = partial(service.purge, overlay=arguments.overlay)
        return _deleted(str(service.settings.cache_dir), sum(map(purge, arguments.ids)))
    except ImageError as error:
        raise UsageError(f"{arguments.source}: {error.detail}") from error


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[DiskStore, str]]:
    folder = cache_folder(arguments)
    if not os.path.isdir(folder):
        raise UsageError(f"--cache-dir: {folder} is not there")
    _check_results(folder)
    store = DiskStore(folder, getattr(arguments, "cache_dir_bytes", Settings.cache_dir_bytes))
    try:
        yield store, folder
    finally:
        store.close()


def _check_results(folder: str) -> None:
    """Raises `UsageError` where others keep something: to look for results would make a shelf."""
    try:
        known = is_for_results(folder)
    except OSError as error:
        raise UsageError(f"--cache-dir: {folder}: {error.strerror}") from error
    if not known:
        raise UsageError(f"--cache-dir: {folder} is no folder of results")


def _deleted(folder: str, count: int) -> str:
    return f"{folder}: {counted(count, 'picture')} deleted"


_ACTIONS = {"stats": _stats, "clear": _clear, "purge": _purge}
