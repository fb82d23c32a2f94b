"""Moments are whole nanoseconds since 1970 UTC, as in OpenTelemetry; RFC 3339 is read and written here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

NS = 1_000_000_000

# The range that both RFC 3339 (four-digit years) and the stores can represent.
EARLIEST = -62_135_596_800 * NS
LATEST = 253_402_300_800 * NS - 1

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?:([Zz])|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_rfc3339(text: str) -> int:
    """Read an RFC 3339 moment with its zone; digits past the ninth are dropped.

    Raises ValueError saying what was expected.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"expected RFC 3339 with a zone, such as 2026-01-07T19:00:00Z; got {text[:64]!r}")
    year, month, day, hour, minute, second, fraction, _, sign, zone_hours, zone_minutes = match.groups()
    leap = second == "60"  # RFC 3339 allows it; the moment after it is the same second
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), 59 if leap else int(second))  # noqa: DTZ001 - the zone is taken off below, where year 1 and 9999 cannot overflow
    except ValueError as error:
        raise ValueError(f"expected a moment that exists; got {text[:64]!r} ({error})") from None
    seconds = int((moment - datetime(1970, 1, 1)).total_seconds()) + leap  # noqa: DTZ001 - as above
    if sign:
        if int(zone_hours) > 23 or int(zone_minutes) > 59:
            raise ValueError(f"expected a zone of at most 23:59; got {text[:64]!r}")
        offset = int(zone_hours) * 3600 + int(zone_minutes) * 60
        seconds -= offset if sign == "+" else -offset
    nanoseconds = seconds * NS + int((fraction or "").ljust(9, "0"))
    if not EARLIEST <= nanoseconds <= LATEST:
        raise ValueError(f"expected a moment between the years 1 and 9999 UTC; got {text[:64]!r}")
    return nanoseconds


def format_rfc3339(nanoseconds: int) -> str:
    """Write a moment in UTC with nine digits: `2026-01-07T19:00:00.000000000Z`."""
    seconds, fraction = divmod(nanoseconds, NS)
    return f"{_second(seconds)}.{fraction:09d}Z"


@lru_cache(maxsize=1_024)  # a list's moments are often of the same seconds, and writing one takes 4 us
def _second(seconds: int) -> str:
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}".rjust(19, "0")
