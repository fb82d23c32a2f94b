"""Calls of a model that a cloud's log tells of without messages: they belong to what their caller was about."""

import asyncio
import json

import pytest

from mapping.otlp.json import JsonWire
from mapping.otlp.logs import map_logs
from mapping.times import NS

NOON = 1_767_960_000 * NS
MINUTE = 60 * NS
ANNA, BERT = "arn:aws:sts::111122223333:assumed-role/app/anna", "arn:aws:sts::111122223333:assumed-role/app/bert"


def bedrock(caller, at, messages=None, answer=None, **fields):
    """Make the event of a record as Bedrock logs it; one that was throttled has no messages."""
    body = {
        "accountId": "111122223333",
        "identity": {"arn": caller},
        "operation": "Converse",
        "modelId": "us.amazon.nova-pro-v1:0",
        "schemaType": "ModelInvocationLog",
        "requestId": f"r-{caller}-{at}",
    } | fields
    if messages is None:
        body |= {"errorCode": "ThrottlingException"}
    else:
        body["input"] = {"inputBodyJson": {"messages": [{"role": "user", "content": [{"text": messages}]}]}}
        message = {"role": "assistant", "content": [{"text": answer}]}
        body["output"] = {"outputBodyJson": {"output": {"message": message}}}
    record = {"timeUnixNano": str(at), "body": {"stringValue": json.dumps(body)}}
    request = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}
    return map_logs(JsonWire(), json.dumps(request).encode(), 0).events[0]


async def placed(writer, *events):
    return [outcome.trace_id for outcome in await writer.write(events)]


async def test_a_call_that_was_refused_belongs_to_its_callers_conversation(writer):
    (asked,) = await placed(writer, bedrock(ANNA, NOON, "A river in Spain?", "The Ebro."))
    (other,) = await placed(writer, bedrock(BERT, NOON + MINUTE, "A lake in Italy?", "Garda."))
    refused = bedrock(ANNA, NOON + 2 * MINUTE)
    assert await placed(writer, refused, bedrock(BERT, NOON + 2 * MINUTE)) == [asked, other]
    assert refused.correlation == "conversation"


async def test_one_from_another_model_or_long_after_is_a_trace_of_its_own(writer):
    (asked,) = await placed(writer, bedrock(ANNA, NOON, "A river in Spain?", "The Ebro."))
    apart = await placed(writer, bedrock(ANNA, NOON + MINUTE, modelId="other"), bedrock(ANNA, NOON + 600 * MINUTE))
    assert asked not in apart
    assert len(set(apart)) == 2


async def test_refused_calls_that_nothing_goes_before_are_one_trace(writer):
    traces = await placed(writer, *[bedrock(ANNA, NOON + number * MINUTE) for number in range(5)])
    assert len(set(traces)) == 1


@pytest.mark.parametrize("size", [1, 4])
async def test_it_is_the_same_whoever_receives_it(connect, writer_on, size):
    receivers = [writer_on(await connect()) for _ in range(2)]
    (asked,) = await placed(receivers[0], bedrock(ANNA, NOON, "A river in Spain?", "The Ebro."))
    events = [bedrock(ANNA, NOON + number) for number in range(1, 9)]
    batches = [events[start : start + size] for start in range(0, 8, size)]
    await asyncio.gather(*[receivers[place % 2].write(batch) for place, batch in enumerate(batches)])
    assert {event.trace_id for event in events} == {asked}
