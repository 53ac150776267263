"""What a worker is told when it is started."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from imgmiddleware.formats.format import Format
from imgmiddleware.formats.result_format import ResultFormat


@dataclass(frozen=True, kw_only=True)
class Start:
    """It is sent as a pickle: functions go by their names, by which their modules are imported."""

    options: Mapping[str, Any]
    opened: Collection[str]  # names of formats of originals
    formats: tuple[Format, ...]  # and the records of all, with those that the application has
    results: tuple[ResultFormat, ...]
    operations: tuple[Callable[..., Any], ...]  # the application's own
    parts: int  # of its `decoded_bytes`, one of which an original may take
    memory: int  # bytes that it may take beside what it has when it is warm
    file_size: int  # and those of a file that it is given to write a pyramid to; 0: it writes none
