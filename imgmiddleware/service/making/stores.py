"""The store that the processes of a service share, as its options say."""

import os
from collections.abc import Sequence

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.folder.namespaces import Owner
from imgmiddleware.cache.store import NoStore, ResultStore
from imgmiddleware.cache.tiers import Tier, Tiers
from imgmiddleware.settings import Settings
from imgmiddleware.settings.tiers import Kind, kind_of, shown


def shared_store(settings: Settings, directories: Sequence[str]) -> ResultStore:
    """The folder of `cache_dir`, the stores of `tiers`, or none.

    `directories` are the folders of the originals. Raises `ValueError` and `ImportError`.
    """
    if settings.tiers:
        return tiers_of(settings, directories)
    return NoStore() if settings.cache_dir is None else _folder(settings, directories)


def tiers_of(settings: Settings, directories: Sequence[str] = ()) -> Tiers:
    """The stores of `tiers`; claims are made in the one that most machines share."""
    tiers = map(str, settings.tiers)
    made = {kind_of(tier): _tier(tier, settings, directories) for tier in tiers}
    claiming = [made[kind] for kind in (Kind.REDIS, Kind.BUCKET, Kind.FOLDER) if kind in made]
    return Tiers(list(made.values()), claiming, settings.recheck)


def places_of(settings: Settings) -> dict[str, str]:
    """The places of results in words of the operator, in order, by their names in `holding`."""
    if not settings.tiers:
        return {} if settings.folder is None else {"disk": settings.folder}
    named = {Kind.FOLDER: "disk", Kind.REDIS: "redis", Kind.BUCKET: "bucket"}
    return {named[kind_of(tier)]: shown(tier) for tier in map(str, settings.tiers)}


def _tier(tier: str, settings: Settings, directories: Sequence[str]) -> Tier:
    if kind_of(tier) is Kind.FOLDER:
        return _folder(settings, directories)
    # The imports stand here, as no other service needs them.
    if kind_of(tier) is Kind.BUCKET:
        from imgmiddleware.cache.remote.bucket_store import BucketStore  # noqa: PLC0415

        return BucketStore(tier, settings.recheck)
    from imgmiddleware.cache.remote.redis_store import RedisStore  # noqa: PLC0415

    try:
        return RedisStore(tier, settings.recheck)
    except ImportError as error:
        said = 'tiers: a Redis takes pip install "imgmiddleware[redis]"'
        raise ImportError(said, name=error.name) from error
    except (ValueError, TypeError):  # its text may have the password
        raise ValueError(f"tiers: {shown(tier)} is no URL of a Redis") from None


def _folder(settings: Settings, directories: Sequence[str]) -> DiskStore:
    folder = settings.folder
    assert folder is not None
    for directory in directories:
        if _is_served(folder, directory):
            option = "tiers" if settings.tiers else "cache_dir"
            raise ValueError(
                f"{option}: {folder!r} is below the source {directory!r}, so that results would "
                "be originals; a part of its path that begins with a dot hides it"
            )
    alone = directories[0] if len(directories) == 1 else None
    owner = None if alone is None else Owner(folder, settings.namespace, alone)
    return DiskStore(folder, settings.cache_dir_bytes, owner, settings.pyramid_share)


def _is_served(folder: str, directory: str) -> bool:
    """Whether files in a folder are originals: not hidden, and below this directory."""
    try:
        below = os.path.relpath(os.path.realpath(folder), os.path.realpath(directory))
    except ValueError:  # on another drive
        return False
    return below == os.curdir or not any(part.startswith(".") for part in below.split(os.sep))
