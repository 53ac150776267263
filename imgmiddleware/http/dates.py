"""HTTP-date (RFC 9110, section 5.6.7)."""

import re
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DAY, _YEAR = r"(?P<day>[0-9]{2})", r"(?P<year>[0-9]{4})"

#: IMF-fixdate, the form of RFC 850, that of asctime: case-sensitive, single spaces, always GMT.
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?:{_DAYS}), {_DAY} {_MONTH} {_YEAR} {_TIME} GMT",
        rf"(?:{_LONG_DAYS}), {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        rf"(?:{_DAYS}) {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} {_YEAR}",
    )
)


def http_date(field: str | None) -> int | None:
    """The seconds since the epoch of an HTTP-date in one of its three forms; None for others."""
    for form in _FORMS if field else ():
        found = form.fullmatch(field or "")
        if found is not None:
            return _seconds(found.groupdict())
    return None


@lru_cache  # an original's time, once for all its results
def imf_date(seconds: int) -> str:
    """The HTTP-date in its preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(seconds, usegmt=True)


def _seconds(parts: dict[str, str]) -> int | None:
    numbers = {name: int(text) for name, text in parts.items() if name != "month"}
    month = _MONTHS.index(parts["month"]) + 1
    year = numbers["year"] if len(parts["year"]) == 4 else _century(numbers["year"])
    if numbers["second"] > 60:
        return None
    try:
        minute = datetime(
            year, month, numbers["day"], numbers["hour"], numbers["minute"], tzinfo=UTC
        )
    except ValueError:  # the 30th of February
        return None
    return int(minute.timestamp()) + numbers["second"]  # 60 is a leap second


def _century(year: int) -> int:
    """The year of its last two digits; over 50 years ahead, it is of the century before."""
    now = datetime.now(UTC).year
    full = now - now % 100 + year
    return full - 100 if full > now + 50 else full
