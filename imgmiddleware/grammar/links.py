"""Links: a path and parameters as the text of a URL."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from imgmiddleware.operations.stages import OWNERS

#: The names in Python of the parameters that have hyphens.
_NAMES = {name.replace("-", "_"): name for name in OWNERS if "-" in name}


def spelled(parameters: Mapping[str, object]) -> dict[str, str]:
    """The parameters as they stand in a query: `True` is 1, and `mark_w` is `mark-w`."""
    return {
        _NAMES.get(name, name): str(int(value)) if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
    }


def written(path: str, query: Mapping[str, str]) -> str:
    return quote(path) + (f"?{urlencode(query, safe=',')}" if query else "")
