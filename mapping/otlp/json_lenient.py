"""OTLP/JSON in which some values are not of the kinds that OTLP expects: text for a number, a list for an object.

One such value must not cost its neighbours. A value of an attribute is kept as it came; what else is wrong of a span,
record, resource or scope becomes its attribute `vectadb.malformed`, by the fields' names. Spans, records, resources and
scopes that are no objects are None, for the mapping to reject. Numbers are left as they are: the mapping reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from mapping.otlp.json_messages import (
    AnyValue,
    ArrayValue,
    AsIs,
    KeyValue,
    KeyValueList,
    Message,
    SpanEvent,
    SpanLink,
    Text,
)
from mapping.sanitize.changes import MALFORMED, Changes
from mapping.values import MAX_DEPTH, TEXT_DEPTH, TOO_DEEP, json_text

_MOST_LEVELS = MAX_DEPTH + TEXT_DEPTH

# What their span keeps of them where they are no objects.
_KEPT = (SpanEvent, SpanLink)

_M = TypeVar("_M", bound=Message)


class _Field(NamedTuple):
    """A field of a message: its names, the message that it holds if it holds one, and what else it is."""

    name: str
    key: str
    message: type[Message] | None
    is_list: bool
    is_text: bool
    is_raw: bool


def read(kind: type[_M], given: dict[str, Any], changes: Changes) -> _M:
    """Return a message from decoded JSON. What is of a wrong kind is kept, and counted in `changes`."""
    return _message(kind, given, {}, "", changes)


def _message(kind: type[_M], given: dict[str, Any], holder: dict[str, Any], path: str, changes: Changes) -> _M:
    """Read a message. What is wrong of one without attributes is kept by its `holder`, under its `path`."""
    values: dict[str, Any] = {}
    fields = _fields(kind)
    own, path = ({}, "") if "attributes" in kind.__struct_fields__ else (holder, path)
    for field in fields:
        value = given.get(field.key)
        if value is None:
            continue
        key = path + field.key
        if field.message is KeyValue:
            values[field.name] = _pairs(value, key, changes)
        elif field.message is AnyValue:
            values[field.name] = _value(value, key, changes)
        elif field.message is not None and field.is_list:
            values[field.name] = _list(field.message, value, own, key, changes)
        elif field.message is not None:
            values[field.name] = _inner(field.message, value, own, key, changes)
        elif field.is_text and not isinstance(value, str):
            changes.note(key, "text", value)
            values[field.name] = json_text(value)
        else:
            values[field.name] = msgspec.Raw(msgspec.json.encode(value)) if field.is_raw else value
    if own is not holder and own:
        values["attributes"] = values.get("attributes", []) + _kept(own)["attributes"]
    return kind(**values)


def _inner(kind: type[_M], given: Any, holder: dict[str, Any], key: str, changes: Changes) -> _M | None:
    """Read a message that another holds. What is none is kept: as an attribute of it where it has some."""
    if isinstance(given, dict):
        return _message(kind, given, holder, f"{key}.", changes)
    if "attributes" in kind.__struct_fields__:
        changes.note(key, "an object", given)
        return kind(**_kept(given))
    changes.keep(key, "an object", given, holder)
    return None


def _kept(value: Any) -> dict[str, list[KeyValue]]:
    return {"attributes": [KeyValue(key=MALFORMED, value=AsIs(given=value))]}


def _list(kind: type[Message], given: Any, holder: dict[str, Any], key: str, changes: Changes) -> list[Message | None]:
    read_items: list[Message | None] = []
    for place, item in enumerate(given if isinstance(given, list) else [given]):
        if isinstance(item, dict):
            read_items.append(_message(kind, item, holder, f"{key}[{place}].", changes))
        elif kind in _KEPT:
            changes.keep(f"{key}[{place}]", "an object", item, holder)
        else:
            read_items.append(None)
    return read_items


def _pairs(given: Any, key: str, changes: Changes, levels: int = _MOST_LEVELS) -> list[KeyValue]:
    """Read a list of KeyValue. What is none of it is kept under its place in the list."""
    if isinstance(given, dict):
        changes.note(key, "a list of KeyValue", given)
        return [
            KeyValue(key=name, value=_value(value, f"{key}.{name}", changes, levels)) for name, value in given.items()
        ]
    pairs: list[KeyValue] = []
    for place, pair in enumerate(given if isinstance(given, list) else [given]):
        at = f"{key}[{place}]"
        if not isinstance(pair, dict):
            changes.note(at, "a KeyValue", pair)
            pairs.append(KeyValue(key=f"[{place}]", value=AsIs(given=pair)))
            continue
        name = pair.get("key")
        if name is not None and not isinstance(name, str):
            changes.note(f"{at}.key", "text", name)
            name = json_text(name)
        value = pair.get("value")
        pairs.append(KeyValue(key=name, value=None if value is None else _value(value, f"{at}.value", changes, levels)))
    return pairs


def _value(given: Any, key: str, changes: Changes, levels: int = _MOST_LEVELS) -> AnyValue:
    if levels < 0:
        return AsIs(given=TOO_DEEP)
    if not isinstance(given, dict):
        changes.note(key, "an AnyValue", given)
        return AsIs(given=given)
    for field, (expected, read_kind) in _KINDS.items():
        if (value := given.get(field)) is not None:
            if (found := read_kind(value, f"{key}.{field}", changes, levels)) is not None:
                return found
            changes.note(f"{key}.{field}", expected, value)
            return AsIs(given=value)
    return AnyValue()


def _array(given: Any, key: str, changes: Changes, levels: int) -> AnyValue | None:
    values = _listed(given)
    if not isinstance(values, list):
        return None
    items = [_value(inner, f"{key}.values[{place}]", changes, levels - 1) for place, inner in enumerate(values)]
    return AnyValue(array_value=ArrayValue(values=items))


def _map(given: Any, key: str, changes: Changes, levels: int) -> AnyValue | None:
    values = _listed(given)
    if values is None:
        return None
    pairs = _pairs(values, f"{key}.values", changes, levels - 1)
    return AnyValue(kvlist_value=KeyValueList(values=pairs))


def _listed(given: Any) -> Any:
    """Return what a list or a map of AnyValue lists, None if it is no object."""
    if not isinstance(given, dict):
        return None
    values = given.get("values")
    return [] if values is None else values


_Read = Callable[[Any, str, Changes, int], AnyValue | None]


def _plain(field: str, *kinds: type) -> _Read:
    """Return a function that reads a value of one of these kinds. A boolean is no number."""

    def read_plain(given: Any, _key: str, _changes: Changes, _levels: int) -> AnyValue | None:
        return AnyValue(**{field: given}) if type(given) in kinds else None

    return read_plain


# How each kind of AnyValue is read, and what is expected, in the order in which one of several counts. Text for a
# number is read by the mapping.
_KINDS: dict[str, tuple[str, _Read]] = {
    "stringValue": ("text", _plain("string_value", str)),
    "intValue": ("an integer", _plain("int_value", int, float, str)),
    "boolValue": ("true or false", _plain("bool_value", bool)),
    "doubleValue": ("a number", _plain("double_value", int, float, str)),
    "bytesValue": ("base64", _plain("bytes_value", str)),
    "arrayValue": ("an object with a list `values`", _array),
    "kvlistValue": ("an object with a list `values`", _map),
}


@cache
def _fields(kind: type[Message]) -> list[_Field]:
    fields: list[_Field] = []
    for field in msgspec.structs.fields(kind):
        kinds = [one for one in (get_args(field.type) or [field.type]) if one is not type(None)]
        lists = [get_args(one)[0] for one in kinds if get_origin(one) is list]
        message = next((one for one in (*lists, *kinds) if isinstance(one, type) and issubclass(one, Message)), None)
        fields.append(
            _Field(field.name, field.encode_name, message, bool(lists), field.type == Text, field.type is msgspec.Raw)
        )
    return fields
