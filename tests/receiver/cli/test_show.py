import pytest

from receiver.cli.commands import search, sessions
from receiver.cli.commands.trace import head
from receiver.cli.show import event_cells, excerpt, headline
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


def test_nothing_of_a_sender_can_steer_the_terminal(event):
    hostile = "\033[2J\r\n\x9b"
    cells = event_cells(event(name=hostile, agent_id=hostile, event_type=hostile, properties={"body": hostile}))
    assert "".join(cells).isprintable()
    lines = search.lines(
        [{"score": 1, "event": event(name=hostile, trace_id=hostile, properties={"body": hostile})}], "x", 80
    )
    assert "".join(lines).isprintable()


def test_an_excerpt_begins_near_the_words_that_were_searched(event):
    found = excerpt(event(properties={"body": "filler " * 100 + "the fare expired while booking"}), "expired fares")
    assert found.startswith("…")
    assert "the fare expired while booking" in found


def test_an_excerpt_of_something_else_begins_at_the_start(event):
    assert excerpt(event(properties={"body": "the fare expired"}), "a hotel (quiet)") == "the fare expired"


def test_results_say_score_words_and_trace(event):
    lines = search.lines([{"score": 0.5, "event": event(properties={"body": "no seat left"})}], "seat", 80)
    assert lines[0].startswith("0.500  ")
    assert lines[1:] == ["       no seat left", "       trace 4bf92f3577b34da6a3ce929d0e0e4736"]


def test_no_results_are_said():
    assert search.lines([], "seat", 80) == ["nothing found"]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(1234.5, "$1234.50"), (0.1, "$0.10"), (0.042, "$0.042"), (0.0003, "$0.00030"), (1e-9, "$0.0000000010")],
)
def test_costs_have_two_digits_that_say_something(amount, shown):
    assert dollars(amount) == shown


def test_a_trace_says_what_it_cost_where_that_is_known():
    trace = {
        "id": "t",
        "name": "run",
        "status": "completed",
        "session_id": None,
        "agent_id": None,
        "service": None,
        "start_time": "2001-01-07T12:00:00.000000000Z",
        "last_event_at": "2001-01-07T12:00:02.000000000Z",
        "event_count": 3,
        "error_count": 0,
        "input_tokens": 20,
        "output_tokens": 6,
    }
    assert head({**trace, "cost_usd": 0.0042})[1].endswith("3 events  20 tokens in, 6 out  $0.0042")
    assert head({**trace, "cost_usd": 0.0})[1].endswith("20 tokens in, 6 out")


def test_sessions_stand_below_their_headings():
    session = {
        "id": "demo\033",
        "trace_count": 2,
        "event_count": 22,
        "error_count": 0,
        "input_tokens": 5,
        "output_tokens": 1,
        "cost_usd": 0.0123,
        "last_event_at": "2001-01-07T12:00:00.000000000Z",
        "agent_ids": ["one", "two"],
    }
    head, line = sessions.lines([session])
    assert head.index("agents") == line.index("one, two")
    assert head.index("cost") == line.index("$0.012 ")
    assert line.endswith("demo\\x1b")


def test_no_sessions_are_said():
    assert sessions.lines([]) == ["no sessions: no event has named one yet"]
