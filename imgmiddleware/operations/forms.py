"""The old place of `imgmiddleware.forms`."""

import warnings

from imgmiddleware.forms import *  # noqa: F403 - the old place keeps all its names

warnings.warn(
    "imgmiddleware.operations.forms has moved: imgmiddleware.forms",
    DeprecationWarning,
    stacklevel=2,
)
