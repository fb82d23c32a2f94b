"""Values as SurrealDB's CBOR, encoded by cbor2: this takes 5-9 us an event; the SDK's own encoder takes 60-90.

A request is `{id, method, params: [query, variables]}`; SurrealDB's types are CBOR tags
(https://surrealdb.com/docs/surrealdb/integration/cbor). Read back, a record id becomes the id alone, a datetime its
nanoseconds since 1970, and both NONE and NULL become None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import cbor2

from mapping.times import NS
from mapping.values import INT64_MAX, INT64_MIN

_NONE, _RECORD_ID, _DATETIME = 6, 8, 12


# No value; None is encoded as NULL, which is one.
NONE = cbor2.CBORTag(_NONE, None)


class Encoded(NamedTuple):
    """A value that is encoded already."""

    cbor: bytes


def record(table: str, record_id: str | list[str] | list[str | int]) -> cbor2.CBORTag:
    return cbor2.CBORTag(_RECORD_ID, [table, record_id])


def datetime(nanoseconds: int) -> cbor2.CBORTag:
    return cbor2.CBORTag(_DATETIME, list(divmod(nanoseconds, NS)))


def int64(value: int) -> int:
    """Return the nearest 64-bit integer. Of a larger one SurrealDB would store the low 64 bits, without an error."""
    return max(INT64_MIN, min(value, INT64_MAX))


def encode(value: Any) -> bytes:
    """Encode a value. Raises ValueError for text that UTF-8 cannot encode, and for types that CBOR does not have."""
    try:
        return cbor2.dumps(value)
    except (cbor2.CBOREncodeError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def fields(row: Mapping[str, Any]) -> tuple[int, bytes]:
    """Encode a row's fields without the map around them. Return their number, and the encoded keys and values."""
    encoded = encode(row)
    return len(row), encoded[len(_head(0xA0, len(row))) :]


def row(*parts: tuple[int, bytes]) -> bytes:
    """Join the parts of a row, which are from `fields`."""
    return _head(0xA0, sum(count for count, _ in parts)) + b"".join([encoded for _, encoded in parts])


def array(items: Iterable[bytes]) -> Encoded:
    items = list(items)
    return Encoded(_head(0x80, len(items)) + b"".join(items))


def request(request_id: str, query: str, variables: Mapping[str, Any]) -> bytes:
    """Encode a `query` request. Variables may be `Encoded`."""
    pairs = [
        encode(name) + (value.cbor if isinstance(value, Encoded) else encode(value))
        for name, value in variables.items()
    ]
    head = encode({"id": request_id, "method": "query"})
    params = b"\x82" + encode(query) + _head(0xA0, len(pairs)) + b"".join(pairs)
    return b"\xa3" + head[1:] + b"\x66params" + params


def decode(answer: bytes) -> Any:
    return cbor2.loads(answer, tag_hook=_untag)


def _untag(tag: cbor2.CBORTag, _immutable: bool = False) -> Any:
    if tag.tag == _RECORD_ID:
        return tag.value[1]
    if tag.tag == _DATETIME:
        seconds, nanoseconds = tag.value
        return seconds * NS + nanoseconds
    if tag.tag == _NONE:
        return None
    return tag.value


def _head(major: int, length: int) -> bytes:
    """Return the head of a text (0x60), array (0x80) or map (0xA0): RFC 8949, section 3."""
    if length < 24:
        return bytes([major | length])
    if length < 1 << 8:
        return bytes([major | 24, length])
    if length < 1 << 16:
        return bytes([major | 25]) + length.to_bytes(2, "big")
    return bytes([major | 26]) + length.to_bytes(4, "big")
