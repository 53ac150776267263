"""Pictures of pages that are written on an event loop."""

from functools import partial
from typing import Any

from anyio import to_thread

from imgmiddleware.service import ID, ImageService, Picture


async def picture(service: ImageService, id: ID, *, alt: str, **given: Any) -> Picture:
    """`service.picture(id, alt=alt, ...)` in a thread, as it opens the original, and makes its
    placeholder.

    >>> import asyncio
    >>> import numpy as np
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
    >>> asyncio.run(picture(service, "black", alt="All black", w=200)).height
    150
    """
    return await to_thread.run_sync(partial(service.picture, id, alt=alt, **given))
