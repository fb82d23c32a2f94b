"""A trace that holds three sessions: each is found by its name, and can be deleted by it."""

import pytest

from tests.cases import right
from tests.cases.conftest import send

NAME = "report-one-trace-three-conversations"
TOKENS = {"chat-red": 10, "chat-blue": 20, "chat-green": 30}


@pytest.mark.parametrize("pruned", TOKENS)
def test_report_one_trace_three_conversations_loses_one_of_them(program, order, pruned):
    told = send(program, NAME, right.CASES[NAME], order, f"without {pruned}")
    program.catches_up()
    answer = told.prune(session_id=pruned)
    assert answer.status_code == 200, answer.text
    program.catches_up()
    assert told.asks(f"/sessions/{pruned}").status_code == 404
    assert told.pages("/calls", "calls", session=pruned) == []
    for other in TOKENS.keys() - {pruned}:
        assert told.get(f"/sessions/{other}")["input_tokens"] == TOKENS[other]
        assert len(told.pages("/traces", "traces", session_id=other)) == 1
    (trace,) = told.pages("/traces", "traces", session_id=next(iter(TOKENS.keys() - {pruned})))
    assert trace["input_tokens"] == 60 - TOKENS[pruned]
