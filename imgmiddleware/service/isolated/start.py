"""The message that starts a worker."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat


@dataclass(frozen=True, kw_only=True)
class Start:
    """It is sent as a pickle: functions go by name, and the worker imports their modules."""

    options: Mapping[str, Any]
    opened: Collection[str]  # names of formats of originals
    formats: tuple[Format, ...]  # the records of all formats, also the application's
    results: tuple[ResultFormat, ...]
    operations: tuple[Callable[..., Any], ...]  # the application's own
    parts: int  # of its `decoded_bytes`, one of which an original may take
    memory: int  # bytes that it may take beside those that it has when warm
    file_size: int  # bytes of a pyramid that it may write; 0: it writes none
