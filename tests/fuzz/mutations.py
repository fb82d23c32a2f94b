"""Mutations of bytes and of JSON. All randomness comes from the `Random` passed in, so that a seed repeats it."""

from __future__ import annotations

import json
from random import Random
from typing import Any


class Raw(str):
    """JSON text that is written as it is: what no encoder would write."""

    __slots__ = ()


class Pairs(list[list[Any]]):
    """A JSON object as its [key, value] pairs, so that a key may come twice."""


def read_json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=lambda pairs: Pairs([key, value] for key, value in pairs))


def write_json(value: Any, *, ascii_only: bool = True) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        members = (f"{_text(key, ascii_only)}:{write_json(inner, ascii_only=ascii_only)}" for key, inner in value)
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(inner, ascii_only=ascii_only) for inner in value) + "]"
    return _text(value, ascii_only)


def _text(value: Any, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


def _nested(depth: int, opening: str, closing: str) -> Raw:
    return Raw(opening * depth + "1" + closing * depth)


def _members(key: str, *values: str) -> tuple[Raw, ...]:
    """Return objects of one member each."""
    return tuple(Raw(f'{{"{key}":{value}}}') for value in values)


TEXTS = (
    *(
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "\U0001f6eb",
        "\ufeff",
        "\x1b[31m",
        "\u202e",
        "\x85\u2028",
        "é" * 300,
    ),
    *("0" * 32, "0" * 16, "g" * 32, "F" * 32, "f" * 31, "٣" * 32, " " * 32, "5b8efff7-9803-8103-d269-b633813fc60c"),
    *("NaN", "-Infinity", "infinity", "1e3", "0x10", " 1", "1_000", "-0", "1.5", "9" * 39, "9" * 5000, "٣"),
    *("9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775809"),
    *(
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999999-14:00",
        "2026-02-30T00:00:00Z",
    ),
    *("2016-12-31T23:59:60Z", "2026-01-07T24:00:00Z", "1677-01-01T00:00:00Z", "2263-01-01T00:00:00Z", "2026-01-07"),
    *("AA=", "====", "_-_-", "A", "SPAN_KIND_CLIENT", "STATUS_CODE_ERROR", "SEVERITY_NUMBER_WARN2", "span_kind_client"),
    *(
        "agent_event:⟨x⟩",
        "type::thing('a', 1)",
        "'; REMOVE TABLE agent_event; --",
        "$trace_id",
        "r'a:b'",
        "`",
        "\\u0000",
    ),
    *("tool_call", "error", "ok", "a.b.c", "a..b", ".", "__proto__", "id", "in", "out", "NONE", "NULL", "true"),
    *("x" * 9_000, "line\n" * 400, '{"a":' * 40 + "1" + "}" * 40, "[" * 3_000, "<script>", "%00%ff", "../../etc"),
)
NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 127, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40),
    *(0.5, -0.0, 1e308, 5e-324, 1.7e18, 253402300800 * 10**9, -62135596801 * 10**9),
    *(Raw("1e400"), Raw("-1e400"), Raw("1E-400"), Raw("1" + "0" * 400), Raw("0." + "3" * 400), Raw("-0"), Raw("1e18")),
    *(Raw("1e+30"), Raw("1.0"), Raw("1767812400000000000.0"), Raw("1.767812400e18")),
    *(Raw("NaN"), Raw("Infinity"), Raw("01"), Raw("+1"), Raw(".5"), Raw("1."), Raw("0x1")),
)
SHAPES: tuple[Any, ...] = (
    *(None, True, False, Raw("{}"), Raw("[]"), Raw("[null]"), Raw('{"":null}'), Raw("[[]]"), Raw(""), Raw("undefined")),
    *(_nested(31, "[", "]"), _nested(33, "[", "]"), _nested(150, "[", "]"), _nested(3_000, "[", "]")),
    *(_nested(33, '{"a":', "}"), _nested(1_100, '{"a":', "}"), _nested(40, '{"arrayValue":{"values":[', "]}}")),
    _nested(33, '{"kvlistValue":{"values":[{"key":"k","value":', "}]}}"),
    _nested(500, '{"arrayValue":{"values":[', "]}}"),
    Raw('{"intValue":"1","stringValue":"s","arrayValue":{},"kvlistValue":{}}'),
    Raw('{"doubleValue":"NaN"}'),
    # What exporters come near to: numbers as floats, null for NaN, a kind that is not the field's.
    *_members("intValue", "1.5", "1e+30", "null", "true", '"1.0"', '"x"', "[1]", "1e999"),
    *_members("doubleValue", "null", '"1.5"', '"x"', "true", "{}", '"Infinity"'),
    *_members("boolValue", '"true"', "1", "null", '"x"'),
    *_members("stringValue", "1", "null", "{}", "[]", "false", '"\\ud800"'),
    *_members("bytesValue", "1", '"no base64!"', '"A"', "null", "[1,2]"),
    *_members("arrayValue", "[1]", "null", '{"values":{}}', '{"values":[1]}', '"x"'),
    *_members("kvlistValue", "[1]", '{"a":1}', '{"values":[{"value":1},{"key":1},1]}', "0"),
    Raw('{"bytesValue":"AAEC/w"}'),
    Raw('{"arrayValue":{"values":[null,{},{"intValue":9223372036854775808}]}}'),
    Raw('"\\ud800\\udc00\\ud800"'),
    Raw('"\\u0000"'),
    Raw('"\\x"'),
)
KEYS = (
    *("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "name", "kind", "attributes", "events", "links"),
    *("status", "code", "body", "key", "value", "stringValue", "intValue", "doubleValue", "boolValue", "bytesValue"),
    *("arrayValue", "kvlistValue", "values", "resource", "scope", "resourceSpans", "resourceLogs", "scopeSpans"),
    *("scopeLogs", "spans", "logRecords", "timeUnixNano", "startTimeUnixNano", "endTimeUnixNano", "severityNumber"),
    *("timestamp", "properties", "session_id", "agent_id", "event_type", "event_id", "source", "log_id", "metadata"),
    *("context", "options", "auto_create_traces", "generate_embeddings", "extract_relationships", "traceState"),
    *("gen_ai.conversation.id", "session.id", "gen_ai.agent.name", "gen_ai.usage.input_tokens", "exception.type"),
    *("gen_ai.operation.name", "gen_ai.tool.name", "error.type", "password", "authorization", "service.name"),
)


def value(random: Random) -> Any:
    return random.choice(random.choice((TEXTS, TEXTS, NUMBERS, SHAPES)))


def text(random: Random) -> str:
    return random.choice(TEXTS) if random.random() < 0.8 else "".join(random.choices("aé\0\ud800\U0001f6eb.:/\n", k=9))


def mutate_json(tree: Any, random: Random) -> Any:
    """Change one to some places of a tree of `read_json`, in place. Returns the tree."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        places = list(_places(tree))
        if not places:
            return value(random)
        container, at = random.choice(places)
        random.choice(_JSON_MUTATIONS)(container, at, places, random)
    return tree


def _places(tree: Any) -> Any:
    """Every (container, position) of the tree; that of a pair's value is (pair, 1)."""
    if isinstance(tree, Pairs):
        for pair in tree:
            yield pair, 1
            yield from _places(pair[1])
    elif isinstance(tree, list):
        for at, inner in enumerate(tree):
            yield tree, at
            yield from _places(inner)


def _replace(container: Any, at: int, _places: Any, random: Random) -> None:
    container[at] = value(random)


def _rename(container: Any, at: int, places: Any, random: Random) -> None:
    pairs = [inner for inner, position in places if position == 1 and len(inner) == 2 and isinstance(inner[0], str)]
    if pairs:
        random.choice(pairs)[0] = random.choice(KEYS) if random.random() < 0.7 else text(random)
    else:
        container[at] = value(random)


def _copy_elsewhere(container: Any, at: int, places: Any, random: Random) -> None:
    other, position = random.choice(places)
    # Through text: a tree that holds itself could not be written.
    container[at] = Raw(write_json(other[position]))


def _grow(container: Any, at: int, _places: Any, random: Random) -> None:
    inner = container[at]
    if isinstance(inner, Pairs):
        inner.append([random.choice(KEYS) if random.random() < 0.6 else text(random), value(random)])
    elif isinstance(inner, list):
        inner.insert(random.randint(0, len(inner)), value(random))
    else:
        container[at] = [inner, value(random)]


def _shrink(container: Any, at: int, _places: Any, random: Random) -> None:
    inner = container[at]
    if isinstance(inner, list) and inner:
        del inner[random.randrange(len(inner))]
    else:
        container[at] = None


def _repeat(container: Any, at: int, _places: Any, random: Random) -> None:
    inner = container[at]
    if not isinstance(inner, list) or not inner:
        container[at] = [inner] * 3
        return
    # As text: what is shared would grow everywhere at once. As a whole the request stays below the receiver's limit.
    first = inner[0]
    copy = [first[0], Raw(write_json(first[1]))] if isinstance(inner, Pairs) else Raw(write_json(first))
    times = min(random.choice((1, 2, 50, 400)), 100_000 // (len(copy[1] if isinstance(copy, list) else copy) + 1))
    inner.extend(list(copy) if isinstance(copy, list) else copy for _ in range(times))


_JSON_MUTATIONS = (_replace, _replace, _replace, _rename, _copy_elsewhere, _grow, _grow, _shrink, _repeat)


_TOKENS = (
    *(b"\0", b"\xff", b"\xff" * 10, b"\x80" * 11, b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"\\u0000", b","),
    *(
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"null",
        b"1e999",
        b"-",
        b"\r\n",
        b"\xff\xff\xff\xff\x0f",
    ),
    *(b"\x0a\xff\xff\xff\xff\x07", b"\x0b", b"\x0c", b"\x0d", b"\x09", b"\xfa\xff\xff\xff\x0f\x00", b"\xef\xbb\xbf"),
)


def mutate_bytes(data: bytes, random: Random, other: bytes = b"") -> bytes:
    """Change one to some places. `other` is what a part may be taken from."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randint(0, len(changed))
        end = min(len(changed), at + random.choice((1, 2, 4, 16, 200)))
        match random.randrange(9):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1 if at < len(changed):
                changed[at] = random.randrange(256)
            case 2:
                changed[at:at] = random.choice(_TOKENS)
            case 3:
                changed[at:end] = random.choice(_TOKENS)
            case 4:
                del changed[at:end]
            case 5:
                changed[at:at] = changed[at:end] * random.choice((1, 2, 30))
            case 6:
                changed[at:at] = random.randbytes(random.choice((1, 3, 20)))
            case 7 if random.random() < 0.3:
                del changed[at:]
            case _:
                cut = random.randint(0, len(other))
                changed[at:end] = other[cut : cut + 40]
    return bytes(changed)
