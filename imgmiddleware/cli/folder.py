"""The folder of results for `serve`, `warm` and `cache`: by default in the user's cache folder."""

import argparse
import os
from typing import Any

from imgmiddleware.cli.arguments import UsageError


def cache_options(arguments: argparse.Namespace, directory: str) -> dict[str, Any]:
    """The options of a service that keeps its results in that folder.

    Its `namespace` is the path of `directory`: two directories may both have a `cat.jpg`.
    """
    if getattr(arguments, "no_cache_dir", False):
        return {}
    options: dict[str, Any] = {
        "cache_dir": cache_folder(arguments),
        "namespace": os.path.realpath(directory),
    }
    if "cache_dir_bytes" in arguments:
        options["cache_dir_bytes"] = arguments.cache_dir_bytes
    return options


def cache_folder(arguments: argparse.Namespace) -> str:
    """The folder that `--cache-dir` names, else the one that the system has for a user's caches."""
    if "cache_dir" in arguments:
        return os.path.abspath(str(arguments.cache_dir))
    try:
        import platformdirs  # noqa: PLC0415 - an extra, which may be absent
    except ModuleNotFoundError as error:
        raise UsageError(
            'platformdirs is missing: pip install "imgmiddleware[serve]", or give --cache-dir'
        ) from error
    return platformdirs.user_cache_dir("imgmiddleware", appauthor=False)
