"""Scores as programs send them: each is about what it was given for."""

from __future__ import annotations

import time

import pytest

ACCURACY = ("accuracy", 0.9, None, "as expected", "call")
VERDICT = ("verdict", None, "pass", None, "trace")


@pytest.mark.parametrize(
    ("program", "scores"),
    [
        ("langfuse_scores.py", {ACCURACY, VERDICT, ("thumb", 1.0, None, None, "trace")}),
        ("openinference_scores.py", {ACCURACY, VERDICT}),
    ],
)
def test_scores_are_shown_with_what_they_are_about(programs, receiver, program, scores):
    trace_id = programs.run(program).splitlines()[-1]
    assert programs.strangers == []
    deadline = time.monotonic() + 60
    while receiver.get("/api/v1/stats")["interpretation_pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    told = receiver.get(f"/api/v1/traces/{trace_id}")["scores"]
    fields = ("name", "value", "label", "explanation", "about")
    assert {tuple(score[field] for field in fields) for score in told} == scores
