"""The limits of a request and of what is kept of it: items, attributes, characters, levels."""

from __future__ import annotations

import re

import msgspec

from mapping.errors import Code, Problem
from mapping.values import MAX_DEPTH


class Limits(msgspec.Struct, frozen=True):
    """The limits. The defaults let through what real clients send, a Collector's 20 MiB of short log lines included."""

    # Spans, span events, log records or JSON events of a request; more are refused. 20 MiB hold as many of 100 bytes.
    items: int = 200_000
    # Of one record or resource, and entries of a list or map in it. OpenTelemetry's SDKs stop at 128; messages written
    # out key by key make thousands.
    attributes: int = 10_000
    # Characters of a text (or a key), bytes of a byte string, characters of a list or map as JSON.
    value_length: int = 1024 * 1024
    # Levels that lists and maps may nest in a value; deeper ones are kept as JSON text. The stores take no more.
    nesting: int = MAX_DEPTH


DEFAULT_LIMITS = Limits()

_MARKER = re.compile(r"… \[cut, (\d{1,20} characters)\]\Z")


def check_items(count: int, limits: Limits) -> None:
    """Raise Problem (RESOURCE_EXHAUSTED) if a request holds more items than the limit."""
    if count > limits.items:
        raise Problem(
            Code.RESOURCE_EXHAUSTED,
            f"body: expected at most {limits.items} items (spans and their events, log records, events); "
            "send smaller batches, or raise limits.items",
        )


def cut(text: str, length: int, whole: str | None = None) -> str:
    """Return the first `length` characters and a marker with the original length, even if the text was cut before."""
    if whole is None:
        match = _MARKER.search(text, max(0, len(text) - 60))
        whole = match[1] if match else f"{len(text)} characters"
    return f"{text[:length]}… [cut, {whole}]"
