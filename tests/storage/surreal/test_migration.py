"""A database that an earlier version of the program has written is brought to the present schema, with its data."""

import shutil

import pytest

from storage.filters import SORTS, SessionFilter, TraceFilter
from storage.read.reader import Reader
from storage.surreal import cbor, schema
from storage.surreal.database import Database

EVENT_ID = "0d5f2a4c-7b1e-5a3c-9d8e-4f6a7b8c9d0e"
# As version 1 wrote them.
ROWS_OF_VERSION_1 = """
CREATE agent_trace:t SET status = 'running', origin = 'given', session_id = 's', session_at = 1767960000000000000,
    start_time = d'2026-01-09T12:00:00Z', last_event_at = d'2026-01-09T12:00:00Z', event_count = 1, error_count = 0,
    input_tokens = 7, output_tokens = 0, created_at = d'2026-01-09T12:00:01Z', updated_at = d'2026-01-09T12:00:01Z',
    cost_nano_usd = 0, name_from_root = false, revision = 1,
    newest = -1767960000000000000, recent = -1767960000000000000;
CREATE $event SET trace_id = 't', timestamp = d'2026-01-09T12:00:00Z', event_type = 'model_call', session_id = 's',
    status = 'unset', properties = { text: 'of version 1' }, kind = 'json', correlation = 'trace_id',
    created_at = d'2026-01-09T12:00:01Z', newest = -1767960000000000000,
    resource = { 'service.name': 'shop' }, scope = { name: 'an instrumentation' };
INSERT RELATION INTO contains { id: $edge, in: agent_trace:t, out: $event };
CREATE index_queue:one SET event_ids = [$id], size = 1;
"""


@pytest.fixture
async def version_1(tmp_path):
    """A database with the schema and the rows of version 1."""
    shutil.copytree(schema.FOLDER / "0001", tmp_path / "old" / "0001")
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    assert await schema.apply(database.run, tmp_path / "old") == 1
    await database.query(
        ROWS_OF_VERSION_1,
        id=EVENT_ID,
        event=cbor.record("agent_event", EVENT_ID),
        edge=cbor.record("contains", EVENT_ID),
    )
    yield database
    await database.close()


async def test_data_of_version_1_is_read_and_added_to(version_1, writer_on, make_event):
    assert await schema.apply(version_1.run) > 1
    reader = Reader(version_1)
    event = await reader.event(EVENT_ID)
    assert event["properties"] == {"text": "of version 1"}
    assert (event["resource"], event["scope"]) == ({"service.name": "shop"}, {"name": "an instrumentation"})
    assert await version_1.query("SELECT VALUE [oldest_update, oldest_activity] FROM agent_trace") == [
        [[1_767_960_001_000_000_000, 1_767_960_000_000_000_000]]
    ]
    again, new = await writer_on(version_1).write([make_event(id=EVENT_ID, trace_id="t"), make_event(session_id="s")])
    assert (again.duplicate, new.duplicate, new.trace_id) == (True, False, "t")
    assert (await reader.trace("t")).trace.event_count == 2
    # Its event keeps the edge that it has, and the new one refers to the trace.
    assert await version_1.query(
        "SELECT VALUE ->contains->agent_event FROM ONLY agent_trace:t;"
        "SELECT VALUE <~agent_event FROM ONLY agent_trace:t"
    ) == [[EVENT_ID], [new.event_id]]
    assert {event["id"] for event in (await reader.trace_events("t", 10))[0]} == {EVENT_ID, new.event_id}


# As version 7 wrote them.
ROWS_OF_VERSION_7 = """
FOR $n IN [1, 2] {
    LET $at = 1767960000000000000 + $n;
    CREATE type::record('agent_trace', <string>$n) SET status = 'completed', origin = 'given',
        session_id = 's' + <string>$n, start_time = d'2026-01-09T12:00:00Z',
        last_event_at = d'2026-01-09T12:00:05Z', event_count = 1,
        created_at = d'2026-01-09T12:00:01Z', updated_at = d'2026-01-09T12:00:01Z', name_from_root = false,
        revision = 1, newest_start = -$at, newest_activity = -$at - 5000000000,
        oldest_activity = $at, oldest_update = $at;
    LET $sums = {
        event_count: 1, newest_start: -$at, calls: 1, tools: 0, error_count: 0, input_tokens: 30 - 10 * $n,
        unpriced_calls: 0, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, reasoning_tokens: 0,
        cost_nano_usd: 7, agents: [], models: ['m']
    };
    UPSERT type::record('agent_run', <string>$n) CONTENT $sums + {
        is_run: true, newest_activity: -$at - 5000000000, sessions: ['s' + <string>$n], revision: 1, version: '4-x'
    };
    UPSERT type::record('session_run', ['s' + <string>$n, <string>$n]) CONTENT $sums + {
        session_id: 's' + <string>$n, trace_id: <string>$n,
        first_event_at: d'2026-01-09T12:00:00Z', last_event_at: d'2026-01-09T12:00:05Z'
    };
};
"""


async def test_runs_of_version_7_are_sorted_before_they_are_interpreted_anew(tmp_path):
    for version in range(1, 8):
        shutil.copytree(schema.FOLDER / f"{version:04}", tmp_path / "old" / f"{version:04}")
    database = Database(f"surrealkv://{tmp_path}/surreal", namespace="n", database="d")
    assert await schema.apply(database.run, tmp_path / "old") == 7
    await database.query(ROWS_OF_VERSION_7)
    await schema.apply(database.run)
    reader = Reader(database)
    for sort in SORTS:
        traces, *_ = await reader.traces(TraceFilter(), 10, None, sort)
        assert [run.trace.id for run in traces] == (["2", "1"] if sort == "start" else ["1", "2"]), sort
        sessions, _ = await reader.sessions(10, None, SessionFilter(), sort)
        assert [session.id for session in sessions] == (["s2", "s1"] if sort == "start" else ["s1", "s2"]), sort
    await database.close()
