"""From a request to an answer: the order of the steps, the limits, and what is kept in between."""

from imgmiddleware.service.given import application, as_service, mounted
from imgmiddleware.service.service import ImageService
from imgmiddleware.service.work import Work

__all__ = ["ImageService", "Work", "application", "as_service", "mounted"]
