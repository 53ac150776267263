"""What is remembered between requests, and by which key."""

from imgmiddleware.cache.brief import Brief
from imgmiddleware.cache.budget import Ledger
from imgmiddleware.cache.claims import Claim, Claims
from imgmiddleware.cache.disk import Disk
from imgmiddleware.cache.entry import Entry, StoredBody
from imgmiddleware.cache.handouts import Handouts
from imgmiddleware.cache.key import original_tag, picture_key, version_token
from imgmiddleware.cache.purges import Era, Purges
from imgmiddleware.cache.recent import Recent
from imgmiddleware.cache.superseded import Superseded
from imgmiddleware.cache.weighed import Holding, Weighed

__all__ = [
    "Brief",
    "Claim",
    "Claims",
    "Disk",
    "Entry",
    "Era",
    "Handouts",
    "Holding",
    "Ledger",
    "Purges",
    "Recent",
    "StoredBody",
    "Superseded",
    "Weighed",
    "original_tag",
    "picture_key",
    "version_token",
]
