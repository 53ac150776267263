"""What is remembered between requests, and by which key."""

from imgmiddleware.cache.brief import Brief
from imgmiddleware.cache.budget import Ledger
from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.cache.recent import Recent
from imgmiddleware.cache.weighed import Holding, Weighed

__all__ = [
    "Brief",
    "Holding",
    "Ledger",
    "Recent",
    "Weighed",
    "original_tag",
    "picture_key",
    "version_token",
]
