"""Ids are derived from what identifies a thing, so that a second delivery has the same id.

Event ids are name-based UUIDs (RFC 9562, version 5). Trace ids are 32 lower-case hex digits.
"""

from __future__ import annotations

import re
from hashlib import sha1
from uuid import UUID

NAMESPACE = UUID("6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b11")
_NAMESPACE_BYTES = NAMESPACE.bytes

_HEX32 = re.compile(r"[0-9a-fA-F]{32}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")

MAX_TRACE_ID = 200


def named(kind: str, *parts: str) -> str:
    """Return the name-based UUID of the thing of this kind that `parts` identify.

    Each part is preceded by its length, so that no two lists of parts collide. This is `uuid.uuid5` written out, since
    building a UUID object costs three times as much as the hash, and every event needs one.
    """
    name = kind + "".join([f"\n{len(part)}:{part}" for part in parts])
    digest = bytearray(sha1(_NAMESPACE_BYTES + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest())
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    digits = digest[:16].hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def event_id(given: str, project: str | None = None) -> str:
    """Take a client's own event id: a UUID is kept (lower case), any other string becomes its name-based UUID.

    `project` is that of the client's key: the same string of clients of two projects is two ids.
    """
    if _UUID.fullmatch(given):
        return given.lower()
    return named("event", given, *within(project))


def within(project: str | None) -> tuple[str, ...]:
    """Return what is added to the parts of a name that a client of this project chose; nothing where there is none."""
    return () if project is None else (project,)


def trace_id(given: str) -> str:
    """Take a client's trace id: 32 hex digits or a UUID become 32 lower-case digits, anything else stays as given."""
    if _HEX32.fullmatch(given) or _UUID.fullmatch(given):
        return given.replace("-", "").lower()
    return given


def made_trace_id(kind: str, name: str, project: str | None = None) -> str:
    """Return the trace id made here for a session of a project, or for an event without a trace id.

    It is derived from the names alone, so that several receivers make the same one without asking each other.
    """
    return named("trace", kind, name, *within(project)).replace("-", "")
