"""Pictures that are made before a client asks: for which clients, and for whom."""

from copy import copy
from dataclasses import replace

from imgmiddleware.formats.results import RESULTS
from imgmiddleware.service.admission.deadline import WaitLimit
from imgmiddleware.service.originals.originals import Originals
from imgmiddleware.service.originals.permission import Permission
from imgmiddleware.service.recall import Recall
from imgmiddleware.service.service import ImageService
from imgmiddleware.service.signatures import Signatures
from imgmiddleware.settings import Settings

#: Seconds for which a slow source may keep this waiting. No server has a thread that could wait so
#: long.
_PATIENCE = 24 * 60 * 60.0


def for_operator(service: ImageService) -> ImageService:
    """The same service, with the same caches, for its operator.

    It does not call `authorize`, asks for no signature, and waits for a slow source: the pictures
    are made beforehand to spare the next request that wait.

    >>> import numpy as np
    >>> from imgmiddleware import ImageRequest
    >>> black = np.zeros((300, 400), np.uint8)
    >>> service = ImageService(lambda id: black, authorize=lambda request: False)
    >>> request = ImageRequest("GET", "/image/black", "w=100")
    >>> service.handle(request).status, for_operator(service).handle(request).status
    (403, 200)
    """
    settings = replace(
        service.settings, authorize=None, require_signature=False, source_timeout=_PATIENCE
    )
    limit = WaitLimit(settings.max_waiting)
    own = copy(service)
    own._permission = Permission(settings)
    own._signatures = Signatures(settings)
    own._recall = Recall(settings, service._grammar.settled)  # what was allowed here is no link's
    own._originals = Originals(service.source, settings, own._recall, limit)
    own._overlays = service._overlays.opened_by(own._originals, own._permission)
    return own


def down(service: ImageService) -> list[str]:
    """The places of results that could not be used when that was tried last."""
    return service._pictures.results.down()


def accept_fields(settings: Settings) -> tuple[str, ...]:
    """The values of Accept, one for each kind of client that gets pictures of its own.

    A client that names the first of `formats` names those after it too; older clients name fewer.

    >>> accept_fields(Settings())
    ('image/avif,image/webp,*/*', 'image/webp,*/*', '*/*')
    >>> accept_fields(Settings(formats=()))
    ('*/*',)
    """
    named = [RESULTS[name].media_type for name in settings.formats]
    return tuple(",".join((*named[first:], "*/*")) for first in range(len(named) + 1))
