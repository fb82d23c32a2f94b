"""A trace holds three sessions: pruning one says that it keeps what others share, and loses nothing of theirs."""

import pytest

from tests.cases import right
from tests.cases.conftest import send

NAME = "report-one-trace-three-conversations"
TOKENS = {"chat-red": 10, "chat-blue": 20, "chat-green": 30}


@pytest.mark.parametrize("session", TOKENS)
def test_report_one_trace_three_conversations_is_kept_and_said(program, order, session):
    told = send(program, NAME, right.CASES[NAME], order, f"without {session}")
    program.catches_up()
    answer = told.prune(session_id=session)
    assert answer.status_code == 200, answer.text
    assert {field: answer.json()[field] for field in ("traces", "events", "kept")} == {
        "traces": 0,
        "events": 0,
        "kept": 1,
    }
    for one, tokens in TOKENS.items():
        assert told.get(f"/sessions/{one}")["input_tokens"] == tokens
