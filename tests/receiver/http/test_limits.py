"""Limits and redaction as the settings say, seen from outside."""

import json

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = {"timestamp": "2026-01-07T19:00:00Z", "session_id": "s"}


async def stored(receiver):
    return (await receiver.read("/api/v1/stats"))["events"]


async def test_a_request_of_too_many_items_is_413_that_says_so_and_stores_none(start, sender):
    receiver = await start(limits={"items": 2})
    assert (await sender.to(receiver, sender.item(1), sender.item(2))).status == 200
    answer = await sender.to(receiver, *(sender.item(number) for number in range(3, 6)))
    assert answer.status == 413
    assert "at most 2 items" in sender.parse_status(answer.body).message
    assert "limits.items" in sender.parse_status(answer.body).message
    assert await stored(receiver) == 2


async def test_a_batch_of_too_many_events_is_413(start):
    receiver = await start(limits={"items": 2})
    answer = await receiver.post("/api/v1/events/batch", json.dumps({"events": [EVENT] * 3}).encode())
    assert answer.status == 413
    assert "at most 2 items" in answer.json()["message"]


async def test_values_and_attributes_are_cut_at_the_limits_and_counted(start, sender):
    receiver = await start(limits={"value_length": 30, "attributes": 2})
    values = {"a": "a" * 40, "b": "b", "c": "c", "session.id": "s"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    await sender.to(receiver, sender.item(attributes=attributes))
    (event,) = (await receiver.read("/api/v1/events"))["events"]
    kept = {
        key: value for key, value in event["properties"].items() if key not in {"body", "vectadb.dropped_attributes"}
    }
    assert kept == {"a": "a" * 30 + "… [cut, 40 characters]", "b": "b", "session.id": "s"}
    assert event["session_id"] == "s"
    assert event["properties"]["vectadb.dropped_attributes"] == 1
    metrics = (await receiver.get("/metrics")).body.decode()
    for counter in ("cut_values", "dropped_attributes"):
        assert f'vectadb_receiver_{counter}_total{{signal="{sender.signal}"}} 1.0' in metrics


async def test_redaction_can_be_added_to_and_taken_away(start, sender):
    receiver = await start(
        redaction={"keys": ("customer_number",), "values": (r"IBAN\d+",), "keep": ("session_token",)}
    )
    values = {"customer.number": "7", "note": "IBAN123", "session_token": "t", "password": "x"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
    await sender.to(receiver, sender.item(attributes=attributes))
    (event,) = (await receiver.read("/api/v1/events"))["events"]
    event["properties"].pop("body", None)
    masked = "[REDACTED]"
    assert event["properties"] == {"customer.number": masked, "note": masked, "session_token": "t", "password": masked}


async def test_redaction_can_be_turned_off(start, sender):
    receiver = await start(redaction={"enabled": False})
    await sender.to(receiver, sender.item(attributes=[{"key": "password", "value": {"stringValue": "x"}}]))
    (event,) = (await receiver.read("/api/v1/events"))["events"]
    assert event["properties"]["password"] == "x"


async def test_what_is_sent_again_under_other_patterns_and_limits_is_a_duplicate(start, sender):
    item = sender.item(attributes=[{"key": "note", "value": {"stringValue": "IBAN123 " + "a" * 100}}])
    for changed in ({}, {"redaction": {"values": ("IBAN",)}}, {"limits": {"value_length": 20}}):
        receiver = await start(data="shared", **changed)
        assert (await sender.to(receiver, item)).status == 200
        assert await stored(receiver) == 1
        await receiver.storage.close()


async def test_a_secret_in_a_json_event_is_masked_wherever_it_stands(fresh):
    event = EVENT | {
        "properties": {"tool": {"arguments": '{"api_key": "x"}'}, "headers": [["Cookie", "a=b"], ["Accept", "c"]]},
        "context": {"db_password": "y"},
        "source": {"system": "AKIAIOSFODNN7EXAMPLE"},
    }
    told = (await fresh.post("/api/v1/events", json.dumps(event).encode())).json()
    read = await fresh.read(f"/api/v1/events/{told['event_id']}")
    assert read["properties"] == {
        "tool": {"arguments": '{"api_key": "[REDACTED]"}'},
        "headers": [["Cookie", "[REDACTED]"], ["Accept", "c"]],
        "db_password": "[REDACTED]",
    }
    assert read["source"] == {"system": "[REDACTED]"}
