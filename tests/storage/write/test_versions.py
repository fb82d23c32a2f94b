"""A span that is delivered again as a later version takes the earlier one's place; two that are two stay two."""

import itertools
import json

import pytest

from mapping.otlp.json import JsonWire
from mapping.otlp.spans import map_traces

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
START = 1_767_960_000 * 10**9


def mapped(*spans):
    """Map spans of one id: each given by its end in seconds, the number of its attributes, and other fields."""
    written = [
        {
            "traceId": TRACE,
            "spanId": SPAN,
            "name": "run",
            "startTimeUnixNano": START,
            "endTimeUnixNano": START + ends * 10**9 if ends else 0,
            "attributes": [{"key": f"k{n}", "value": {"stringValue": "v"}} for n in range(attributes)],
        }
        | fields
        for ends, attributes, fields in spans
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": written}]}]})
    return map_traces(JsonWire(), body.encode(), START).events


VERSIONS = [(0, 1, {}), (1, 1, {}), (1, 3, {}), (2, 2, {})]


@pytest.mark.parametrize("order", [*itertools.permutations(range(len(VERSIONS)))][::3])
@pytest.mark.parametrize("together", [True, False])
async def test_the_version_that_ended_last_is_kept_in_any_order(writer, database, balance, order, together):
    sent = [VERSIONS[place] for place in order]
    for spans in [sent] if together else [[one] for one in sent]:
        outcomes = await writer.write(mapped(*spans))
    assert len({outcome.event_id for outcome in outcomes}) == 1
    (again,) = await writer.write(mapped(VERSIONS[1]))
    assert again.duplicate
    traces, events = await balance(database, again=True)
    ((_, event),) = events.items()
    assert (event["duration_ns"], len(event["properties"])) == (2 * 10**9, 2)
    assert (traces[TRACE]["event_count"], traces[TRACE]["end_time"]) == (1, START + 2 * 10**9)


async def test_a_later_version_is_interpreted_and_indexed_again(writer, database, balance, interpret):
    tokens = {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 5}}
    call = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
    await writer.write(mapped((0, 0, {"attributes": [call]})))
    await interpret(database)
    (queued,) = await database.query("DELETE index_queue RETURN BEFORE")
    assert len(queued) == 1
    (outcome,) = await writer.write(mapped((3, 0, {"attributes": [call, tokens]})))
    assert (outcome.duplicate, outcome.changed) == (True, True)
    await interpret(database)
    (queued,) = await database.query("SELECT VALUE event_ids FROM index_queue")
    assert queued == [[outcome.event_id]]
    (runs,) = await database.query("SELECT event_count, calls, input_tokens FROM agent_run")
    assert runs == [{"event_count": 1, "calls": 1, "input_tokens": 5}]


@pytest.mark.parametrize(
    "other",
    [{"kind": 2}, {"kind": 3}, {"startTimeUnixNano": START + 5 * 10**9, "endTimeUnixNano": START + 6 * 10**9}],
    ids=["its server's", "another kind's", "a replay"],
)
async def test_two_spans_of_one_id_stay_two_with_their_events(writer, database, balance, other):
    events = [{"name": "e", "timeUnixNano": START}]
    for _ in range(2):
        sent = mapped((1, 1, {"events": events}), (2, 2, {"name": "other", "events": events} | other))
        outcomes = await writer.write(sent)
    assert [outcome.duplicate for outcome in outcomes] == [True] * 4
    _, stored = await balance(database, again=True)
    assert len(stored) == 4


async def test_one_that_is_none_of_both_is_said_not_to_be_stored(writer, database, balance):
    stored, problem = await writer.write(mapped((1, 1, {}), (1, 1, {"name": "other"})))
    assert not stored.duplicate
    assert problem.message.startswith("spans[]: 'other' has the ids, kind and start of 'run', which is stored")
    (later,) = await writer.write(mapped((2, 1, {"name": "other"})))
    assert later.changed
    _, events = await balance(database, again=True)
    assert [event["name"] for event in events.values()] == ["other"]


async def test_times_that_were_cut_on_the_way_are_the_same_span(writer, database, balance):
    (one,) = await writer.write(mapped((1, 1, {"startTimeUnixNano": START + 999_999})))
    (two,) = await writer.write(mapped((1, 1, {"startTimeUnixNano": START + 999_000})))
    assert one.event_id == two.event_id


async def test_a_kind_that_was_lost_on_the_way_makes_no_second_span(writer):
    (one,) = await writer.write(mapped((1, 1, {"kind": 1})))
    (two,) = await writer.write(mapped((1, 1, {"kind": 0})))
    assert one.event_id == two.event_id
