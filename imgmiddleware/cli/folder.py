"""The folder of results for `serve`, `warm` and `cache`: by default in the user's cache folder."""

import argparse
import os
from typing import Any

from imgmiddleware.cache.folder.namespaces import Namespaces
from imgmiddleware.cli.arguments import UsageError
from imgmiddleware.objects.address import is_address
from imgmiddleware.settings import Settings


def cache_options(arguments: argparse.Namespace, directory: str | None) -> dict[str, Any]:
    """The options of a service that keeps its results in that folder.

    `directory` is the folder of its originals, if they are in one. Raises `UsageError`.
    """
    if getattr(arguments, "no_cache_dir", False):
        if {"cache_dir", "tiers"} & vars(arguments).keys():
            raise UsageError("--no-cache-dir: leave out --cache-dir and --tier")
        return {}
    options: dict[str, Any]
    if "tiers" in arguments:
        folder = tier_settings(arguments).folder
        options = {"tiers": arguments.tiers}
    else:
        folder = cache_folder(arguments)
        options = {"cache_dir": folder}
    options["namespace"] = given_name(arguments)
    if directory is not None and folder is not None:
        options["namespace"] = namespace(arguments, folder, directory)
    if "cache_dir_bytes" in arguments:
        options["cache_dir_bytes"] = arguments.cache_dir_bytes
    return options


def tier_settings(arguments: argparse.Namespace) -> Settings:
    """The places of `--tier`, as settings. Raises `UsageError`."""
    if "cache_dir" in arguments:
        raise UsageError("--tier, --cache-dir: one of them; a folder may be a tier")
    return checked(tiers=arguments.tiers, cache_dir_bytes=given_bytes(arguments))


def checked(**options: Any) -> Settings:
    """These as settings. Raises `UsageError`."""
    try:
        return Settings(**options)
    except ValueError as error:
        raise UsageError(str(error)) from error


def cache_folder(arguments: argparse.Namespace) -> str:
    """The folder of `--cache-dir`; without it the system's folder for a user's caches.

    Raises `UsageError`.
    """
    if "cache_dir" in arguments:
        return str(checked(cache_dir=arguments.cache_dir).cache_dir)
    try:
        import platformdirs  # noqa: PLC0415 - an extra, which may be absent
    except ModuleNotFoundError as error:
        raise UsageError(
            'platformdirs is missing: pip install "imgmiddleware[serve]", or give --cache-dir'
        ) from error
    return platformdirs.user_cache_dir("imgmiddleware", appauthor=False)


def given_bytes(arguments: argparse.Namespace) -> int:
    """The bytes of `--cache-dir-bytes`; without it the default of the folder."""
    return int(getattr(arguments, "cache_dir_bytes", Settings.cache_dir_bytes))


def given_name(arguments: argparse.Namespace) -> str:
    """The name of `--namespace`; without it the default name of results."""
    return str(getattr(arguments, "namespace", Settings.namespace))


def namespace(arguments: argparse.Namespace, folder: str, directory: str) -> str:
    """The name of a directory's results in the folder.

    In a folder that applications may share it is the application's namespace. In the user's own
    folder, which is for any directories, it is the directory's path: two of them may have a
    `cat.jpg`.

    Raises `UsageError` where another directory has that name.
    """
    name = given_name(arguments)
    if not {"namespace", "cache_dir", "tiers"} & vars(arguments).keys():
        name = directory if is_address(directory) else os.path.realpath(directory)
    if is_address(directory):
        return name
    other = Namespaces(folder).other(name, directory)
    if other is not None:
        raise UsageError(
            f"{folder} has the pictures of {other}, and {directory} is another directory: "
            "--namespace NAME keeps the two apart"
        )
    return name
