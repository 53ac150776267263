"""The old place of `imgmiddleware.service.timing`."""

import warnings

from imgmiddleware.service.timing import step

__all__ = ["step"]

warnings.warn(
    "imgmiddleware.timing has moved: imgmiddleware.service.timing", DeprecationWarning, stacklevel=2
)
