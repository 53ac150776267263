"""The service of what an adapter was given."""

from typing import TypeVar

from imgmiddleware.service.service import ImageService
from imgmiddleware.settings import Options
from imgmiddleware.sources import SourceLike
from imgmiddleware.sources.calls import takes

A = TypeVar("A")


def application(app: A, protocol: str, arguments: str, other: str) -> A:
    """What an adapter was given to stand around, if it can be called as its protocol says.

    Raises `TypeError` where it cannot: else each request would fail, and the server say why.
    """
    if not callable(app):
        raise TypeError(f"app: {app!r} is no {protocol} application; the source comes after it")
    if takes(app, *arguments.split(", ")):
        return app
    raise TypeError(
        f"app: {app!r} is no {protocol} application, as it cannot be called with "
        f"({arguments}); around others stands {other}"
    )


def as_service(source: SourceLike | ImageService, options: Options) -> ImageService:
    """The service that was given, or one made of the source and the options."""
    if not isinstance(source, ImageService):
        return ImageService(source, **options)
    if options:
        raise TypeError(f"an ImageService has its own options; not also {', '.join(options)}")
    return source


def mounted(source: object, options: Options) -> Options:
    """The options where pictures are all of an application: its mount stands for the prefix.

    Raises `ValueError` where an unknown ID would go on, as there is nothing that it could go to.
    """
    given = source.settings if isinstance(source, ImageService) else None
    if (given.missing if given else options.get("missing")) == "pass":
        raise ValueError("missing: 'pass' needs an application around which the middleware stands")
    return options if given else {"prefix": "/", **options}
