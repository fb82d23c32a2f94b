"""OTLP/HTTP 1.11, row by row: ids and JSON's values, as they are found again after they were sent."""

import base64
import json
import re

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE_ID = "5b8efff798038103d269b633813fc60c"
SPAN_ID = "eee19b7ec3c1b174"
MOMENT = "1767812400000000000"


async def found(receiver, session):
    """Return the one event of a session."""
    (event,) = (await receiver.read(f"/api/v1/events?session_id={session}"))["events"]
    return event


async def send_json(receiver, span):
    return await receiver.post("/v1/traces", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))


def in_session(name, **fields):
    return {
        "attributes": [{"key": "session.id", "value": {"stringValue": name}}, *fields.pop("attributes", [])],
        "traceId": TRACE_ID,
        "spanId": SPAN_ID,
        "startTimeUnixNano": MOMENT,
    } | fields


class TestIds:
    """JSON: hex, any case, exactly 32/16/16 digits or empty. Protobuf: 16/8 bytes or empty. Else it is that item's."""

    @pytest.mark.parametrize("write", [str.upper, str.lower], ids=["upper", "lower"])
    async def test_are_read_in_any_case(self, fresh, write):
        span = in_session("ids", traceId=write(TRACE_ID), spanId=write(SPAN_ID), parentSpanId=write("0a" * 8))
        assert (await send_json(fresh, span)).status == 200
        event = await found(fresh, "ids")
        assert (event["trace_id"], event["span_id"], event["parent_span_id"]) == (TRACE_ID, SPAN_ID, "0a" * 8)

    async def test_of_a_parent_may_be_empty(self, receiver, spans):
        assert (await spans.to(receiver, spans.item(1, parentSpanId=""))).status == 200

    @pytest.mark.parametrize("field", ["traceId", "spanId"])
    @pytest.mark.parametrize("digits", [2, 14, 18, 30, 34, 64])
    async def test_of_a_wrong_length_reject_the_span_and_name_the_field(self, receiver, spans, field, digits):
        wrong = {field: "ab" * (digits // 2)}
        answer = await spans.to(receiver, spans.item(1), spans.item(2, **wrong))
        partial = spans.parse(answer.body).partial_success
        assert (answer.status, partial.rejected_spans) == (200, 1)
        assert f"{field}: expected" in partial.error_message
        answer = await spans.to(receiver, spans.item(2, **wrong))
        assert answer.status == 400
        assert f"{field}: expected" in spans.parse_status(answer.body).message

    async def test_of_a_wrong_length_are_left_out_of_a_log_and_of_a_parent(self, fresh, spans, logs):
        assert (await spans.to(fresh, spans.item(1, parentSpanId="ab" * 16))).status == 200
        answer = await logs.to(fresh, logs.item(1, traceId="ab" * 3), logs.item(2, spanId="ab" * 3))
        assert (answer.status, logs.rejected(logs.parse(answer.body))) == (200, 0)
        events = (await fresh.read("/api/v1/events"))["events"]
        assert [event["parent_span_id"] for event in events] == [None] * 3

    @pytest.mark.parametrize("wrong", ["W47/95gDgQPSabYzgT/GDA==", "x" * 32, "0x" + "a" * 30, 12, [], {}])
    async def test_in_json_are_nothing_but_hex_digits(self, receiver, wrong):
        answer = await send_json(receiver, {"traceId": wrong, "spanId": SPAN_ID})
        assert answer.status == 400
        assert "traceId" in answer.json()["message"]


class TestMissingIds:
    """Partial success that says so; where all are missing it may be another signal's body: 400 that explains this."""

    @pytest.mark.parametrize("missing", [{"spanId": ""}, {"traceId": ""}, {"traceId": "0" * 32}])
    async def test_cost_the_span_and_no_other(self, fresh, spans, missing):
        answer = await spans.to(fresh, spans.item(1), spans.item(2, **missing))
        partial = spans.parse(answer.body).partial_success
        assert (answer.status, partial.rejected_spans) == (200, 1)
        assert f"{next(iter(missing))}: expected" in partial.error_message
        assert (await fresh.read("/api/v1/stats"))["events"] == 1

    async def test_in_all_spans_are_400_that_explains(self, receiver, spans):
        answer = await spans.to(receiver, {"name": "line"})
        assert answer.status == 400
        assert "logs go to /v1/logs" in spans.parse_status(answer.body).message

    async def test_are_what_a_body_of_logs_has_that_is_posted_to_traces(self, receiver, logs):
        body = logs.body(logs.item(1, traceId=""), logs.item(2, traceId=""))
        answer = await receiver.post("/v1/traces", body, logs.content_type)
        assert answer.status == 400
        assert "logs go to /v1/logs" in logs.parse_status(answer.body).message


ANY_VALUES = [
    ({"stringValue": "text"}, "text"),
    ({"string_value": "text"}, "text"),
    ({"boolValue": False}, False),
    ({"intValue": 7}, 7),
    ({"intValue": "-7"}, -7),
    ({"intValue": "9223372036854775807"}, 2**63 - 1),
    ({"doubleValue": 0.5}, 0.5),
    ({"doubleValue": 2}, 2.0),
    ({"doubleValue": "0.25"}, 0.25),
    ({"doubleValue": "NaN"}, "NaN"),
    ({"doubleValue": "-Infinity"}, "-Infinity"),
    ({"bytesValue": "aGk="}, "aGk="),
    ({"arrayValue": {"values": [{"intValue": "1"}, {"arrayValue": {}}]}}, [1, []]),
    ({"kvlistValue": {"values": [{"key": "a.b", "value": {"boolValue": True}}]}}, {"a.b": True}),
    ({"stringValue": "half \ud83d"}, "half �"),
    ({"unknownValue": {"deep": [1]}}, None),
]


class TestJsonValues:
    """lowerCamelCase or snake_case; numbers as text; base64; enums by number or name; unknown fields skipped."""

    @pytest.mark.parametrize(("sent", "stored"), ANY_VALUES)
    async def test_are_found_again(self, fresh, sent, stored):
        assert (await send_json(fresh, in_session("v", attributes=[{"key": "k", "value": sent}]))).status == 200
        assert (await found(fresh, "v"))["properties"].get("k") == stored

    @pytest.mark.parametrize("moment", [MOMENT, int(MOMENT)])
    async def test_of_64_bits_are_numbers_or_text(self, fresh, moment):
        await send_json(fresh, in_session("m", startTimeUnixNano=moment))
        assert (await found(fresh, "m"))["timestamp"] == "2026-01-07T19:00:00.000000000Z"

    @pytest.mark.parametrize("code", [2, "STATUS_CODE_ERROR", "2"])
    @pytest.mark.parametrize("kind", [3, "SPAN_KIND_CLIENT"])
    async def test_of_enums_are_numbers_or_names(self, fresh, code, kind):
        await send_json(fresh, in_session("e", status={"code": code}, kind=kind))
        event = await found(fresh, "e")
        assert (event["status"], event["kind"]) == ("error", "client")

    async def test_may_stand_under_names_in_snake_case(self, fresh):
        span = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "start_time_unix_nano": MOMENT, "name": "snake"}
        body = {"resource_spans": [{"scope_spans": [{"spans": [span]}]}]}
        assert (await fresh.post("/v1/traces", json.dumps(body))).status == 200
        (event,) = (await fresh.read("/api/v1/events"))["events"]
        assert (event["name"], event["trace_id"]) == ("snake", TRACE_ID)

    async def test_that_nobody_knows_are_skipped_at_every_depth(self, fresh):
        odd = {"odd": [{"deep": 1}]}
        span = in_session("u", events=[{"timeUnixNano": MOMENT, "name": "event"} | odd], status=odd) | odd
        body = {"resourceSpans": [{"resource": odd, "scopeSpans": [{"scope": odd, "spans": [span]} | odd]} | odd]} | odd
        assert (await fresh.post("/v1/traces", json.dumps(body))).status == 200
        assert (await fresh.read("/api/v1/stats"))["events"] == 2

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("startTimeUnixNano", "soon"),
            ("startTimeUnixNano", {}),
            ("kind", "SPAN_KIND_ODD"),
            ("name", 7),
            ("attributes", {}),
        ],
    )
    async def test_of_a_wrong_kind_never_pass_unnoticed(self, receiver, field, wrong):
        answer = await send_json(receiver, in_session("w") | {field: wrong})
        told = answer.json()
        message = told["message"] if answer.status == 400 else told["partialSuccess"]["errorMessage"]
        assert answer.status in {200, 400}
        assert field in message


