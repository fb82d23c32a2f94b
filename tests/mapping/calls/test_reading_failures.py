"""What went wrong, in a line: type and message apart; and what only looks as if something had."""

import pytest
from events import json_event, log, span, span_event, told

from mapping.calls.model import Failure
from mapping.calls.reading import tell

CHAT = {"gen_ai.operation.name": "chat"}
NO_CITY = "no city is called Atlantis"

WORDS = [
    ({"exception.type": "LookupError", "exception.message": NO_CITY}, ("LookupError", NO_CITY)),
    ({"error.type": "LookupError", "otel.status_description": NO_CITY}, ("LookupError", NO_CITY)),
    ({"otel.status_description": f"LookupError: {NO_CITY}"}, ("LookupError", NO_CITY)),
    (
        {"otel.status_description": f"LookupError('{NO_CITY}')Traceback (most recent call last):\n  File x"},
        ("LookupError", NO_CITY),
    ),
    ({"exception.type": "Exception", "exception.message": f"LookupError('{NO_CITY}')"}, ("LookupError", NO_CITY)),
    ({"error.type": "_OTHER", "otel.status_description": NO_CITY}, (None, NO_CITY)),
    ({"error.type": "tool_error"}, ("tool_error", None)),
    ({"error": NO_CITY, "error_type": "file_not_found"}, ("file_not_found", NO_CITY)),
    ({"error": {"message": NO_CITY}}, (None, NO_CITY)),
    ({"error.message": f"line one\n   line two: {NO_CITY}"}, (None, f"line one line two: {NO_CITY}")),
    ({"otel.status_description": f"Error calling tool 'find': {NO_CITY}"}, (None, NO_CITY)),
    ({"otel.status_description": f"Function failed. Error: {NO_CITY}"}, (None, NO_CITY)),
    ({"error": '{"error": {"type": "overloaded", "message": "too many"}}'}, (None, "too many")),
    (
        {"error": "Error code: 429 - {'error': {'message': 'too many', 'code': 7}}"},
        (None, "Error code: 429 - too many"),
    ),
    ({"langfuse.observation.level": "ERROR", "langfuse.observation.status_message": NO_CITY}, (None, NO_CITY)),
    (
        {"exception.stacktrace": f"Traceback (most recent call last):\n  File x\nLookupError: {NO_CITY}\n"},
        ("LookupError", NO_CITY),
    ),
    ({"otel.status_description": "Note: your directory is /home"}, (None, "Note: your directory is /home")),
]


@pytest.mark.parametrize(("properties", "expected"), WORDS)
def test_a_failure_is_type_and_message(properties, expected):
    failure = told(CHAT | properties, status="error").failure
    assert (failure.type, failure.message) == expected


def test_a_stack_of_javascript_is_no_part_of_the_message():
    message = (
        f"{NO_CITY}\n\nError: {NO_CITY}\n    at getWeather (file:///home/user/weather.mjs:30:11)\n    at run (x:1:2)"
    )
    assert told(CHAT | {"error.message": message}, status="error").failure.message == NO_CITY
    assert told(CHAT | {"error.message": "look\n  at home"}, status="error").failure.message == "look at home"


def test_a_stack_is_kept_to_recognise_the_failure_by():
    failure = told(
        CHAT | {"exception.message": NO_CITY, "exception.stacktrace": "Traceback ..."}, status="error"
    ).failure
    assert failure == Failure(None, NO_CITY, "Traceback ...")


def test_a_long_message_is_cut():
    assert len(told(CHAT | {"error.message": "x " * 2000}, status="error").failure.message) == 501


@pytest.mark.parametrize(
    "properties",
    [
        {"success": "false"},
        {"success": False},
        {"genkit:state": "error"},
        {"haystack.tool.error": True},
        {"langfuse.observation.level": "ERROR"},
        {"error.type": "TimeoutError"},
    ],
    ids=str,
)
def test_an_emitter_s_own_word_for_failure_counts(properties):
    assert told(CHAT | properties).failed


def test_what_has_not_failed_has_no_failure():
    telling = told(CHAT | {"otel.status_description": "fine", "success": "true"}, status="ok")
    assert (telling.failed, telling.failure, telling.status_ok) == (False, None, True)


@pytest.mark.parametrize(
    "event",
    [
        span({"exception.type": "langgraph.errors.GraphInterrupt"}, status="error"),
        span(
            {"otel.status_description": "GraphInterrupt((Interrupt(value='Pay 40 euro?', id='i1'),))"}, status="error"
        ),
        span_event(
            {"exception.type": "NodeInterrupt", "exception.message": "(Interrupt(value='Pay 40 euro?'),)"},
            name="exception",
        ),
        span({"exception.type": "ApprovalRequired", "exception.message": "delete it?"}, status="error"),
    ],
)
def test_an_interrupt_waits_for_a_person_and_is_no_failure(event):
    telling = tell(event)
    assert (telling.failed, telling.waits) == (False, True)


def test_what_is_asked_is_the_message_of_an_interrupt():
    event = span(
        {"otel.status_description": "GraphInterrupt((Interrupt(value='Pay 40 euro?', id='i1'),))"}, status="error"
    )
    assert tell(event).failure.message == "Pay 40 euro?"


def test_a_hand_over_is_no_failure():
    telling = tell(span({"exception.type": "langgraph.errors.ParentCommand"}, status="error"))
    assert (telling.failed, telling.waits, telling.failure) == (False, False, None)


def test_a_log_s_own_line_says_what_went_wrong():
    telling = tell(log(body="TimeoutError: no answer from ledger", severity="ERROR", status="error"))
    assert telling.failure == Failure("TimeoutError", "no answer from ledger", "TimeoutError: no answer from ledger")
    telling = tell(json_event({"message": "disk full"}, event_type="error", status="error"))
    assert telling.failure.message == "disk full"


def test_a_framework_s_words_for_any_failure_give_way_to_its_cause():
    lines = f"ToolError(beeai_framework.tools.errors): Tool Error\nContext: {{}}\n  LookupError(builtins): {NO_CITY}"
    for kind in ("TOOL", "LLM", "AGENT"):
        telling = told({"openinference.span.kind": kind, "output.value": lines}, status="error")
        assert (telling.failure.type, telling.failure.message) == ("LookupError", NO_CITY)
        assert telling.answered == []
    raised = {"exception.type": "beeai_framework.tools.errors.ToolError", "exception.message": "Tool Error"}
    stack = f"Traceback (most recent call last):\n  File x\nLookupError: {NO_CITY}\n\nbeeai_framework.ToolError: no"
    assert tell(span_event(raised, name="exception")).failure.message is None
    caused = tell(span_event(raised | {"exception.stacktrace": stack}, name="exception")).failure
    assert (caused.type, caused.message) == ("LookupError", NO_CITY)


def test_who_has_a_result_has_not_failed_where_all_after_a_failure_is_marked():
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find", "openinference.span.kind": "TOOL"}
    assert told(tool, scope="gen_ai", status="error").failed
    assert not told(tool | {"gen_ai.tool.call.result": "sunny"}, scope="gen_ai", status="error").failed


def test_a_failure_that_is_noted_once_more_and_a_way_around_one_are_none():
    noted = {"honeyhive_event_type": "tool", "honeyhive_error": NO_CITY}
    assert not told(noted, status="error").failed
    assert not tell(log({"event.name": "qwen-code.ripgrep_fallback", "error": "spawn rg"})).failed
