"""What is stored, as the API answers it: names, order, moments, money."""

import json

import msgspec

from mapping.model import Trace
from mapping.times import NS
from receiver.http import shown
from storage.read.activity import ActivityCounts, Bucket
from storage.read.outline import Outline
from storage.read.runs import Sums, TraceRun
from storage.read.sessions import Session, SessionPart
from storage.search.highlight import Passage
from storage.search.results import Place, SearchResult
from storage.surreal.rows import event_of_row

NOON = 1_767_960_000 * NS
MOMENT = "2026-01-09T12:00:00.000000000Z"
TRACE = Trace(
    id="t",
    start_time=NOON,
    last_event_at=NOON + 50,
    status="completed",
    session_id="s",
    created_at=NOON,
    updated_at=NOON,
    revision=3,
)
SUMS = Sums(input_tokens=20, cost_nano_usd=200_000_000, agent_ids=["a"], first_question="why?", interpreted=True)
RUN = TraceRun(TRACE, SUMS)


def row(**fields):
    stored = {"id": "e", "trace_id": "t", "timestamp": NOON, "created_at": NOON, "kind": "json", "status": "unset"}
    return stored | {"properties": {}, "correlation": "trace_id"} | fields


def written(answer):
    return json.loads(msgspec.json.encode(answer))


def test_an_event_has_all_fields_in_their_order_and_null_for_what_it_does_not_have():
    told = written(shown.event(event_of_row(row(duration_ns=5, newest=-NOON, indexed=False))))
    assert (
        list(told)
        == (
            "id trace_id timestamp event_type agent_id session_id project name status properties source resource scope "
            "span_id parent_span_id kind severity duration_ns flags observed_timestamp order created_at correlation"
        ).split()
    )
    assert (told["timestamp"], told["created_at"], told["duration_ns"]) == (MOMENT, MOMENT, 5)
    assert {field for field, value in told.items() if value is None} == set(
        "event_type agent_id session_id project name source resource scope span_id parent_span_id severity flags "
        "observed_timestamp order".split()
    )


def test_a_moment_that_may_be_null_is_written_as_all_others():
    assert written(shown.event(event_of_row(row(observed_timestamp=NOON))))["observed_timestamp"] == MOMENT


def test_a_trace_has_its_moments_and_its_cost_in_dollars():
    assert written(shown.trace(RUN)) == {
        "id": "t",
        "session_id": "s",
        "agent_id": None,
        "status": "completed",
        "name": None,
        "service": None,
        "project": None,
        "origin": "given",
        "event_count": 0,
        "error_count": 0,
        "calls": 0,
        "tools": 0,
        "input_tokens": 20,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "cost_usd": 0.2,
        "unpriced_calls": 0,
        "models": [],
        "tool_names": [],
        "agent_ids": ["a"],
        "user_ids": [],
        "first_question": "why?",
        "last_answer": None,
        "first_error": None,
        "slowest": None,
        "repeated": None,
        "score_sums": [],
        "interpreted": True,
        "start_time": MOMENT,
        "end_time": None,
        "duration_ns": 50,
        "last_event_at": "2026-01-09T12:00:00.000000050Z",
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


def test_a_session_has_its_sums_and_its_traces_where_they_are_asked_for():
    session = Session("s", 1, 2, NOON, NOON + 50, ["t"], [RUN], [None], SUMS)
    told = written(shown.session(session))
    assert (told["cost_usd"], told["first_event_at"], told["agent_ids"]) == (0.2, MOMENT, ["a"])
    assert "traces" not in told
    trace = written(shown.trace(RUN)) | {"part": None}
    assert written(shown.session_with_traces(session)) == told | {"traces": [trace]}


def test_a_session_says_what_its_own_part_of_a_trace_is():
    part = SessionPart(2, NOON, NOON + 50, Sums(input_tokens=7, interpreted=True))
    told = written(shown.session_with_traces(Session("s", 1, 2, NOON, NOON + 50, ["t"], [RUN], [part], part.sums)))
    (trace,) = told["traces"]
    assert (trace["input_tokens"], trace["part"]["input_tokens"], told["input_tokens"]) == (20, 7, 7)
    assert (trace["part"]["event_count"], trace["part"]["first_event_at"]) == (2, MOMENT)


def test_an_outlined_event_leaves_out_what_is_null_or_0():
    event = row(duration_ns=0, name="run", input_tokens=10, output_tokens=0, agent_id=None)
    told = written(shown.outline(Outline(RUN, [event], truncated=False)))
    assert told.pop("events") == [
        {
            "id": "e",
            "timestamp": MOMENT,
            "name": "run",
            "status": "unset",
            "kind": "json",
            "input_tokens": 10,
            "correlation": "trace_id",
        }
    ]
    assert told == written(shown.trace(RUN)) | {"first_error_event": None, "scores": [], "truncated": False}


def test_a_name_of_a_megabyte_is_cut_in_an_outline_and_says_so():
    told = written(shown.outline(Outline(RUN, [row(name="x" * 1_000_000)], truncated=False)))
    assert told["events"][0]["name"] == "x" * 200 + "… [cut, 1000000 characters]"


def test_a_result_has_more_and_parts_only_where_they_were_asked_for():
    event = event_of_row(row())
    plain = {"score": 0.5, "event": written(shown.event(event)), "passage": None, "prompt": False, "highlights": []}
    assert written(shown.results([SearchResult(0.5, event)])) == [plain]
    of_group = SearchResult(0.5, event, more=0, highlights=[Passage("a b", [(0, 1)])], parts={"keyword": Place(1, 2.5)})
    assert written(shown.results([of_group])) == [
        plain
        | {
            "more": 0,
            "highlights": [{"text": "a b", "ranges": [[0, 1]]}],
            "parts": {"keyword": {"rank": 1, "score": 2.5}},
        }
    ]


def test_activity_without_traces_has_no_bounds():
    none = {"since": None, "until": None, "complete": True, "buckets": [], "earlier": 0, "later": 0}
    assert written(shown.activity(ActivityCounts(None, None, complete=True, buckets=[]))) == none
    told = written(shown.activity(ActivityCounts(NOON, NOON + 50, complete=False, buckets=[Bucket(NOON, 3, 1)])))
    assert told["buckets"] == [{"start": MOMENT, "traces": 3, "failed": 1}]
