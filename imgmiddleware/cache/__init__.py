"""What is remembered between requests, and by which key."""

from imgmiddleware.cache.disk import DiskStore
from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.cache.lru import LruCache
from imgmiddleware.cache.memory import MemoryStore
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Era, Holding, NoStore, ResultStore
from imgmiddleware.cache.superseded import Superseded
from imgmiddleware.cache.ttl import TtlCache

__all__ = [
    "DiskStore",
    "Era",
    "Holding",
    "LruCache",
    "MemoryBudget",
    "MemoryStore",
    "NoStore",
    "ResultStore",
    "SizedLru",
    "Superseded",
    "TtlCache",
    "original_tag",
    "picture_key",
    "version_token",
]
