"""The old place of `imgmiddleware.forms`."""

import warnings

from imgmiddleware.forms import *  # noqa: F403 - whatever was here is there

warnings.warn(
    "imgmiddleware.operations.forms has moved: imgmiddleware.forms",
    DeprecationWarning,
    stacklevel=2,
)
