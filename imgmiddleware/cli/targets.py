"""The subject of `warm` and `cache purge`: a directory, or an object in a module."""

import argparse
import os
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

from starlette.types import Receive, Scope, Send

from imgmiddleware import ImageService
from imgmiddleware.asgi import ASGIImageMiddleware
from imgmiddleware.cli.arguments import UsageError, settings_of
from imgmiddleware.cli.folder import cache_options
from imgmiddleware.objects.address import is_address
from imgmiddleware.sources.calls import takes


def service_of(arguments: argparse.Namespace) -> ImageService:
    """The service of the named source, which keeps its results in a folder.

    Raises `UsageError`.
    """
    name = arguments.source
    found = named_by(name)
    if isinstance(found, ImageService):
        return _with_its_own_options(found, arguments)
    if found is not None and not {"cache_dir", "tiers"} & vars(arguments).keys():
        raise UsageError(
            f"--cache-dir: give the folder in which the application of {name} keeps its results"
        )
    source, directory = (name, name) if found is None else (found, None)
    options = settings_of(arguments) | cache_options(arguments, directory)
    try:
        # By this adapter, as it takes async functions too.
        return ASGIImageMiddleware(_no_application, source, **options).service
    except (ValueError, TypeError, ImportError) as error:
        raise UsageError(str(error)) from error


def named_by(name: str) -> Any:
    """The service, the function or the `Source` of MODULE:ATTRIBUTE.

    None where `name` is the path of a directory, existing or not, or a URL. Raises `UsageError`.
    """
    if os.path.isdir(name) or ":" not in name or is_address(name):
        return None
    module, _, attributes = name.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *attributes.split("."))):
        raise UsageError(f"{name!r} is neither a directory nor MODULE:ATTRIBUTE")
    found = _imported(module)
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise UsageError(f"{name}: there is no attribute {attribute!r}")
        found = getattr(found, attribute)
    service = getattr(found, "service", None)  # of a middleware
    if isinstance(service, ImageService):
        return service
    if isinstance(found, ImageService) or _is_source(found):
        return found
    inner = getattr(getattr(found, "wsgi_app", None), "service", None)
    hint = f"; did you mean {name}.wsgi_app?" if isinstance(inner, ImageService) else ""
    raise UsageError(
        f"{name} is neither an ImageService, a middleware, a function of an ID nor a Source, "
        f"but {type(found).__name__}{hint}"
    )


def _imported(name: str) -> object:
    """The module, looked for in the current directory first. Raises `UsageError`."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise UsageError(f"there is no module {error.name!r} here") from error
        _not_imported(name, error)
    except Exception as error:  # noqa: BLE001 - the application's own code may raise any error
        _not_imported(name, error)


def _not_imported(name: str, error: Exception) -> NoReturn:
    """Report the error in the application's own code, and its place."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    file, line = own[-1].filename, own[-1].lineno
    if isinstance(error, SyntaxError):
        file, line = error.filename or file, error.lineno
    cause = traceback.format_exception_only(error)[-1].strip()
    raise UsageError(f"importing {name} failed: {cause} ({file}, line {line})") from error


def _is_source(found: Any) -> bool:
    """Whether it is a `Source`, prefixes of some, or a function that can be called with an ID
    alone; an application takes more.
    """
    if isinstance(found, type | str | os.PathLike):
        return False
    if callable(getattr(found, "open", None)) or isinstance(found, Mapping):
        return True
    return takes(found, "id")


def _with_its_own_options(service: ImageService, arguments: argparse.Namespace) -> ImageService:
    if given := settings_of(arguments):
        names = ("preset" if name == "presets" else name.replace("_", "-") for name in given)
        options = ", ".join(f"--{name}" for name in names)
        raise UsageError(f"{arguments.source} has its own options; not also {options}")
    if service.settings.cache_dir is None and not service.settings.tiers:
        raise UsageError(
            f"{arguments.source} has no cache_dir and no tiers, so that no other process would see "
            "its results"
        )
    return service


async def _no_application(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError  # only the service is used
