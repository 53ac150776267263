"""The messages of a service to an observer, and two observers: `.prometheus` and `.otel`, which are
extras.

No other module imports these two, as each needs a library of its own.
"""

from imgmiddleware.observing.observation import (
    Gauges,
    Observation,
    Observer,
    Observers,
    Step,
)

__all__ = [
    "Gauges",
    "Observation",
    "Observer",
    "Observers",
    "Step",
]
