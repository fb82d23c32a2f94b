"""A database that an earlier version of the program has written is brought to the present schema, with its data."""

import shutil

import pytest

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


async def test_data_of_version_1_is_read_and_added_to(version_1, writer_on, make_event, balance):
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
    traces, _ = await balance(version_1)
    assert traces["t"]["event_count"] == 2
    assert {event["id"] for event in (await reader.trace_events("t", 10))[0]} == {EVENT_ID, new.event_id}
