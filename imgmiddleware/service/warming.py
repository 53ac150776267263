"""Pictures that are made before anybody asks: for which clients, and by whom."""

from copy import copy
from dataclasses import replace

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.service.permission import Permission
from imgmiddleware.service.service import ImageService
from imgmiddleware.settings import Settings


def unguarded(service: ImageService) -> ImageService:
    """The same service, with the same caches, for who needs no leave: `authorize` is not asked.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest
    >>> black = np.zeros((300, 400), np.uint8)
    >>> service = ImageService(lambda id: black, authorize=lambda request: False)
    >>> request = ImageRequest("GET", "/image/black", "w=100")
    >>> service.handle(request).status, unguarded(service).handle(request).status
    (403, 200)
    """
    below = copy(service)
    below._permission = Permission(replace(service.settings, authorize=None))
    return below


def accept_fields(settings: Settings) -> tuple[str, ...]:
    """The values of Accept, one for each kind of client that gets pictures of its own.

    Clients that name the first of `formats` name those after it too; older ones name fewer.

    >>> accept_fields(Settings())
    ('image/avif,image/webp,*/*', 'image/webp,*/*', '*/*')
    >>> accept_fields(Settings(formats=()))
    ('*/*',)
    """
    named = [RESULTS[name].media_type for name in settings.formats]
    return tuple(",".join((*named[first:], "*/*")) for first in range(len(named) + 1))
