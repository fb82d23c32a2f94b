import io
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent.parent / "examples" / "rules.yaml"

PAYMENT = "2026-01-07 19:00:00 tool=charge_card user=u-17 took=412"
FAILED = (
    '{"event": "tool_failed", "chat": {"id": "c-9"}, "worker": "booking", '
    '"detail": {"tool": "book_flight", "code": 402}}'
)


@pytest.fixture
def tried(run, monkeypatch):
    def tries(log, rules=EXAMPLE):
        data = log.encode() if isinstance(log, str) else log
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return run("doctor", "--rules", rules)

    return tries


def test_each_line_shows_its_rule_and_what_came_out(tried):
    assert PAYMENT in EXAMPLE.read_text()
    assert FAILED in EXAMPLE.read_text()
    result = tried(f'{PAYMENT}\r\n\n{FAILED}\nchat#12 says hi\n{{"service": "shop", "text": "card 4 was refused"}}')
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        PAYMENT,
        "    payment tool (priority 0): tool_call, level INFO, session u-17, agent payments",
        "        tool_name: charge_card",
        "        took_ms: 412",
        FAILED,
        "    failed tool (priority 10): tool_call, level ERROR, session c-9, agent booking-agent",
        "        tool_name: book_flight",
        "        error.code: 402",
        "chat#12 says hi",
        "    no rule: log, session 12",
        '{"service": "shop", "text": "card 4 was refused"}',
        "    refused card (priority 0): decision",
        "",
        "4 lines, 3 matched by a rule, 1 by none",
        "       1  failed tool",
        "       1  payment tool",
        "       1  refused card",
    ]


def test_a_rule_that_met_nothing_is_seen(tried):
    assert tried("").out.splitlines() == [
        "",
        "0 lines, 0 matched by a rule, 0 by none",
        "       0  failed tool",
        "       0  payment tool",
        "       0  refused card",
    ]


def test_lines_of_any_bytes_are_shown_without_control_characters(tried):
    result = tried(b"tool=a user=\xff\033[2J x\0\n")
    assert result.code == 0
    assert "\033" not in result.out
    assert "session �\\x1b[2J" in result.out


def test_rules_that_are_none_are_refused_with_file_rule_and_key(tried, run, tmp_path, monkeypatch):
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: broken, match: x, sesion: y}]")
    wrong = f"{rules}: rule 'broken': sesion: unknown; expected one of name, match"
    result = tried("x", rules)
    assert (result.code, result.out) == (2, "")
    assert wrong in result.err
    monkeypatch.setenv("VECTADB_MAPPING_RULES_FILE", str(rules))
    result = run("serve", "--data-dir", tmp_path / "data")
    assert result.code == 2
    assert f"mapping.rules_file: {wrong}" in result.err
    result = run("doctor")
    assert result.code == 1
    assert result.out.startswith("problem  settings ")
    assert f"mapping.rules_file: {wrong}" in result.out
    assert not (tmp_path / "data").exists()


def test_doctor_says_how_many_rules_there_are(run, tmp_path, free_port, monkeypatch):
    monkeypatch.setenv("VECTADB_MAPPING_RULES_FILE", str(EXAMPLE))
    result = run(
        "doctor", "--data-dir", tmp_path / "data", "--port", free_port(), "--otlp-port", "off", "--grpc-port", "off"
    )
    assert f"; 3 rules from {EXAMPLE}\n" in result.out
