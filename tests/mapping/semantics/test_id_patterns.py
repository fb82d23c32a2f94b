import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.semantics.id_patterns import DEFAULT_PATTERNS, compile_patterns, ids_in


@pytest.mark.parametrize(
    ("line", "session"),
    [
        ("session_id: x", "x"),
        ("sessionId=x-1", "x-1"),
        ('{"session-id": "x"}', "x"),
        ("{'session_id': 'x'}", "x"),
        (r"{\"session_id\": \"x\"}", "x"),
        ("got Session ID: x, going on", "x"),
        ("session.id=a:b/c@d+e.f.", "a:b/c@d+e.f"),
        ("GET /chat?session_id=x&page=2", "x"),
        ("conversation_id = 7", "7"),
        ("sessionid:x", "x"),
        ("request_id=r session_id=s", "s"),
        ("request_id=r", None),
        ("session_id: null", None),
        ('"sessionId": null, "requestId": undefined', None),
        ("session_id:", None),
        ("my_session_id=x", None),
        ("supersessionId=x", None),
        ("the session id is x", None),
        ("sessions: 5", None),
        ("", None),
    ],
)
def test_a_session_is_read_however_it_is_written(line, session):
    assert (ids_in(line).session, ids_in(line).agent) == (session, None)


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        ("START RequestId: 8f14e45f-ceea-467a-9575-28cf2cd4bd50 Version: 1", "8f14e45f-ceea-467a-9575-28cf2cd4bd50"),
        ("requestId=r-1", "r-1"),
        ('"sessionId": null, "requestId": undefined', None),
        ("requests: 5", None),
    ],
)
def test_a_request_is_read_in_the_same_spellings(line, request_id):
    assert ids_in(line) == (None, request_id, None)


@pytest.mark.parametrize("line", ["agent_id=a", "agentId: a", '"agent-id":"a"', "AGENT_ID=a"])
def test_an_agent_is_read_in_the_same_spellings(line):
    assert ids_in(line) == (None, None, "a")


def test_patterns_take_the_place_of_the_usual_ones():
    patterns = compile_patterns({"session": [r"chat#(\d+)", r"call-\d+"], "agent": []})
    assert ids_in("chat#12 session_id=x agent_id=a", patterns) == ("12", None, None)
    assert ids_in("call-7", patterns) == ("call-7", None, None)
    assert ids_in("request_id=r", patterns) == (None, "r", None)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"user": []}, "user: unknown; expected one of session, request, agent"),
        ({"session": "x"}, "session: expected a list of regular expressions"),
        ({"session": None}, "session: expected a list of regular expressions"),
        ({"agent": [7]}, "agent: expected a list of regular expressions"),
        ({"session": ["("]}, "session: '\\(' is no regular expression"),
        ({"session": ["(a)(b)"]}, "session: '\\(a\\)\\(b\\)' has 2 groups; expected one"),
    ],
)
def test_what_is_no_pattern_is_refused_by_its_key(written, message):
    with pytest.raises(ValueError, match=message):
        compile_patterns(written)


@given(st.text())
def test_what_is_found_stands_in_the_line(line):
    assert all(found is None or found in line for found in ids_in(line))


@pytest.mark.parametrize("line", ["session_id" * 100_000, "a" * 1_000_000, "session_id " * 100_000, ":" * 1_000_000])
def test_lines_of_any_length_are_searched_in_moments(line):
    start = time.process_time()
    assert ids_in(f"session_id=s-1 {line}", DEFAULT_PATTERNS).session == "s-1"
    assert time.process_time() - start < 1
