"""Client hints (RFC 8942, Responsive Image Client Hints, Save-Data), each in a few steps.

A hint is a number that a client may choose freely: taken as it is, every client would have a
picture, and an entry in each cache on the way, of its own. So it is rounded up to a step.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

#: Each hint by its name in the options: the headers that carry it, the newest first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "width": ("Sec-CH-Width", "Width"),
    "dpr": ("Sec-CH-DPR", "DPR"),
    "save-data": ("Save-Data",),
}

#: Widths in device pixels.
WIDTHS = (160, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3200, 3840)
#: Device pixels to a CSS pixel.
DENSITIES = ("1", "1.5", "2", "3")
#: By how much Save-Data lowers `q`. From 75 it leaves 50, at 0.5 to 0.7 of the bytes.
SAVED_QUALITY = 25

#: sf-integer and sf-decimal (RFC 8941, sections 3.3.1 and 3.3.2), above 0.
_INTEGER = re.compile(r"[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?", re.ASCII)


class Hints(NamedTuple):
    """What a client says, in steps; None, and False, where it says nothing."""

    width: int | None  # of the picture, in device pixels
    density: str | None
    saves_data: bool


def read(
    heeded: Collection[str], headers: Mapping[str, str], widths: Sequence[int] = WIDTHS
) -> Hints:
    """All that a request's hints can change about its answer; those not `heeded` say nothing."""
    return Hints(
        width(headers, widths) if "width" in heeded else None,
        density(headers) if "dpr" in heeded else None,
        "save-data" in heeded and saves_data(headers),
    )


def accept_ch(names: Sequence[str]) -> str:
    """Accept-CH: what a browser is asked to send; Save-Data it sends unasked. May be empty."""
    return ", ".join(FIELDS[name][0] for name in names if name != "save-data")


def width(headers: Mapping[str, str], steps: Sequence[int] = WIDTHS) -> int | None:
    """The width that the picture will be shown at, as the next of `steps`, at most the last."""
    wanted = _item(headers, "width", _INTEGER)
    if wanted is None or not float(wanted):
        return None
    return steps[min(bisect_left(steps, int(wanted)), len(steps) - 1)]


def density(headers: Mapping[str, str]) -> str | None:
    """The next of `DENSITIES`, at most the last."""
    wanted = _item(headers, "dpr", _DECIMAL)
    if wanted is None or not float(wanted):
        return None
    return next((step for step in DENSITIES if float(step) >= float(wanted)), DENSITIES[-1])


def saves_data(headers: Mapping[str, str]) -> bool:
    """Whether the client would rather have fewer bytes: the token `on`."""
    tokens = re.split("[;,]", headers.get("save-data", ""))
    return "on" in (token.strip(" \t").lower() for token in tokens)


def _item(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str | None:
    """The bare item of the newest header that has one. Of a repeated header the last counts."""
    for field in FIELDS[name]:
        last = headers.get(field.lower(), "").rpartition(",")[2]
        item = last.partition(";")[0].strip(" \t")
        if form.fullmatch(item):
            return item
    return None
