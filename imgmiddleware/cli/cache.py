"""`imgmiddleware cache stats|clear|purge`: the results that servers share, wherever they are."""

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from imgmiddleware import ImageError
from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.shelf import is_for_results
from imgmiddleware.cache.key import original_tag
from imgmiddleware.cache.store import Holding
from imgmiddleware.cache.tiers import Tiers
from imgmiddleware.cli.arguments import UsageError
from imgmiddleware.cli.folder import (
    cache_folder,
    checked,
    given_bytes,
    given_name,
    namespace,
    tier_settings,
)
from imgmiddleware.cli.numbers import counted, in_bytes
from imgmiddleware.cli.targets import named_by, service_of
from imgmiddleware.service.making.stores import places_of, tiers_of
from imgmiddleware.service.originals.overlays import overlay_id
from imgmiddleware.service.warming import down


def cache(arguments: argparse.Namespace) -> int:
    print(_ACTIONS[arguments.action](arguments))
    return 0


@dataclass(frozen=True, slots=True)
class _Opened:
    """The store of the named places, and the operator's name of each."""

    store: DiskStore | Tiers
    places: Mapping[str, str]  # by their names in `holding`
    folder: str | None = None

    def deleted(self, count: int) -> str:
        """The line about it. Raises `UsageError` where a store did not answer."""
        _check_deleted(self.store.down())
        return _deleted(", ".join(self.places.values()), count)


def _stats(arguments: argparse.Namespace) -> str:
    with _opened(arguments) as opened:
        held = opened.store.holding()
        told = [_told(place, name, held) for name, place in opened.places.items()]
        for name in opened.store.down():
            raise UsageError(f"{name} cannot be used now")
    return "\n".join(told)


def _told(place: str, name: str, held: Mapping[str, Holding]) -> str:
    kinds = ((name, "picture"), ("pyramids", "pyramid")) if name == "disk" else ((name, "picture"),)
    return f"{place}: " + "; ".join(
        f"{counted(held[kind].entries, noun)}, {in_bytes(held[kind].bytes)}"
        for kind, noun in kinds
        if held[kind].entries or noun == "picture"
    )


def _clear(arguments: argparse.Namespace) -> str:
    with _opened(arguments) as opened:
        return opened.deleted(opened.store.clear())


def _purge(arguments: argparse.Namespace) -> str:
    """Delete the results of these originals. Servers forget theirs in memory within a second."""
    if named_by(arguments.source) is not None:
        return _purged_by_service(arguments)
    with _opened(arguments) as opened:
        # The directory may be gone by now.
        name = given_name(arguments)
        if opened.folder is not None:
            name = namespace(arguments, opened.folder, arguments.source)
        ids = map(overlay_id, arguments.ids) if arguments.overlay else arguments.ids
        return opened.deleted(sum(opened.store.purge(original_tag(name, id)) for id in ids))


def _purged_by_service(arguments: argparse.Namespace) -> str:
    service = service_of(arguments)
    try:
        purge = partial(service.purge, overlay=arguments.overlay)
        count = sum(map(purge, arguments.ids))
    except ImageError as error:
        raise UsageError(f"{arguments.source}: {error.detail}") from error
    _check_deleted(down(service))
    return _deleted(", ".join(places_of(service.settings).values()), count)


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[_Opened]:
    opened = _of_tiers(arguments) if "tiers" in arguments else _of_folder(arguments)
    try:
        yield opened
    finally:
        opened.store.close()


def _of_folder(arguments: argparse.Namespace) -> _Opened:
    folder = cache_folder(arguments)
    _check_results(folder)
    most = checked(cache_dir_bytes=given_bytes(arguments)).cache_dir_bytes
    return _Opened(_usable(DiskStore(folder, most)), {"disk": folder}, folder)


def _of_tiers(arguments: argparse.Namespace) -> _Opened:
    settings = tier_settings(arguments)
    if settings.folder is not None:
        _check_results(settings.folder)
    try:
        tiers = tiers_of(settings)
    except (ValueError, ImportError) as error:
        raise UsageError(str(error)) from error
    if tiers.folder is not None:
        _usable(tiers.folder)
    return _Opened(tiers, places_of(settings), settings.folder)


def _usable(store: DiskStore) -> DiskStore:
    """The same. Raises `UsageError` where it cannot be used: a purge must leave nothing of ours in
    the folder of another user.
    """
    store.holding()
    for name in store.down():
        raise UsageError(f"{name} cannot be used now")
    return store


def _check_results(folder: str) -> None:
    """Raises `UsageError` for a foreign folder: to look for results there would make a shelf."""
    if not os.path.isdir(folder):
        raise UsageError(f"--cache-dir: {folder} does not exist")
    try:
        known = is_for_results(folder)
    except OSError as error:
        raise UsageError(f"--cache-dir: {folder}: {error.strerror}") from error
    if not known:
        raise UsageError(f"--cache-dir: {folder} is no folder of results")


def _check_deleted(down: Iterable[str]) -> None:
    """Raises `UsageError` where a place was not told."""
    for name in down:
        raise UsageError(f"{name} cannot be used now: its pictures are not deleted")


def _deleted(folder: str, count: int) -> str:
    return f"{folder}: {counted(count, 'picture')} deleted"


_ACTIONS = {"stats": _stats, "clear": _clear, "purge": _purge}
