"""What a project has: it is filtered, counted and listed, whatever else there is."""

import itertools

import pytest

from mapping.errors import Code, Problem
from storage.filters import EventFilter, SessionFilter, TraceFilter
from storage.read.projects import counts_of, project_of_event, project_of_trace, projects
from storage.read.reader import Reader
from storage.retention.prune import Pruner, Selection
from tests.storage.conftest import NOON, NS

PROJECTS = ("shop", "bank", None)


@pytest.fixture
async def filled(writer, make_event):
    """Of each project 20 traces of two events in turn, all of them in the same two sessions."""
    made = [
        make_event(
            trace_id=f"{project} {number}",
            project=project,
            session_id=f"s{number % 2}",
            agent_id="a",
            status=status,
            timestamp=NOON + (number * 10 + place) * NS,
        )
        for number in range(20)
        for project in PROJECTS
        for place, status in enumerate(("ok", "error"))
    ]
    for start in range(0, len(made), 30):
        await writer.write(made[start : start + 30])
    return made


async def paged(read, which, limit):
    found, cursor = [], None
    for _ in range(200):
        page, cursor, *_ = await read(which, limit, cursor)
        found += page
        if cursor is None:
            return found
    raise AssertionError


@pytest.mark.parametrize("limit", [7, 200])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"status": "error"},
        {"session_id": "s1"},
        {"agent_id": "a"},
        {"since": NOON + 50 * NS},
        {"trace_id": "bank 3"},
    ],
)
async def test_events_of_a_project_come_in_order_and_whole(database, filled, limit, more):
    reader = Reader(database, rows_at_once=16, most_sifted=48)
    found = await paged(reader.events, EventFilter(project="bank", **more), limit)
    since = more.pop("since", 0)
    expected = [
        event
        for event in filled
        if event.project == "bank"
        and event.timestamp >= since
        and all(getattr(event, field) == value for field, value in more.items())
    ]
    expected.sort(key=lambda event: -event.timestamp)
    assert [event["id"] for event in found] == [event.id for event in expected]
    assert {event["project"] for event in found} <= {"bank"}


@pytest.mark.parametrize(
    "more", [{}, {"session_id": "s0"}, {"agent_id": "a"}, {"service": "none"}, {"status": "running"}]
)
async def test_traces_of_a_project_are_listed_alone(reader, filled, more):
    found = await paged(reader.traces, TraceFilter(project="shop", **more), 7)
    expected = [] if "service" in more else range(20) if "session_id" not in more else range(0, 20, 2)
    assert {run.trace.id for run in found} == {f"shop {number}" for number in expected}


async def test_sessions_have_what_is_of_the_project(reader, filled):
    async def read(which, limit, cursor):
        return await reader.sessions(limit, cursor, which)

    for limit in (1, 50):
        found = await paged(read, SessionFilter(project="shop"), limit)
        assert [(session.id, session.trace_count) for session in found] == [("s1", 10), ("s0", 10)]
        assert all(trace_id.startswith("shop") for session in found for trace_id in session.trace_ids)
    assert not await paged(read, SessionFilter(project="none"), 50)
    assert (await reader.session("s0", "bank")).trace_count == 10
    assert (await reader.session("s0")).trace_count == 30
    assert await reader.session("s0", "none") is None


async def test_what_there_is_and_how_much(database, filled):
    assert await projects(database) == ["bank", "shop"]
    assert await counts_of(database, "bank") == {"events": 40, "traces": 20, "sessions": 2}
    assert await counts_of(database, "none") == {"events": 0, "traces": 0, "sessions": 0}
    assert await project_of_trace(database, "bank 3") == "bank"
    assert await project_of_trace(database, "None 3") is None
    assert await project_of_trace(database, "not there") is None
    assert await project_of_event(database, filled[0].id) == "shop"


async def test_a_session_is_placed_in_its_own_project(writer, make_event):
    placed = await writer.write([make_event(session_id="s", project=project) for project in PROJECTS])
    assert len({each.trace_id for each in placed}) == 3
    again = await writer.write([make_event(session_id="s", project=project) for project in PROJECTS])
    assert [each.trace_id for each in again] == [each.trace_id for each in placed]


async def test_confined_events_change_nothing_of_another_project(writer, reader, make_event):
    (kept,) = await writer.write([make_event(id="5c2d36d9-7c3c-5f5f-8a35-6d0a0d5a7c11", trace_id="t", project="bank")])
    for fields in (
        {"id": kept.event_id},
        {"trace_id": "t"},
        {"id": kept.event_id, "trace_id": "u", "span_id": "1", "duration": 9},
    ):
        (outcome,) = await writer.write([make_event(**fields, project="shop", is_confined=True)])
        assert isinstance(outcome, Problem)
        assert outcome.code == Code.PERMISSION_DENIED
    assert (await reader.trace("t")).trace.event_count == 1
    assert await reader.trace("u") is None


@pytest.mark.parametrize("which", [{"before": NOON + 100 * NS}, {"session_id": "s0"}, {"trace_id": "bank 3"}, {}])
async def test_what_is_deleted_of_a_project_is_of_that_alone(database, reader, filled, which):
    pruner = Pruner(database)
    for project, measure in itertools.product(PROJECTS[:2], (True, False)):
        selection = Selection(**which, project=project)
        how = pruner.measure(selection) if measure else pruner.prune(selection, share=1, seconds=60)
        gone = 20 if which else 40
        expected = gone if "trace_id" not in which else 2 if project == "bank" else 0
        assert (await how).events == expected
    reader.forget_counts()
    assert len(await paged(reader.traces, TraceFilter(agent_id="a"), 50)) == 60 - (1 if "trace_id" in which else gone)
