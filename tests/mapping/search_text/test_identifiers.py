"""What an event is found by as it is written, though its text leaves it out."""

import json
import time

import pytest

from mapping.search_text.identifiers import identifiers_of

UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def found(**properties):
    return identifiers_of({"properties": properties})


def test_an_events_own_ids_count_but_its_parents_is_the_parents():
    event = {
        "id": UUID,
        "span_id": "5b8aa5a2d2c872e8",
        "trace_id": "f" * 32,
        "session_id": "s-1",
        "parent_span_id": "c1f0e77b9a3d4410",
        "agent_id": "support",
        "properties": {},
    }
    assert identifiers_of(event) == [UUID, "5b8aa5a2d2c872e8", "f" * 32, "s-1"]
    assert identifiers_of(event | {"span_id": None, "session_id": None}) == [UUID, "f" * 32]


@pytest.mark.parametrize(
    "key", ["order_id", "orderId", "ID", "customer.id", "order-ids", "job_uuid", "sha256", "commit_hash", "x.requestID"]
)
def test_what_stands_under_a_key_that_identifies_counts_however_deep_and_in_json(key):
    for properties in (
        {key: "ORD-48213"},
        {"input": {"orders": [{key: "ORD-48213"}]}},
        {"input": json.dumps({"order": {key: "ORD-48213"}})},
        {"messages": json.dumps([{"arguments": json.dumps({"a": "b", key: "ORD-48213"})}])},
    ):
        assert found(**properties) == ["ORD-48213"], properties


@pytest.mark.parametrize("key", ["valid", "grid", "void", "idea", "hashtag", "index", "identity"])
def test_other_keys_do_not(key):
    assert found(**{key: "ORD-48213"}) == []
    assert found(text=json.dumps({key: "ORD-48213"})) == []


def test_numbers_and_lists_of_ids_count_too():
    assert found(order_id=48213, user_ids=[90178, "u-17"], valid_id=True, session_ids=None) == [
        "48213",
        "90178",
        "u-17",
    ]
    assert found(text='{"order_id": 48213, "next": 5}') == ["48213"]


def test_what_a_text_leaves_out_as_noise_is_found_in_it():
    line = f"job {UUID} wrote {DIGEST} to arn:aws:s3:::bucket/key"
    assert found(body=line) == [UUID, DIGEST, "arn:aws:s3:::bucket/key"]
    assert found(body=f"x{UUID} deadbeef 0123456789") == []


def test_what_names_nothing_does_not_count():
    assert found(id="", a_id="ab", b_id="two words", c_id="x" * 201, d_id="[REDACTED]") == []


def test_each_counts_once_and_fifty_at_most():
    assert found(a_id="A-1", b_id="A-1") == ["A-1"]
    assert len(found(order_ids=[f"ORD-{number}" for number in range(1_000)])) == 50


@pytest.mark.parametrize("unit", ['"', '"id', '"a_', "a.", "0", "a-", "\\", '"id\\'])
def test_any_text_takes_no_long_time(unit):
    began = time.process_time()
    assert "ORD-48213" in found(order_id="ORD-48213", body=unit * 100_000)
    assert time.process_time() - began < 2


def test_any_depth_is_borne():
    deep = "ORD-48213"
    for _ in range(500):
        deep = [deep]
    assert found(order_id=deep) == []
