"""What is remembered between requests, and by which key."""

from imgmiddleware.cache.claims import Claim, Claims
from imgmiddleware.cache.disk import Disk
from imgmiddleware.cache.entry import Entry, StoredBody
from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.cache.lru import LruCache
from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.purges import Era, Purges
from imgmiddleware.cache.send_links import SendLinks
from imgmiddleware.cache.sized_lru import Holding, SizedLru
from imgmiddleware.cache.superseded import Superseded
from imgmiddleware.cache.ttl import TtlCache

__all__ = [
    "Claim",
    "Claims",
    "Disk",
    "Entry",
    "Era",
    "Holding",
    "LruCache",
    "MemoryBudget",
    "Purges",
    "SendLinks",
    "SizedLru",
    "StoredBody",
    "Superseded",
    "TtlCache",
    "original_tag",
    "picture_key",
    "version_token",
]
