"""Exports from the page: what a list shows, one trace, what was found; the file is imported again, and is the same."""

import asyncio
import json
import subprocess
import sys

import pytest
from chromium import PHONE, expect
from program import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE = 2**62 + 1


@pytest.fixture
def large(receiver, story):
    """A trace of an event with a number that no double can hold."""
    event = {"timestamp": "2026-01-07T19:00:00Z", "trace_id": story.session, "agent_id": story.agent}
    receiver.post("/api/v1/events", event | {"properties": {"tool_name": "pay", "order": LARGE}})
    receiver.indexed()
    return story


async def exported(tab, form="JSON lines"):
    """Export what the page shows; return the file's name and its lines."""
    await tab.find("main .export summary").click()
    async with tab.page.expect_download() as downloading:
        await tab.find("main .export").get_by_text(form, exact=True).click()
    download = await downloading.value
    path = await download.path()
    return download.suggested_filename, await asyncio.to_thread(path.read_text)


def imported(program, folder, text):
    """Import lines, as a user does; return what the receiver has then."""
    file = folder / "exported"
    file.write_text(text)
    command = [sys.executable, "-m", "receiver", "import", str(file), "--url", program.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return events(program)


def events(program, **which):
    found = program.get("/api/v1/events", limit=200, **which)["events"]
    return [{**event, "created_at": "", "correlation": ""} for event in found]


@pytest.mark.parametrize("form", ["JSON lines", "OTLP"])
async def test_a_trace_is_exported_and_imported_again_with_its_numbers(
    open_tab, receiver, start, tmp_path, large, form
):
    tab = await open_tab(receiver, f"#/traces/{large.session}")
    name, text = await exported(tab, form)
    assert name.startswith("events-")
    assert str(LARGE) in text
    assert imported(start(), tmp_path, text) == events(receiver, trace_id=large.session)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_all_of_the_traces_that_match_are_exported(open_tab, receiver, runs, start, tmp_path, viewport):
    tab = await open_tab(receiver, "#/traces?filter=agent:travel-agent&sort=cost", viewport=viewport)
    _, text = await exported(tab)
    ids = {run["id"] for run in receiver.get("/api/v1/traces", filter="agent:travel-agent")["traces"]}
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["trace_id"] for line in lines} == ids
    assert len(lines) == sum(receiver.get(f"/api/v1/traces/{trace}")["event_count"] for trace in ids)
    assert len(imported(start(), tmp_path, text)) == len(lines)


async def test_sessions_calls_and_what_was_found_are_exported(open_tab, receiver, runs):
    session = runs["oslo"]["session_id"]
    results = receiver.get("/api/v1/search", q="charge_card", mode="keyword", limit=20)["results"]
    found = {result["event"]["id"] for result in results}
    for address, matches in (
        (f"#/sessions?filter=session:{session}", lambda event: event["session_id"] == session),
        (f"#/sessions/{session}", lambda event: event["session_id"] == session),
        ("#/calls?filter=tool:charge_card", lambda event: "charge" in json.dumps(event)),
        ("#/search?q=charge_card&mode=keyword", lambda event: event["id"] in found),
    ):
        tab = await open_tab(receiver, address)
        _, text = await exported(tab)
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines
        assert all(map(matches, lines)), address


async def test_with_a_key_the_page_asks_for_the_file_itself(open_tab, start):
    locked = start(key="one")
    locked.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "properties": {"order": LARGE}})
    tab = await open_tab(locked)
    tab.provokes("status of 401")
    await tab.role("dialog", "API key").get_by_label("API key").fill("one")
    await tab.press("Enter")
    await tab.role("navigation", "Pages").get_by_role("link", name="Traces").click()
    name, text = await exported(tab)
    assert name.endswith(".jsonl")
    assert str(LARGE) in text
    assert "one" not in "".join(tab.requests)  # no key stands in an address


async def test_with_a_key_an_export_that_fails_says_so_and_one_that_lasts_can_be_stopped(open_tab, start):
    locked = start(key="one")
    locked.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z"})
    tab = await open_tab(locked)
    tab.provokes("status of (401|503)")
    await tab.role("dialog", "API key").get_by_label("API key").fill("one")
    await tab.press("Enter")
    await tab.role("navigation", "Pages").get_by_role("link", name="Traces").click()
    refused = {"error": "UNAVAILABLE", "message": "4 exports are under way; try again"}
    await tab.page.route("**/export/**", lambda route: route.fulfill(status=503, json=refused))
    await tab.find("main .export summary").click()
    await tab.find("main .export").get_by_role("button", name="OTLP").click()
    await expect(tab.find("main .export [role=alert]")).to_contain_text("4 exports are under way")
    await tab.page.unroute("**/export/**")
    await tab.page.route("**/export/**", lambda _route: None)  # it is never answered
    await tab.find("main .export").get_by_role("button", name="OTLP").click()
    await tab.find("main .export").get_by_role("button", name="Stop").click()
    await expect(tab.find("main .export").get_by_role("button", name="OTLP")).to_be_enabled()
    await expect(tab.find("main .export [role=alert]")).to_have_count(0)
