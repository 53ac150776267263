"""The service and the application that an adapter was given."""

from typing import TypeVar

from imgmiddleware.service.service import ImageService
from imgmiddleware.settings import Options
from imgmiddleware.sources import SourceLike
from imgmiddleware.sources.calls import takes

A = TypeVar("A")


def application(app: A, protocol: str, arguments: str, other: str) -> A:
    """The application that an adapter was given, if it can be called as its protocol says.

    Raises `TypeError` where it cannot. Otherwise each request would fail, and the server would have
    to say why.
    """
    if not callable(app):
        raise TypeError(f"app: {app!r} is no {protocol} application; the source comes after it")
    if takes(app, *arguments.split(", ")):
        return app
    raise TypeError(
        f"app: {app!r} is no {protocol} application, as it cannot be called with "
        f"({arguments}); for others there is {other}"
    )


def as_service(source: SourceLike | ImageService, options: Options) -> ImageService:
    """The service that was given, or a new one of the source and the options."""
    if not isinstance(source, ImageService):
        return ImageService(source, **options)
    if options:
        raise TypeError(f"an ImageService has its own options; not also {', '.join(options)}")
    return source


def mounted(source: object, options: Options) -> Options:
    """The options of an application that has nothing but pictures: its mount stands for the prefix.

    Raises `ValueError` for `missing="pass"`, as there is no application that the request could go
    on to.
    """
    given = source.settings if isinstance(source, ImageService) else None
    if (given.missing if given else options.get("missing")) == "pass":
        raise ValueError("missing: 'pass' needs the middleware around an application")
    return options if given else {"prefix": "/", **options}
