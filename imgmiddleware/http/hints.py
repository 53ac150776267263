"""Client hints (RFC 8942, Responsive Image Client Hints, Save-Data), each in a few steps.

A client may send any number. Taken as it is, it would give each client a picture of its own, with
an entry of its own in each cache on the way. So the number is rounded up to a step.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

#: Each hint, as the option `client_hints` names it, with the headers for it, the newest first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "width": ("Sec-CH-Width", "Width"),
    "dpr": ("Sec-CH-DPR", "DPR"),
    "save-data": ("Save-Data",),
}

#: Widths in device pixels.
WIDTHS = (160, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3200, 3840)
#: Device pixels for each CSS pixel.
DENSITIES = ("1", "1.5", "2", "3")
#: The part that Save-Data takes from `q`. Of 75 it leaves 50, which has 0.5 to 0.7 of the bytes.
SAVED_QUALITY = 25

#: sf-integer and sf-decimal (RFC 8941, sections 3.3.1 and 3.3.2), above 0.
_INTEGER = re.compile(r"[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?", re.ASCII)


class Hints(NamedTuple):
    """The hints of a client, rounded to steps. None and False: the client gives no hint."""

    width: int | None  # of the picture, in device pixels
    density: str | None
    saves_data: bool


def read(
    heeded: Collection[str], headers: Mapping[str, str], widths: Sequence[int] = WIDTHS
) -> Hints:
    """The hints of a request. Hints that are not `heeded` are left out."""
    return Hints(
        width(headers, widths) if "width" in heeded else None,
        density(headers) if "dpr" in heeded else None,
        "save-data" in heeded and saves_data(headers),
    )


def accept_ch(names: Sequence[str]) -> str:
    """Accept-CH, which asks a browser for hints. It sends Save-Data unasked. May be empty."""
    return ", ".join(FIELDS[name][0] for name in names if name != "save-data")


def width(headers: Mapping[str, str], steps: Sequence[int] = WIDTHS) -> int | None:
    """The width at which the picture will be shown, rounded up to a step, at most the last."""
    wanted = _item(headers, "width", _INTEGER)
    if wanted is None or not float(wanted):
        return None
    return steps[min(bisect_left(steps, int(wanted)), len(steps) - 1)]


def density(headers: Mapping[str, str]) -> str | None:
    """The density of the client's screen, rounded up to one of `DENSITIES`, at most the last."""
    wanted = _item(headers, "dpr", _DECIMAL)
    if wanted is None or not float(wanted):
        return None
    return next((step for step in DENSITIES if float(step) >= float(wanted)), DENSITIES[-1])


def saves_data(headers: Mapping[str, str]) -> bool:
    """Whether the client asks for fewer bytes, by the token `on`."""
    tokens = re.split("[;,]", headers.get("save-data", ""))
    return "on" in (token.strip(" \t").lower() for token in tokens)


def _item(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str | None:
    """The bare item of the newest header that has one. If a header came twice, the last counts."""
    for field in FIELDS[name]:
        last = headers.get(field.lower(), "").rpartition(",")[2]
        item = last.partition(";")[0].strip(" \t")
        if form.fullmatch(item):
            return item
    return None
