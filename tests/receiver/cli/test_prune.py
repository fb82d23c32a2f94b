"""`prune` against a receiver of its own."""

import json
import time

import httpx
import pytest

from mapping.times import NS, format_rfc3339

DAY = 86_400 * NS


@pytest.fixture
def served(serve, free_port):
    receiver = serve(SERVER_PORT=str(free_port())).started()
    now = time.time_ns()
    for number in range(6):
        receiver.post(
            "/api/v1/events/batch",
            {
                "events": [
                    {"timestamp": format_rfc3339(now - number * DAY), "trace_id": f"t{number}", "session_id": "s\n"}
                ]
                * 10
            },
        )
    return receiver


@pytest.fixture
def prune(run, served):
    def runs(*argv):
        result = run("prune", *argv, "--url", served.url)
        assert (result.code, result.err) == (0, "")
        return result.out

    return runs


def traces(served):
    return [trace["id"] for trace in httpx.get(f"{served.url}/api/v1/traces").json()["traces"]]


def test_it_deletes_in_a_project_alone(prune, served):
    events = [{"timestamp": "2026-01-07T19:00:00Z", "trace_id": name, "project": name} for name in ("shop", "bank")]
    served.post("/api/v1/events/batch", {"events": events})
    assert prune("--older-than", "1h", "--project", "shop") == "1 trace with 1 event deleted\n"
    assert prune("--project", "shop") == "0 traces with 0 events deleted\n"
    assert prune("--project", "bank", "--dry-run") == "1 trace with 1 event would be deleted\n"
    assert prune("--project", "bank") == "1 trace with 1 event deleted\n"


def test_it_says_what_it_would_delete_and_deletes_what_it_said(prune, served):
    assert prune("--older-than", "84h", "--dry-run") == "2 traces with 20 events would be deleted\n"
    assert len(traces(served)) == 6
    assert prune("--older-than", "84h") == "2 traces with 20 events deleted\n"
    assert traces(served) == ["t0", "t1", "t2", "t3"]
    assert prune("--max-events", "30") == "1 trace with 10 events deleted\n"
    assert json.loads(prune("--trace", "t1", "--json")) == {"dry_run": False, "traces": 1, "events": 10, "kept": 0}
    assert traces(served) == ["t0", "t2"]
    assert prune("--session", "s\n") == "2 traces with 20 events deleted\n"
    assert prune("--older-than", "2999-01-01T00:00:00Z") == "0 traces with 0 events deleted\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "expected one of --older-than, --max-events, --session, --trace and --project"),
        (["--dry-run"], "expected one of"),
        (["--session", "s", "--trace", "t"], "not allowed with"),
        (["--older-than", "old"], "or how long ago"),
        (["--max-events", "0"], "a whole number from 1"),
    ],
)
def test_whoever_does_not_say_what_is_to_go_is_asked(run, argv, message):
    result = run("prune", *argv)
    assert result.code == 2
    assert message in result.err


def test_no_receiver_no_deletion(run, free_port):
    result = run("prune", "--older-than", "1d", "--url", f"http://127.0.0.1:{free_port()}")
    assert result.code == 1
    assert "no receiver answers" in result.err