class TestOfAWrongKind:
    """Such a value is kept as it came, said in a partial success with nothing rejected, and counted."""

    async def test_in_json_is_kept_said_and_counted(self, fresh):
        wrong = {"key": "cost", "value": {"intValue": 1.5}}
        answer = await send_json(fresh, in_session("kinds", attributes=[wrong], kind="CLIENT"))
        partial = answer.json()["partialSuccess"]
        assert (answer.status, "rejectedSpans" in partial) == (200, False)
        assert partial["errorMessage"].startswith(
            "2 malformed values were kept as they came: intValue: expected an integer of 64 bits, got '1.5'; "
            "spans[].kind: expected a number or one of SPAN_KIND_UNSPECIFIED, "
        )
        event = await found(fresh, "kinds")
        assert event["properties"] == {
            "session.id": "kinds",
            "cost": 1.5,
            "vectadb.malformed": {"kind": "CLIENT"},
        }
        assert await malformed(fresh) == 2

    async def test_in_protobuf_is_kept_as_bytes(self, fresh):
        good, bad = (
            ExportLogsServiceRequest(
                resource_logs=[
                    ResourceLogs(scope_logs=[ScopeLogs(log_records=[LogRecord(body=AnyValue(string_value=line))])])
                ]
            ).SerializeToString()
            for line in ("line 1", "line 2")
        )
        # The body's text is said to be longer than the body: what stands behind its length cannot be read.
        broken = bad.replace(b"\x0a\x06line 2", b"\x0a\x7fline 2")
        answer = await fresh.post("/v1/logs", good + broken, "application/x-protobuf")
        partial = ExportLogsServiceResponse.FromString(answer.body).partial_success
        assert (answer.status, partial.rejected_log_records) == (200, 0)
        assert partial.error_message.startswith(
            "1 malformed values were kept as they came: LogRecord: expected protobuf"
        )
        events = (await fresh.read("/api/v1/events"))["events"]
        properties = sorted((event["properties"] for event in events), key=len)
        assert {"body": "line 1"} in properties
        ((kept, value),) = next(each for each in properties if "body" not in each).items()
        assert (kept, "line 2" in base64.b64decode(value).decode("latin-1")) == ("vectadb.malformed", True)
        assert await malformed(fresh) == 1


async def malformed(receiver):
    """Return how many values were counted as malformed."""
    text = (await receiver.get("/metrics")).body.decode()
    return sum(map(float, re.findall(r"(?m)^vectadb_receiver_malformed_values_total\{.*\} (\S+)", text)))
