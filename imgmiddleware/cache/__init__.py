"""What is remembered between requests, and by which key."""

from imgmiddleware.cache.key import picture_key, version_token
from imgmiddleware.cache.recent import Recent

__all__ = ["Recent", "picture_key", "version_token"]
