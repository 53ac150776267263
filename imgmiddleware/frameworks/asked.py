"""The request of a route to the service."""

from dataclasses import replace

from imgmiddleware.messages import ImageRequest


def asked(request: ImageRequest, id: object, prefix: str) -> ImageRequest:
    """The request as it came, or for this ID below the service's `prefix` where one is given.

    The whole text is the ID, even where it ends like a path of IIIF's.
    """
    return request if id is None else replace(request, path=f"{prefix}{id}", id=id)
