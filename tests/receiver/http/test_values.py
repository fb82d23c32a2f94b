"""Values that no store expects, sent in every way there is and read back: as sent, or as the table below says."""

import base64
import hashlib
import json
import math

import pytest

from mapping.values import TOO_DEEP
from tests.receiver.http.conftest import SENDERS

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),  # aiohttp's client to itself
]

MB = 1024 * 1024
# Those that can send half a surrogate pair, and a number past any double: protobuf has neither.
JSON_SENDERS = [sender for sender in SENDERS if "json" in sender.content_type]


def nested(depth, leaf):
    for level in range(depth):
        leaf = {"k": leaf} if level % 2 else [leaf]
    return leaf


# How a Python value is written as OTLP/JSON's AnyValue, by its type.
_WRITTEN = {
    type(None): lambda _: {},
    bool: lambda value: {"boolValue": value},
    str: lambda value: {"stringValue": value},
    bytes: lambda value: {"bytesValue": base64.b64encode(value).decode()},
    int: lambda value: {"intValue": str(value)},
    float: lambda value: {"doubleValue": value if math.isfinite(value) else _NAMES[str(value)]},
    list: lambda value: {"arrayValue": {"values": [any_value(item) for item in value]}},
    dict: lambda value: {"kvlistValue": {"values": key_values(value)}},
}
_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def any_value(value):
    return _WRITTEN[type(value)](value)


def key_values(value):
    return [{"key": key, "value": any_value(inner)} for key, inner in value.items()]


# Read as they were sent, whichever way.
VALUES = {
    "NUL": {"a\0b": "c\0d"},
    "text outside the BMP": {"😀": "🇺🇳 \u200f \ufeff \u2028"},
    "empty key and values": {"": "", "a": None, "b": [], "c": {}},
    "dotted keys": {"a.b": 1, "a": {"b": 2, "b.c": 3}, ".": 4, "..": 5, "a.": 6},
    "keys that mean something to others": {"id": 1, "__proto__": 2, "$ne": 3, "type::thing": 4, "`x`": 5, "⟨x⟩": 6},
    "64-bit integers": {"a": 2**63 - 1, "b": -(2**63), "c": 2**53 + 1},
    "doubles": {"a": 5e-324, "b": 1.7976931348623157e308, "c": -0.0, "d": 0.1},
    "maps in lists in maps": {"a": [{"b": [[{"c": {"d": [1, None, "x", {}, []]}}]]}]},
    "32 levels": {"a": nested(32, 1)},
    "text like other types": {"a": "2026-01-07T19:00:00Z", "b": "agent_event:1", "c": "NaN", "d": "u'x'", "e": "NONE"},
    "a text of 1 MB": {"a": "é" * MB},
    "a key of 1 MB": {"k" * MB: 1},
    "10,000 attributes": {f"key {number}": number for number in range(10_000)},
}
# Read with a mark of what was done to them.
CHANGED = {
    "33 levels": ({"a": nested(33, 1)}, lambda read: json.loads(deep(read["a"], 32)) == [1]),
    "a text over the limit": (
        {"a": "a" * (MB + 1)},
        lambda read: read["a"] == "a" * MB + f"… [cut, {MB + 1} characters]",
    ),
    "more attributes than the limit": (
        {f"key {number}": number for number in range(10_003)},
        lambda read: len(read) == 10_001 and read["vectadb.dropped_attributes"] == 3,
    ),
}
# JSON has no word for them.
OTLP_ONLY = {
    "bytes": ({"a": b"\0\xff", "b": b""}, {"a": "AP8=", "b": ""}),
    "NaN and infinities": (
        {"a": math.nan, "b": [math.inf, -math.inf]},
        {"a": "NaN", "b": ["Infinity", "-Infinity"]},
    ),
}
# By hand: JSON that Python does not write, or not so. What stands in `properties`, and what is read of it.
JSON_ONLY = {
    "half a surrogate pair": (r'{"cut \ud83d": "\ude00 cut"}', {"cut \ufffd": "\ufffd cut"}),
    "integers past 64 bits": (
        '{"a": 9223372036854775808, "b": -9223372036854775809, "c": 1' + "0" * 400 + "}",
        {"a": "9223372036854775808", "b": "-9223372036854775809", "c": "1" + "0" * 400},
    ),
    "numbers past any double": ('{"a": 1e999, "b": [-1e999]}', {"a": "1e999", "b": ["-1e999"]}),
    "what Python writes": (
        '{"a": NaN, "b": Infinity, "c": -Infinity}',
        {"a": "NaN", "b": "Infinity", "c": "-Infinity"},
    ),
    "a key twice": ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
}


def deep(value, levels):
    for _ in range(levels):
        value = value[0] if isinstance(value, list) else value["k"]
    return value


