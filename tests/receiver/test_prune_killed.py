"""A receiver that is killed while it deletes: after each start everything agrees, and in the end it is gone."""

import contextlib
import http.client
import threading
import time

from mapping.times import NS, format_rfc3339

DAY = 86_400 * NS


def events(count, trace_id, at):
    return {
        "events": [
            {
                "timestamp": format_rfc3339(at + number),
                "trace_id": trace_id,
                "session_id": "s",
                "event_type": "tool_call",
                "properties": {"output": f"apple {number % 10}"},
            }
            for number in range(count)
        ]
    }


def all_events(receiver, path):
    cursor, found = "", []
    while cursor is not None:
        page = receiver.get(f"{path}limit=200{cursor and f'&cursor={cursor}'}")
        found += page["events"]
        cursor = page["next_cursor"]
    return found


def agrees(receiver):
    """Check that traces, events, sessions and counts say the same; return the ids of the events."""
    there = all_events(receiver, "/api/v1/events?")
    traces = receiver.get("/api/v1/traces?limit=200")["traces"]
    counted = {}
    for event in there:
        counted[event["trace_id"]] = counted.get(event["trace_id"], 0) + 1
    assert {trace["id"]: trace["event_count"] for trace in traces} == counted
    for trace in traces:
        assert len(all_events(receiver, f"/api/v1/traces/{trace['id']}?")) == trace["event_count"]
    stats = receiver.get("/api/v1/stats")
    assert (stats["events"], stats["traces"]) == (len(there), len(traces))
    assert receiver.get("/api/v1/sessions/s")["event_count"] == len(there)
    return {event["id"] for event in there}


def indexed(receiver):
    deadline = time.monotonic() + 120
    while (stats := receiver.get("/api/v1/stats"))["index_state"] != "ready" or stats["indexed"] != stats["events"]:
        assert time.monotonic() < deadline, stats
        time.sleep(0.1)


def test_a_receiver_killed_while_it_deletes_goes_on_where_it_was(serve):
    receiver = serve(EMBEDDING_MODEL="minilm").started()
    now = time.time_ns()
    old = set()
    for number in range(20):
        sent = events(5, f"short{number}", now - 9 * DAY + number * NS)
        old.update(receiver.post("/api/v1/events/batch", sent)["event_ids"])
    old.update(receiver.post("/api/v1/events/batch", events(300, "long", now - 5 * DAY))["event_ids"])
    (kept,) = receiver.post("/api/v1/events/batch", events(1, "kept", now))["event_ids"]
    indexed(receiver)
    before = format_rfc3339(now - DAY)
    seen_gone = set()
    for seconds in (0.03, 0.15, 0.5, 2, 8):
        if seen_gone and seconds > 1:
            break  # on a busy machine nothing may be gone in less

        def prune(receiver=receiver):
            with contextlib.suppress(OSError, http.client.HTTPException):  # it is killed
                receiver.ask("POST", "/api/v1/prune", {"before": before})

        deleting = threading.Thread(target=prune)
        deleting.start()
        time.sleep(seconds)
        receiver.kill()
        deleting.join()
        receiver = serve(EMBEDDING_MODEL="minilm").started()
        left = agrees(receiver)
        assert kept in left
        assert not left & seen_gone
        seen_gone |= old - left
    assert seen_gone
    while not receiver.post("/api/v1/prune", {"before": before})["done"]:
        pass
    assert agrees(receiver) == {kept}
    indexed(receiver)
    for mode in ("hybrid", "semantic", "keyword"):
        results = receiver.get(f"/api/v1/search?q=apple&mode={mode}")["results"]
        assert [result["event"]["id"] for result in results] == [kept]
    assert receiver.stop() == 0
