"""`imgmiddleware cache stats|clear|purge`: the folder of results that servers share."""

import argparse
import os

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.key import original_tag
from imgmiddleware.cli.arguments import UsageError
from imgmiddleware.cli.folder import cache_folder, namespace
from imgmiddleware.settings import Settings


def cache(arguments: argparse.Namespace) -> int:
    folder = cache_folder(arguments)
    if not os.path.isdir(folder):
        raise UsageError(f"--cache-dir: {folder} is not there")
    store = DiskStore(folder, getattr(arguments, "cache_dir_bytes", Settings.cache_dir_bytes))
    try:
        print(_ACTIONS[arguments.action](store, folder, arguments))
    finally:
        store.close()
    return 0


def _stats(store: DiskStore, folder: str, arguments: argparse.Namespace) -> str:
    holding = store.holding()["disk"]
    return f"{folder}: {holding.entries} pictures, {holding.bytes} bytes"


def _clear(store: DiskStore, folder: str, arguments: argparse.Namespace) -> str:
    return f"{folder}: {store.clear()} pictures deleted"


def _purge(store: DiskStore, folder: str, arguments: argparse.Namespace) -> str:
    """Delete the results of these originals. Servers forget theirs in memory within a second."""
    name = namespace(arguments, folder, arguments.directory)
    gone = sum(store.purge(original_tag(name, id)) for id in arguments.ids)
    return f"{folder}: {gone} pictures deleted"


_ACTIONS = {"stats": _stats, "clear": _clear, "purge": _purge}
