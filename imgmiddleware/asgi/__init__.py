"""The ASGI adapter: it translates, and decides nothing."""

from imgmiddleware.asgi.app import ASGIImageApp
from imgmiddleware.asgi.middleware import ASGIImageMiddleware

__all__ = ["ASGIImageApp", "ASGIImageMiddleware"]
