from receiver.cli.commands.explain import lines

EXPLANATION = {
    "event_id": "e",
    "trace_id": "t",
    "rule": "rule 2: it carries a session",
    "session_id": {"value": "s\x1b[2J", "from": "properties", "key": "session.id"},
    "agent_id": {"value": None, "from": "default", "key": None},
    "event_type": {"value": "tool_call", "from": "body", "key": None},
}


def test_each_value_stands_with_where_it_comes_from():
    assert lines(EXPLANATION) == [
        "event    e",
        "trace    t",
        r"session  s\x1b[2J   session.id in its properties",
        "agent    -          nothing says it",
        "type     tool_call  what is said in its body",
        "",
        "rule 2: it carries a session",
    ]


def test_a_rule_of_the_user_is_named():
    explanation = EXPLANATION | {"event_type": {"value": "decision", "from": "rule", "key": "mine"}}
    assert "your rule 'mine'" in "\n".join(lines(explanation))
