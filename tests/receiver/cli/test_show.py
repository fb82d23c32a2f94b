import sys

import pytest

from receiver.cli.commands import calls, search, sessions
from receiver.cli.commands.trace import head
from receiver.cli.show import event_cells, headline, marked
from receiver.cli.terminal import dollars


def test_an_event_is_shown_by_type_agent_status_name_and_duration(event):
    cells = event_cells(event(status="error", duration_ns=1_200_000_000))
    assert cells[1:] == ["tool_call", "travel-agent", "error", "execute_tool book_flight (1.2 s)"]


def test_what_went_well_needs_no_word(event):
    assert event_cells(event(status="ok"))[3] == event_cells(event(status="unset"))[3] == ""


def test_an_event_without_a_name_is_shown_by_its_words(event):
    assert headline(event(name=None, properties={"body": "the fare expired"})) == "the fare expired"


def test_an_event_without_name_and_words_is_shown_by_its_kind(event):
    assert headline(event(name=None)) == "internal"


def test_an_exception_is_shown_by_its_message(event):
    exception = event(name="exception", properties={"exception.message": "no seat left"})
    assert headline(exception) == "no seat left"


def test_a_score_is_shown_by_what_it_says(event):
    said = {
        "gen_ai.evaluation.name": "tone",
        "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.explanation": "too short",
    }
    assert headline(event(name="gen_ai.evaluation.result", properties=said)) == "tone 0.0 too short"
    assert headline(event(name="gen_ai.evaluation.result")) == "gen_ai.evaluation.result"


def test_nothing_of_a_sender_can_steer_the_terminal(event):
    hostile = "\033[2J\r\n\x9b"
    cells = event_cells(event(name=hostile, agent_id=hostile, event_type=hostile, properties={"body": hostile}))
    assert "".join(cells).isprintable()
    of_hostile = event(name=hostile, trace_id=hostile, properties={"body": hostile})
    lines = search.lines([result(of_hostile, passage(hostile, (0, 3)))], 80)
    assert "".join(lines).isprintable()


def passage(text, *ranges):
    return {"text": text, "ranges": [list(each) for each in ranges]}


@pytest.fixture
def colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)


def test_the_words_of_a_passage_are_bold_in_a_terminal(colours):
    assert marked(passage("no seat  left\nnow", (3, 7), (9, 13)), 80) == "no \033[1mseat\033[0m \033[1mleft\033[0m now"


def test_a_passage_is_cut_to_the_width():
    assert marked(passage("no seat left", (3, 7)), 9) == "no seat …"
    assert marked(passage("no seat left", (3, 7)), 5) == "no s…"
    assert marked(passage("no seat left", (3, 7)), 0) == ""


def test_a_passage_cannot_steer_the_terminal(colours):
    shown = marked(passage("a\033[2Jb\x9b\u202e", (1, 6)), 80)
    assert shown == "a\033[1m\\x1b[2Jb\033[0m\\x9b\\u202e"


def result(event, *highlights, **fields):
    return {"score": 0.5, "event": event, "highlights": list(highlights), **fields}


def test_results_say_score_words_trace_and_event(event):
    lines = search.lines([result(event(), passage("no seat left", (3, 7)), more=2)], 80)
    assert lines[0].startswith("0.500  ")
    assert lines[1:] == [
        "       no seat left",
        "       trace 4bf92f3577b34da6a3ce929d0e0e4736  and 2 more",
        "       event 6f1d3a52-6a4c-5b0f-9f52-0e4d7f6a9b11",
    ]


def test_parts_are_said_where_they_are_known(event):
    parts = {"keyword": {"rank": 1, "score": 7.25}, "semantic": {"rank": 3, "score": 0.5}}
    lines = search.lines([result(event(), parts=parts), result(event(), parts={})], 80)
    assert [line.strip() for line in lines if "keyword" in line] == ["keyword 1. (7.250)  semantic 3. (0.500)"]


def test_what_the_first_line_says_is_not_said_twice(event):
    nameless = event(name=None, properties={"body": "no seat left"})
    assert len(search.lines([result(nameless, passage("no seat left"), more=0)], 80)) == 3
    assert len(search.lines([result(nameless, passage("no seat left", (3, 7)))], 80)) == 4


def test_no_results_are_said():
    assert search.lines([], 80) == ["nothing found"]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(1234.5, "$1234.50"), (0.1, "$0.10"), (0.042, "$0.042"), (0.0003, "$0.00030"), (1e-9, "$0.0000000010")],
)
def test_costs_have_two_digits_that_say_something(amount, shown):
    assert dollars(amount) == shown


SUMS = {
    "error_count": 0,
    "calls": 2,
    "tools": 1,
    "input_tokens": 20,
    "output_tokens": 6,
    "cache_read_tokens": 0,
    "cost_usd": 0.0042,
    "unpriced_calls": 0,
    "models": ["gpt-4.1", "o3"],
    "agent_ids": ["one", "two"],
    "first_question": "Which river?",
    "last_answer": "The Ebro.",
    "first_error": None,
    "interpreted": True,
}


def test_a_trace_says_what_its_calls_came_to():
    trace = SUMS | {
        "id": "t",
        "name": "run",
        "status": "completed",
        "session_id": None,
        "agent_id": None,
        "service": None,
        "start_time": "2001-01-07T12:00:00.000000000Z",
        "last_event_at": "2001-01-07T12:00:02.000000000Z",
        "event_count": 3,
        "duration_ns": 2_000_000_000,
    }
    assert head(trace)[1].endswith("3 events  2 model calls  1 tool call  20/6 tokens  $0.0042")
    assert head(trace)[2:] == ["models gpt-4.1, o3", "? Which river?"]
    assert head(trace | {"cost_usd": 0.0, "cache_read_tokens": 8})[1].endswith("20 (8 cached)/6 tokens")
    assert head(trace | {"unpriced_calls": 1})[1].endswith("$0.0042, 1 of 2 calls priced")
    assert head(trace | {"first_error": "it\033 broke", "interpreted": False})[-2:] == [
        "! it\\x1b broke",
        "not all of its events are interpreted yet",
    ]


def test_calls_stand_below_their_headings():
    call = {
        "start_time": "2001-01-07T12:00:00.000000000Z",
        "kind": "tool",
        "name": "depth\033",
        "agent_id": None,
        "duration_ns": 2_000_000,
        "status": "error",
        "error": "no line",
        "input_tokens": None,
        "output_tokens": None,
        "cache_read_tokens": None,
        "cost_usd": None,
    }
    head, line = calls.lines([call])
    assert head.index("took") == line.index("2 ms")
    assert "depth\\x1b" in line
    assert line.endswith("no line")
    assert calls.lines([]) == ["no calls"]


def test_sessions_stand_below_their_headings():
    session = SUMS | {
        "id": "demo\033",
        "trace_count": 2,
        "event_count": 22,
        "cost_usd": 0.0123,
        "last_event_at": "2001-01-07T12:00:00.000000000Z",
    }
    head, line = sessions.lines([session])
    assert head.index("agents") == line.index("one, two")
    assert head.index("cost") == line.index("$0.012 ")
    assert line.endswith("demo\\x1b  Which river?")


def test_no_sessions_are_said():
    assert sessions.lines([]) == ["no sessions: no event has named one yet"]