async def sent(sender, receiver, number, **fields):
    """Send an item between two others; return the event that is read of it, and see that its neighbours are there."""
    trace_id = trace_id_of(sender, number)
    items = [sender.item(place, traceId=trace_id) for place in (1, 3)]
    items.insert(1, sender.item(2, traceId=trace_id, **fields))
    answer = await sender.to(receiver, *items)
    assert answer.status == 200, answer.body
    assert sender.rejected(sender.parse(answer.body)) == 0, answer.body
    events = (await receiver.read(f"/api/v1/traces/{trace_id}"))["events"]
    assert len(events) == 3
    (event,) = [event for event in events if event["name"] == "span 2" or event["properties"].get("body") == "line 2"]
    return event


def trace_id_of(*names):
    return hashlib.md5(repr(names).encode(), usedforsecurity=False).hexdigest()


def without_body(event):
    return {key: value for key, value in event["properties"].items() if key not in {"body", "otel.end_time"}}


class TestOtlp:
    @pytest.mark.parametrize("kind", VALUES)
    async def test_values_are_read_as_they_were_sent(self, receiver, sender, kind):
        event = await sent(sender, receiver, kind, attributes=key_values(VALUES[kind]))
        assert without_body(event) == VALUES[kind]

    @pytest.mark.parametrize("kind", CHANGED)
    async def test_what_is_changed_says_so(self, receiver, sender, kind):
        value, is_right = CHANGED[kind]
        event = await sent(sender, receiver, kind, attributes=key_values(value))
        assert is_right(without_body(event))

    @pytest.mark.parametrize("kind", OTLP_ONLY)
    async def test_what_json_has_no_word_for_is_read_as_text(self, receiver, sender, kind):
        value, read = OTLP_ONLY[kind]
        event = await sent(sender, receiver, kind, attributes=key_values(value))
        assert without_body(event) == read

    async def test_of_an_attribute_twice_the_last_counts(self, receiver, sender):
        twice = [{"key": "a", "value": any_value(number)} for number in (1, 2)]
        assert without_body(await sent(sender, receiver, "twice", attributes=twice)) == {"a": 2}

    async def test_resource_and_scope_hold_them_too(self, receiver, sender):
        values = VALUES["NUL"] | VALUES["dotted keys"] | VALUES["empty key and values"]
        resources, scopes, leaves = sender.path_to_items
        item = sender.item(1, traceId=trace_id_of(sender, "resource and scope"))
        scope = {"name": "a\0", "version": "", "attributes": key_values(values)}
        request = {
            resources: [{"resource": {"attributes": key_values(values)}, scopes: [{"scope": scope, leaves: [item]}]}]
        }
        assert (await receiver.post(sender.path, sender.encode(request), sender.content_type)).status == 200
        (event,) = (await receiver.read(f"/api/v1/traces/{item['traceId']}"))["events"]
        assert event["resource"] == values
        assert event["scope"] == {"name": "a\0", "attributes": values}

    @pytest.mark.parametrize("sender", JSON_SENDERS, indirect=True, ids=lambda sender: sender.signal)
    async def test_a_half_of_a_surrogate_pair_and_a_number_past_any_double_cost_nothing_else(self, receiver, sender):
        trace_id = trace_id_of(sender, "repaired")
        attributes = key_values({"a": "@", "b": 5.0})
        body = sender.body(sender.item(1, traceId=trace_id, attributes=attributes), sender.item(2))
        body = body.replace(b'"@"', rb'"\ud83d"').replace(b": 5.0}", b": 1e999}")
        assert (await receiver.post(sender.path, body, sender.content_type)).status == 200
        (event,) = (await receiver.read(f"/api/v1/traces/{trace_id}"))["events"]
        assert without_body(event) == {"a": "\ufffd", "b": "Infinity"}


class TestSpanTimes:
    @pytest.mark.parametrize(
        "start, end, timestamp, duration, kept",
        [
            (1, 2, "1970-01-01T00:00:00.000000001Z", 1, None),
            (2**64 - 1, 2**64 - 1, "2554-07-21T23:34:33.709551615Z", 0, None),
            (2 * 10**9, 10**9, "1970-01-01T00:00:02.000000000Z", None, "1970-01-01T00:00:01.000000000Z"),
            (0, 10**9, "1970-01-01T00:00:01.000000000Z", None, "1970-01-01T00:00:01.000000000Z"),
            (1, 2**64 - 1, "1970-01-01T00:00:00.000000001Z", None, "2554-07-21T23:34:33.709551615Z"),
        ],
        ids=["first", "last", "end before start", "no start", "longer than 64 bits"],
    )
    async def test_are_kept(self, receiver, spans, start, end, timestamp, duration, kept):
        times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}
        event = await sent(spans, receiver, (start, end), **times)
        assert (event["timestamp"], event["duration_ns"]) == (timestamp, duration)
        assert event["properties"].get("otel.end_time") == kept

    async def test_of_zero_are_the_moment_of_arrival(self, receiver, spans):
        event = await sent(spans, receiver, "zero", startTimeUnixNano="0", endTimeUnixNano="0")
        assert event["timestamp"][:2] == "20"
        assert event["duration_ns"] is None


