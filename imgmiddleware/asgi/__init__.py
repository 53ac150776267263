"""The ASGI adapter: it translates, and decides nothing."""

from imgmiddleware.asgi.app import ASGIImageApp
from imgmiddleware.asgi.middleware import ASGIImageMiddleware
from imgmiddleware.asgi.pages import picture

__all__ = ["ASGIImageApp", "ASGIImageMiddleware", "picture"]
