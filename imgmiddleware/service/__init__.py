"""From a request to an answer: the order of the steps, the limits, and what is kept in between."""

from imgmiddleware.service.service import ImageService, Work, as_service

__all__ = ["ImageService", "Work", "as_service"]
