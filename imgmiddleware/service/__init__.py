"""From a request to an answer: the order of the steps, the limits, and the caches in between."""

from imgmiddleware.service.given import application, as_service, mounted
from imgmiddleware.service.making.info import Info
from imgmiddleware.service.pages.markup import Picture
from imgmiddleware.service.service import ID, ImageService
from imgmiddleware.service.work import Work

__all__ = ["ID", "ImageService", "Info", "Picture", "Work", "application", "as_service", "mounted"]
