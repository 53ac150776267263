"""From a request to an answer: the order of the steps, the limits, and what is kept in between."""

from imgmiddleware.service.service import ImageService, as_service
from imgmiddleware.service.work import Work

__all__ = ["ImageService", "Work", "as_service"]
