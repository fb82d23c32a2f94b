"""Rules of a file, in a receiver that runs."""

from pathlib import Path

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "rules.yaml"


def test_log_records_are_read_by_the_rules_and_spans_are_not(serve):
    receiver = serve(MAPPING_RULES_FILE=str(EXAMPLE)).started()
    records = [
        {"body": {"stringValue": line}} for line in ("tool=charge_card user=u-17", "chat#12 says hi", "session-id: s-1")
    ]
    receiver.post("/v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "tool=charge_card user=u-17"}
    receiver.post("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    events = receiver.get("/api/v1/events")["events"]
    assert {
        (event["session_id"], event["agent_id"], event["event_type"], event["properties"].get("rule"))
        for event in events
    } == {
        ("u-17", "payments", "tool_call", "payment tool"),
        ("12", None, "log", None),
        ("s-1", None, "log", None),
        (None, None, "span", None),
    }
    assert receiver.stop() == 0
