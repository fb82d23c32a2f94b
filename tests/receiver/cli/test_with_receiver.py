"""Every command against a real receiver: the demo is sent once, and then looked at."""

import contextlib
import io
import json
import re
import signal
import time

import httpx
import pytest

from mapping.times import format_rfc3339
from receiver.cli import main
from receiver.cli.api import Receiver, ReceiverAddress
from receiver.cli.commands import alerts


@pytest.fixture(scope="module")
def demo(served):
    """Send the demo, wait until it can be searched, and return what the command printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["send-demo", "--url", served.url]) == 0
    wait_for(served, "index_pending")
    return out.getvalue()


@pytest.fixture
def api(served, demo):
    return Receiver(ReceiverAddress(served.url, ""))


@pytest.fixture
def ask(run, served, demo):
    def asks(*argv):
        result = run(*argv, "--url", served.url)
        assert (result.code, result.err) == (0, "")
        return result.out

    return asks


@pytest.fixture(scope="module")
def interpreted(served, demo):
    """Wait until what was sent is interpreted."""
    wait_for(served, "interpretation_pending")


def wait_for(served, pending):
    """Wait until nothing is pending, and the index is there: until then what it waits for is not known."""
    deadline = time.monotonic() + 60
    while (stats := Receiver(ReceiverAddress(served.url, "")).get("/api/v1/stats"))[pending] or (
        stats["index_state"] != "ready"
    ):
        assert time.monotonic() < deadline, stats
        time.sleep(0.05)


def trace_ids(demo):
    return re.findall(r"(?m)^  (completed|failed) +([0-9a-f]{32})  ", demo)


def test_the_demo_arrives_as_it_says(demo, api):
    spans, logs, runs, sessions = map(int, re.findall(r"\d+", demo.splitlines()[0]))
    stored = list(api.pages("/api/v1/events", "events", 1000))
    assert sum(event["span_id"] is not None for event in stored) == spans
    assert sum(event["kind"] == "log_record" for event in stored) == logs
    assert len(trace_ids(demo)) == runs == 4
    assert sessions == 3


def test_the_demo_has_one_failed_run_and_runs_in_the_past_with_a_duration(demo, api):
    for status, trace_id in trace_ids(demo):
        trace = api.get(f"/api/v1/traces/{trace_id}")
        assert trace["status"] == status
        assert trace["start_time"] < trace["end_time"] < trace["created_at"]
        assert trace["input_tokens"] > trace["output_tokens"] > 0
        assert all(event["correlation"] == "trace_id" for event in trace["events"])
    assert [status for status, _ in trace_ids(demo)].count("failed") == 1


def test_the_demo_shows_a_failed_tool_its_retry_and_a_sub_agent(demo, api):
    trace = api.get(f"/api/v1/traces/{trace_ids(demo)[0][1]}")
    bookings = [event for event in trace["events"] if event["name"] == "execute_tool book_flight"]
    assert [event["status"] for event in bookings] == ["error", "unset"]
    assert "gen_ai.tool.call.result" in bookings[1]["properties"]
    assert {event["agent_id"] for event in trace["events"]} == {"travel-agent", "hotel-agent"}
    logs = [event for event in trace["events"] if event["kind"] == "log_record"]
    spans = {event["span_id"] for event in trace["events"]}
    assert logs
    assert all(event["parent_span_id"] in spans for event in logs)


def test_what_the_demo_says_to_type_next_works(demo, run):
    commands = re.findall(r"(?m)^  vectadb-receiver (.*)$", demo)
    assert len(commands) == 5
    for command in commands:
        words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', command)]
        result = run(*words)
        assert result.code == 0, (command, result)
        assert "nothing found" not in result.out
        assert "no sessions" not in result.out


def test_search_finds_by_meaning(ask):
    out = ask("search", "the money could not be taken from the card", "--mode", "semantic", "--limit", "5")
    assert "card declined: the daily limit" in out


def test_search_prints_lines_of_json(ask):
    results = [json.loads(line) for line in ask("search", "Casa Jasmim", "--mode", "keyword", "--json").splitlines()]
    assert results
    assert all("Jasmim" in json.dumps(result["event"]["properties"]) for result in results)
    assert [result["score"] for result in results] == sorted((r["score"] for r in results), reverse=True)


def test_search_shows_why_and_what_is_like_it(ask):
    out = ask("search", "card declined", "--parts", "--group-by", "trace")
    # Which of those who tell of it stands first depends on how many there was time to read again.
    assert re.search(r"declined.*: (the )?daily limit of the (corporate )?card", out)
    assert re.search(r"(?m)^       keyword \d+\. \(\d+\.\d{3}\)", out)
    event_id = re.search(r"(?m)^       event (\S+)$", out)[1]
    alike = [json.loads(line) for line in ask("search", "--like", event_id, "--json", "--limit", "3").splitlines()]
    assert len(alike) == 3
    assert event_id not in {result["event"]["id"] for result in alike}
    assert alike[0]["score"] > 0.5


@pytest.mark.parametrize("words", [(), ("text", "--like", "x"), ("--like", "x", "--mode", "keyword")])
def test_search_wants_a_text_or_an_event(run, words):
    result = run("search", *words, "--url", "http://127.0.0.1:1")
    assert (result.code, result.out) == (2, "")
    assert "a text to search for" in result.err


def test_like_an_event_that_is_not_there_is_an_error(run, served):
    result = run("search", "--like", "no/such?event", "--url", served.url)
    assert (result.code, result.out) == (1, "")
    assert "no event has the id 'no/such?event'" in result.err


def test_search_takes_the_filters(ask):
    lines = ask("search", "flight", "--agent-id", "hotel-agent", "--since", "2h", "--json").splitlines()
    assert lines
    assert {json.loads(line)["event"]["agent_id"] for line in lines} == {"hotel-agent"}
    assert ask("search", "flight", "--until", "1d") == "nothing found\n"


def test_colours_are_for_terminals_and_where_they_are_asked_for(ask, demo, monkeypatch):
    trace = ("trace", trace_ids(demo)[0][1])
    assert "\033" not in ask(*trace)
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = ask(*trace, "--color", "always")
    assert {"\033[35mmodel_call\033[0m", "\033[34mtool_call\033[0m"} <= set(coloured.split())
    assert re.sub(r"\033\[\d+m", "", coloured) == ask(*trace)


def test_the_demo_says_what_it_sent_as_json(run, served, demo):
    sent = json.loads(run("send-demo", "--json", "--url", served.url).out)
    assert (sent["spans"], sent["log_records"]) == (28, 7)
    assert [run["failed"] for run in sent["runs"]].count(True) == 1


def test_trace_shows_the_tree(ask, demo, interpreted):
    out = ask("trace", trace_ids(demo)[0][1])
    assert out.splitlines()[0].startswith("invoke_agent travel-agent  ")
    assert "18 events  1 error  6 model calls" in out
    lines = [line for line in out.splitlines() if "chat gpt-4.1" in line]
    # The sub-agent's calls stand deeper than the agent's.
    assert len({line.index("chat") for line in lines}) == 2


def test_trace_says_when_it_does_not_show_all(ask, demo):
    assert "the first 3 of 18 events" in ask("trace", trace_ids(demo)[0][1], "--limit", "3")


def test_trace_as_json_holds_every_event(ask, demo):
    trace = json.loads(ask("trace", trace_ids(demo)[0][1], "--json"))
    assert len(trace["events"]) == trace["event_count"] == 18


def test_a_trace_that_is_not_there_is_an_error(run, served):
    result = run("trace", "no/such?trace", "--url", served.url)
    assert (result.code, result.out) == (1, "")
    assert "no trace has the id 'no/such?trace'" in result.err


def test_explain_says_which_rule_placed_an_event(ask, demo):
    trace = json.loads(ask("trace", trace_ids(demo)[0][1], "--json"))
    event = trace["events"][0]
    out = ask("explain", event["id"])
    assert event["session_id"] in out
    assert "in its properties" in out
    assert out.splitlines()[-1].startswith("rule 1: ")
    assert json.loads(ask("explain", event["id"], "--json"))["trace_id"] == trace["id"]


def test_an_event_that_is_not_there_is_an_error(run, served):
    result = run("explain", "no/such?event", "--url", served.url)
    assert (result.code, result.out) == (1, "")
    assert "no event has the id 'no/such?event'" in result.err


def test_alerts_are_listed_and_where_there_are_none_it_says_which_setting_makes_some(ask):
    assert ask("alerts") == "no alerts: see alerts.webhooks in the settings\n"
    told = {"timestamp": "2026-01-07T19:00:00.000000000Z", "webhook": "ops", "attempts": 2}
    first = {**told, "state": "waiting", "text": "Run failed: \x1b[31mnightly", "last_error": "it answered 500"}
    head, waits, taken = alerts.lines([first, {**first, "state": "delivered"}])
    assert head.split() == ["when", "webhook", "state", "attempts", "alert"]
    assert "\x1b" not in waits
    assert waits.endswith("it answered 500")
    assert "it answered" not in taken


def test_sessions_are_listed(ask, demo):
    lines = ask("sessions").splitlines()
    assert {re.sub(r".*demo-(\w+)-.*", r"\1", line) for line in lines[1:]} == {"tokyo", "oslo", "lisbon"}
    assert {len(json.loads(line)["trace_ids"]) for line in ask("sessions", "--json").splitlines()} == {1, 2}


def test_traces_are_listed_sorted_and_filtered(ask, demo, interpreted):
    (failed,) = [trace_id for status, trace_id in trace_ids(demo) if status == "failed"]
    assert all(trace_id in ask("traces") for _, trace_id in trace_ids(demo))
    listed = ask("traces", "--status", "failed", "--agent", "travel-agent")
    assert failed in listed
    assert not any(trace_id in listed for status, trace_id in trace_ids(demo) if status == "completed")
    assert ask("traces", "--filter", "status:failed agent:travel-agent") == listed
    assert ask("traces", "--filter", "status:failed agent:nobody") == "no traces\n"
    dearest = [json.loads(line) for line in ask("traces", "--sort", "tokens", "--json").splitlines()]
    tokens = [trace["input_tokens"] + trace["output_tokens"] for trace in dearest]
    assert tokens == sorted(tokens, reverse=True)
    (session,) = [trace["session_id"] for trace in dearest if trace["id"] == failed]
    assert session in ask("sessions", "--filter", "status:failed", "--sort", "errors")
    assert ask("sessions", "--filter", "agent:nobody") == "no session matches\n"


def test_two_traces_are_compared(ask, demo, interpreted, api):
    failed, other = (next(i for s, i in trace_ids(demo) if s == status) for status in ("failed", "completed"))
    found = json.loads(ask("compare", failed, other, "--json"))
    assert (found["a"]["id"], found["b"]["id"]) == (failed, other)
    out = ask("compare", failed, other)
    for each in (found["a"], found["b"]):
        assert each["id"] in out
    assert re.search(r"(?m)^status +failed +completed", out)
    assert f"{len(found['steps'])} steps: " in out.splitlines()[-1]
    fewer = ask("compare", failed, other, "--differing").splitlines()
    assert not [line for line in fewer if line.startswith("= ")]
    assert re.search(r"(?m)^    [-+] ", ask("compare", failed, other, "--diff"))


def test_two_sessions_are_compared(ask, demo, interpreted, api):
    one, other = [session["id"] for session in api.get("/api/v1/sessions")["sessions"]][:2]
    out = ask("compare", one, other, "--sessions")
    assert one in out
    assert re.search(r"(?m)^traces +\d", out)
    assert " steps: " in out.splitlines()[-1]


def test_what_cannot_be_compared_is_an_error(run, served, demo, interpreted):
    trace = trace_ids(demo)[0][1]
    for other, message in ((trace, "expected another trace"), ("nobody", "no trace has the id 'nobody'")):
        result = run("compare", trace, other, "--url", served.url)
        assert (result.code, result.out) == (1, "")
        assert message in result.err
    assert run("compare", trace, "x", "--json", "--diff").code == 2


def test_what_was_said_is_shown_of_a_trace_and_of_a_session(ask, demo, interpreted, api):
    (failed,) = [trace_id for status, trace_id in trace_ids(demo) if status == "failed"]
    trace = api.get(f"/api/v1/traces/{failed}")
    told = ask("conversation", failed)
    assert trace["first_question"] in " ".join(told.split())
    assert "→ charge_card {" in told
    turns = [json.loads(line) for line in ask("conversation", failed, "--json").splitlines()]
    assert turns == api.get(f"/api/v1/traces/{failed}/conversation")["turns"]
    assert ask("conversation", failed, "--limit", "1").splitlines()[-1] == "the first 1 messages; --limit shows more"
    assert ask("conversation", trace["session_id"]).startswith("user")


def test_a_call_is_shown_with_what_was_passed(ask, interpreted, api):
    (call, *_) = api.get("/api/v1/calls?kind=tool&status=error&name=charge_card")["calls"]
    lines = ask("call", call["id"]).splitlines()
    assert lines[0] == f"tool charge_card  {call['id']}"
    assert any(line.startswith("! ") and call["error"] in line for line in lines)
    assert any(line.startswith("→ {") for line in lines)
    (asked, *_) = api.get("/api/v1/calls?kind=model")["calls"]
    assert "\nuser" in ask("call", asked["id"])
    assert json.loads(ask("call", call["id"], "--json"))["id"] == call["id"]


def test_a_session_is_shown_with_its_traces(ask, demo, interpreted, api):
    session = next(one for one in api.get("/api/v1/sessions")["sessions"] if one["trace_count"] == 2)
    shown = ask("sessions", session["id"])
    assert all(trace_id in shown for trace_id in session["trace_ids"])
    assert json.loads(ask("sessions", session["id"], "--json"))["id"] == session["id"]


@pytest.mark.parametrize("command", ["conversation", "call", "sessions"])
def test_what_is_not_there_is_said(run, served, demo, command):
    result = run(command, "00000000-0000-4000-8000-000000000000", "--url", served.url)
    assert (result.code, result.out) == (1, "")
    assert "no " in result.err


@pytest.mark.parametrize("flags", [("--agent", "nobody"), ("--json", "--session-id", "no-such", "--limit", "250")])
def test_the_tail_of_what_matches_nothing_says_so(run, served, demo, flags):
    result = run("tail", *flags, "--url", served.url)
    assert (result.code, result.out, result.err) == (0, "", "no event matches\n")


def test_figures_are_told_over_time_and_by_name(ask, demo, interpreted):
    lines = ask("stats").splitlines()
    assert lines[0].split()[:2] == ["from", "runs"]
    listed = ask("traces", "--limit", "1000", "--json").splitlines()
    assert lines[-1].split()[:2] == ["all", str(len(listed))]
    calls = [json.loads(line) for line in ask("calls", "--kind", "tool", "--limit", "100", "--json").splitlines()]
    for row in json.loads(ask("stats", "--by", "tool", "--json"))["rows"]:
        named = [call for call in calls if call["name"] == row["name"]]
        assert (row["count"], row["failed"]) == (len(named), sum(call["status"] == "error" for call in named))
        assert row["name"] in ask("stats", "--by", "tool")
    errors = ask("stats", "--by", "error").splitlines()[1:]
    assert all(re.search(r" (this hour|.*:00:00) .* travel-agent ", line) for line in errors)
    assert ask("stats", "--by", "model", "--until", "2001-01-01T00:00:00Z") == "no models\n"


def test_a_filter_that_is_wrong_is_an_error_with_its_place(run, served):
    result = run("traces", "--filter", "agent:x cost>cheap", "--url", served.url)
    assert result.code == 1
    assert "filter: column 14: expected US dollars" in result.err


def test_calls_are_listed(ask, interpreted):
    lines = ask("calls", "--kind", "model", "--sort", "tokens", "--limit", "100").splitlines()
    assert lines[0].split()[:4] == ["start", "kind", "name", "agent"]
    assert all(" model " in line for line in lines[1:])
    calls = [json.loads(line) for line in ask("calls", "--kind", "model", "--sort", "tokens", "--json").splitlines()]
    spent = [call["input_tokens"] + call["output_tokens"] for call in calls]
    assert spent == sorted(spent, reverse=True)
    (slowest,) = [
        json.loads(line) for line in ask("calls", "--min-duration", "5s", "--json", "--limit", "1").splitlines()
    ]
    assert slowest["duration_ns"] >= 5 * 10**9


def test_calls_are_found_by_a_filter(run, ask, served, interpreted):
    found = [json.loads(line) for line in ask("calls", "--filter", "tool:charge_* duration>1s", "--json").splitlines()]
    assert found
    assert all(call["name"] == "charge_card" and call["duration_ns"] > 10**9 for call in found)
    assert "column 1: expected a field" in run("calls", "--filter", "user:ann", "--url", served.url).err


def test_tail_shows_the_last_events_and_ends(ask, demo):
    shown = [json.loads(line) for line in ask("tail", "--limit", "3", "--agent", "hotel-agent", "--json").splitlines()]
    assert len(shown) == 3
    assert {event["agent_id"] for event in shown} == {"hotel-agent"}
    assert [event["timestamp"] for event in shown] == sorted(event["timestamp"] for event in shown)
    assert ask("tail", "--limit", "0") == ""


def test_tail_that_follows_shows_the_past_and_then_what_comes_until_ctrl_c(start, served, demo):
    for text in ("long past", "past", "past again"):
        _send(served, text)
    tail = start("tail", "--follow", "-n", "2", "--type", "tail_test", "--url", served.url)
    lines = [tail.stdout.readline() for _ in range(2)]
    _send(served, "news \033[2J")
    lines.append(tail.stdout.readline())
    assert [line.rstrip("\n").rpartition("  ")[2] for line in lines] == [
        "past",
        "past again",
        "news \\x1b[2J",
    ]
    tail.send_signal(signal.SIGINT)
    _, err = tail.communicate(timeout=30)
    assert tail.returncode == 130
    assert "Traceback" not in err


def test_tail_that_follows_ends_when_nobody_reads_on(start, served, demo):
    tail = start("tail", "-f", "--limit", "1", "--json", "--url", served.url)
    assert json.loads(tail.stdout.readline())["id"]
    tail.stdout.close()
    assert tail.wait(30) == 141
    assert tail.stderr.read() == ""


def test_a_pipe_that_its_reader_closed_is_no_traceback(start, served, demo):
    listing = start("tail", "--limit", "200", "--json", "--url", served.url)
    listing.stdout.close()
    assert listing.wait(30) == 141
    assert listing.stderr.read() == ""


def test_an_exporter_that_fails_is_a_clear_message(run, served, monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    result = run("send-demo", "--url", served.url)
    assert (result.code, result.out) == (1, "")
    assert "OTEL_SDK_DISABLED" in result.err


def _send(served, text):
    event = {
        "timestamp": format_rfc3339(time.time_ns()),
        "event_type": "tail_test",
        "properties": {"message": text},
    }
    assert httpx.post(f"{served.url}/api/v1/events", json=event).status_code == 200


def test_a_score_is_stored_shown_and_counted(ask, api, served):
    trace_id = "5c0" + "0" * 28 + "e"
    event = {"timestamp": "2026-01-07T19:00:00Z", "trace_id": trace_id, "event_type": "tool_call", "event_id": "scored"}
    api.post("/api/v1/events", event)
    verdict = (
        "score",
        "--event",
        "scored",
        "--name",
        "verdict",
        "--label",
        "pass",
        "--author",
        "Ada",
        "--note",
        "it fits",
    )
    assert ask(*verdict, "--key", "k").startswith("stored: ")
    assert ask(*verdict, "--key", "k").startswith("known already: ")
    ask("score", "--trace", trace_id, "--name", "tone", "--value", "-0.5", "--source", "model")
    wait_for(served, "interpretation_pending")
    for command in (("trace", trace_id), ("call", "scored")):
        assert "* verdict pass (Ada, person) · it fits\n" in ask(*command)
    assert "* tone -0.5 (model)\n" in ask("trace", trace_id)
    assert re.search(r"verdict +1 +- +pass 1", ask("stats", "--by", "score"))
    assert trace_id in ask("traces", "--filter", "score:tone<0 score:verdict=pass")


def test_a_score_of_nothing_is_refused(run, served):
    result = run("score", "--event", "nothing", "--name", "tone", "--value", "1", "--url", served.url)
    assert (result.code, "event_id: nothing with the id 'nothing' is stored" in result.err) == (1, True)
    result = run("score", "--event", "scored", "--name", "tone", "--url", served.url)
    assert (result.code, "value: expected one, or a label or an explanation" in result.err) == (1, True)