class TestJsonEvents:
    async def read(self, receiver, event_id):
        return await receiver.read(f"/api/v1/events/{event_id}")

    async def send(self, receiver, properties, **fields):
        """Send an event in a batch between two others, its properties as JSON text."""
        fields = {"timestamp": "2026-01-07T19:00:00Z", "session_id": "values"} | fields
        event = json.dumps(fields)[:-1] + f', "properties": {properties}}}'
        neighbour = '{"timestamp": "2026-01-07T19:00:00Z", "session_id": "values"}'
        answer = await receiver.post(
            "/api/v1/events/batch", f'{{"events": [{neighbour}, {event}, {neighbour}]}}'.encode()
        )
        assert answer.status == 200, answer.body
        told = answer.json()
        assert told["event_ids"][0]
        assert told["event_ids"][2]
        return told

    @pytest.mark.parametrize("kind", VALUES)
    async def test_values_are_read_as_they_were_sent(self, receiver, kind):
        told = await self.send(receiver, json.dumps(VALUES[kind]))
        assert told["errors"] == []
        assert (await self.read(receiver, told["event_ids"][1]))["properties"] == VALUES[kind]

    @pytest.mark.parametrize("kind", CHANGED)
    async def test_what_is_changed_says_so(self, receiver, kind):
        value, is_right = CHANGED[kind]
        told = await self.send(receiver, json.dumps(value))
        assert is_right((await self.read(receiver, told["event_ids"][1]))["properties"])

    @pytest.mark.parametrize("kind", JSON_ONLY)
    async def test_what_others_get_wrong_is_repaired(self, receiver, kind):
        properties, read = JSON_ONLY[kind]
        told = await self.send(receiver, properties)
        assert (await self.read(receiver, told["event_ids"][1]))["properties"] == read

    @pytest.mark.parametrize("depth", [2_000, 100_000])
    async def test_brackets_without_end_cost_nothing_else(self, receiver, depth):
        told = await self.send(receiver, "[" * depth + "]" * depth)
        read = (await self.read(receiver, told["event_ids"][1]))["properties"]
        assert TOO_DEEP in deep(read["value"], 32)

    @pytest.mark.parametrize(
        "sent, read",
        [
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"),
            ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"),
        ],
    )
    async def test_times_of_any_year_are_kept(self, receiver, sent, read):
        told = await self.send(receiver, "{}", timestamp=sent, session_id=f"year {sent}")
        event = await self.read(receiver, told["event_ids"][1])
        assert event["timestamp"] == read
        listed = (await receiver.read(f"/api/v1/events?session_id=year+{sent}"))["events"]
        assert [one["id"] for one in listed] == [event["id"]]

    @pytest.mark.parametrize("sent", ["0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "0"])
    async def test_a_time_that_is_none_costs_only_its_event(self, receiver, sent):
        told = await self.send(receiver, "{}", timestamp=sent)
        assert told["event_ids"][1] is None
        assert told["errors"][0]["error"].startswith("timestamp: expected")

    async def test_empty_ids_are_absent(self, receiver):
        told = await self.send(receiver, "{}", trace_id="", session_id="", agent_id="", event_id="", event_type="")
        event = await self.read(receiver, told["event_ids"][1])
        assert (event["session_id"], event["agent_id"], event["event_type"]) == (None, None, "log")

    @pytest.mark.parametrize("name", ["a\0b", "a:b⟩`'\"\\", "😀", "x" * 1_000, "x" * MB, "../..", "a\nb"])
    async def test_any_text_is_a_session_and_an_agent(self, receiver, name):
        told = await self.send(receiver, "{}", session_id=name, agent_id=name)
        assert told["errors"] == []
        event = await self.read(receiver, told["event_ids"][1])
        assert (event["session_id"], event["agent_id"]) == (name, name)


class TestRedaction:
    async def test_secrets_are_not_stored_and_are_counted(self, fresh, sender):
        secrets = {
            "http.request.header.authorization": ["Bearer abc"],
            "args": '{"password": "x"}',
            "n": {"token": "y"},
        }
        await sent(sender, fresh, "secret", attributes=key_values(secrets | {"gen_ai.usage.input_tokens": 5}))
        events = (await fresh.read("/api/v1/events"))["events"]
        (event,) = [event for event in events if "args" in event["properties"]]
        assert without_body(event) == {
            "http.request.header.authorization": "[REDACTED]",
            "args": '{"password": "[REDACTED]"}',
            "n": {"token": "[REDACTED]"},
            "gen_ai.usage.input_tokens": 5,
        }
        metrics = (await fresh.get("/metrics")).body.decode()
        assert f'vectadb_receiver_redacted_values_total{{signal="{sender.signal}"}} 3.0' in metrics
