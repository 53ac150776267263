"""What a service tells an observer, and two observers: `.prometheus` and `.otel`, which are extras.

The files of these two are imported by nobody else, as each needs a library of its own.
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
