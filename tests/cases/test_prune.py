"""A trace holds three sessions: each can be pruned by its name, and the others lose nothing."""

import time

from tests.cases import right
from tests.cases.conftest import send

NAME = "report-one-trace-three-conversations"
TOKENS = {"chat-red": 10, "chat-blue": 20, "chat-green": 30}
# What names no session is the first one's: the loop around all of them.
EVENTS = {"chat-red": 3, "chat-blue": 2, "chat-green": 2}
# Seconds until what is left of a trace is interpreted.
SETTLED = 90


def test_report_one_trace_three_conversations_can_lose_each_of_them(program, order):
    sent = {pruned: send(program, NAME, right.CASES[NAME], order, f"without {pruned}") for pruned in TOKENS}
    program.catches_up()
    for pruned, told in sent.items():
        answer = told.prune(session_id=pruned)
        assert answer.status_code == 200, answer.text
        assert {field: answer.json()[field] for field in ("events", "done")} == {"events": EVENTS[pruned], "done": True}
    for pruned, told in sent.items():
        (trace_id,) = told.trace_ids
        deadline = time.monotonic() + SETTLED
        while not (trace := told.get(f"/traces/{trace_id}"))["interpreted"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert trace["event_count"] == 7 - EVENTS[pruned]
        assert trace["input_tokens"] == 60 - TOKENS[pruned]
        assert told.asks(f"/sessions/{pruned}").status_code == 404
        assert told.pages("/calls", "calls", session=pruned) == []
        for other in TOKENS.keys() - {pruned}:
            assert told.get(f"/sessions/{other}")["input_tokens"] == TOKENS[other]
            assert [one["id"] for one in told.pages("/traces", "traces", session_id=other)] == [trace_id]
