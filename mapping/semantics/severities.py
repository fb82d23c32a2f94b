"""What loggers call the severity of a line, by word and by number, as OpenTelemetry's names.

https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber: four numbers a name, INFO to INFO4.
CRITICAL is the highest level of Python and .NET, so that syslog's ALERT and EMERGENCY, which are worse, are above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
NAMES = [f"{name}{step}" for name in LEVELS for step in ("", 2, 3, 4)]

_WORDS = {
    "TRACE": "T TRC TRCE V VRB VERBOSE SILLY FINEST ALL",
    "DEBUG": "D DBG DBUG FINER",
    "DEBUG2": "FINE",
    "DEBUG3": "CONFIG",
    "INFO": "I INF INFORMATION INFORMATIONAL LOG DEFAULT HTTP",
    "INFO2": "NOTICE SUCCESS",
    "WARN": "W WRN WARNING",
    "ERROR": "E ERR FAIL SEVERE",
    "ERROR2": "DPANIC",
    "FATAL": "F FTL C CRIT CRITICAL",
    "FATAL2": "ALERT",
    "FATAL3": "PANIC",
    "FATAL4": "EMERG EMERGENCY",
}
_OF_WORD = dict(zip(NAMES, NAMES, strict=True)) | {
    word: name for name, words in _WORDS.items() for word in words.split()
}
# Go's slog writes what lies between two of its levels as their distance: WARN+2.
_BETWEEN = re.compile(r"([A-Z]+)\+([123])")


def _ranges(numbers: dict[int, str]) -> dict[int, str]:
    """Return the numbers with those between: a level of one's own stands for the one below it."""
    known = sorted(numbers)
    ends = [*known[1:], known[-1] + 10]
    return {n: numbers[start] for start, end in zip(known, ends, strict=True) for n in range(start, end)}


# pino and bunyan.
_PINO = _ranges({10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"})
# Python's logging, and loguru, which has TRACE and SUCCESS besides.
_PYTHON = _ranges({5: "TRACE", 10: "DEBUG", 20: "INFO", 25: "INFO2", 30: "WARN", 40: "ERROR", 50: "FATAL"})
# Microsoft.Extensions.Logging; Application Insights; Google Cloud's LogSeverity; OpenTelemetry's own.
_DOTNET = dict(enumerate(LEVELS))
_INSIGHTS = dict(enumerate(("TRACE", "INFO", "WARN", "ERROR", "FATAL")))
_GOOGLE = {
    100: "DEBUG",
    200: "INFO",
    300: "INFO2",
    400: "WARN",
    500: "ERROR",
    600: "FATAL",
    700: "FATAL2",
    800: "FATAL4",
}
_OTEL = dict(enumerate(NAMES, start=1))
# Syslog (RFC 5424), journald and GELF: the most severe is 0.
_SYSLOG = dict(enumerate(("FATAL4", "FATAL2", "FATAL", "ERROR", "WARN", "INFO2", "INFO", "DEBUG")))

# Where structured logs and attributes have the level, and the numbers it may have there; the first that is one counts.
_PLACES: tuple[tuple[tuple[str, ...], Mapping[int, str]], ...] = (
    (("severityText",), {}),
    (("SeverityText",), {}),
    (("severity_text",), {}),
    (("severityNumber",), _OTEL),
    (("severity_number",), _OTEL),
    (("severity",), _GOOGLE),
    (("level",), _PINO),
    (("levelname",), {}),
    (("log.level",), {}),
    (("log", "level"), {}),
    (("record", "level", "name"), {}),  # loguru
    (("record", "level", "no"), _PYTHON),
    (("level", "name"), {}),
    (("levelno",), _PYTHON),
    (("level_number",), _PYTHON),  # structlog
    (("Level",), {}),  # Serilog
    (("@l",), {}),  # CLEF
    (("LogLevel",), _DOTNET),
    (("logLevel",), _DOTNET),
    (("loglevel",), {}),
    (("lvl",), {}),
    (("severityLevel",), _INSIGHTS),
    (("PRIORITY",), _SYSLOG),
    (("syslog.severity.code",), _SYSLOG),
    (("log", "syslog", "severity", "code"), _SYSLOG),
)
_KEYS = frozenset(path[0] for path, _ in _PLACES) | {"@t", "status"}
# Datadog's word for it, which others use for what came of something.
_STATUS = ("status", "message")
_NO_LEVELS = frozenset({"SUCCESS", "FAIL", "ALL", "DEFAULT"})
_GELF = ("short_message", "host", "level")
_WHOLE = re.compile(r"\d{1,3}", re.ASCII)


def level(word: str) -> str | None:
    """Return OpenTelemetry's name of a severity (`WARN`), or None if the word is not a severity."""
    word = word.strip().upper()
    if (name := _OF_WORD.get(word)) is not None:
        return name
    if (between := _BETWEEN.fullmatch(word)) and between[1] in LEVELS:
        return f"{between[1]}{int(between[2]) + 1}"
    return None


def level_in(sets: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the severity that sets of attributes name, the nearest first; None if none does."""
    return next((found for one in sets if one and (found := _level_in(one)) is not None), None)


def _level_in(attributes: Mapping[str, Any]) -> str | None:
    if _KEYS.isdisjoint(attributes):
        return None
    if all(key in attributes for key in _GELF):
        return _read(attributes["level"], _SYSLOG)
    for path, numbers in _PLACES:
        if path[0] in attributes and (found := _read(_at(attributes, path), numbers)) is not None:
            return found
    if "@t" in attributes and "@l" not in attributes and ("@m" in attributes or "@mt" in attributes):
        return "INFO"  # which CLEF leaves out
    if all(isinstance(attributes.get(key), str) for key in _STATUS):
        status = attributes["status"].strip().upper()
        return None if status in _NO_LEVELS else level(status)
    return None


def _read(value: object, numbers: Mapping[int, str]) -> str | None:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        return level(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return numbers.get(int(value))


def _at(attributes: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = attributes
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
