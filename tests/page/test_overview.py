"""Page Overview: figures of a span of time, each of which leads to what it counts; and page Calls, where some lead."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from chromium import PHONE, expect
from opentelemetry.trace import Status, StatusCode
from sending import Story, hostile

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def table(receiver, runs):
    """What the API says of all time, by kind."""
    receiver.interpreted()
    by_name = {by: receiver.get("/api/v1/breakdown", by=by)["rows"] for by in ("agent", "tool", "model")}
    return {**by_name, "error": receiver.get("/api/v1/breakdown", by="error")["errors"]}


def section(tab, name):
    return tab.find(f"main table:has(caption:text-is('{name}'))")


async def test_it_is_where_one_lands(open_tab, receiver, runs):
    tab = await open_tab(receiver)
    await expect(tab.role("heading", level=1)).to_have_text("Overview")
    await expect(tab.find(".charts figure").first).to_be_visible()


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_the_figures_are_the_api_s(open_tab, receiver, runs, table, viewport):
    tab = await open_tab(receiver, "#/overview", viewport=viewport)
    told = receiver.get("/api/v1/overview")
    await expect(tab.find(".facts")).to_contain_text(f"Runs{told['count']:,}")
    for name, by in (("Agents", "agent"), ("Tools", "tool"), ("Models", "model")):
        row = table[by][0]
        first = section(tab, name).locator("tbody tr").first
        await expect(first).to_contain_text(row["name"])
        await expect(first).to_contain_text(f"{row['count']:,}")


async def test_a_run_with_a_wrong_date_squeezes_no_chart_and_is_named(open_tab, start):
    receiver = start()
    moments = ("1970-01-01T00:00:01Z", *(f"2026-01-07T1{hour}:00:00Z" for hour in range(5)))
    for moment in moments:
        receiver.post("/api/v1/events", {"timestamp": moment, "event_type": "tool_call", "session_id": moment})
    receiver.interpreted()
    tab = await open_tab(receiver, "#/overview")
    await expect(tab.find(".chart-runs a")).to_have_count(5)
    await tab.shows("1 run began years before")
    await tab.role("link", "1 run began years before").click()
    await expect(tab.find("main [data-row]")).to_have_count(1)


async def test_a_tool_leads_to_its_calls_and_these_to_their_traces(open_tab, receiver, runs, table):
    tab = await open_tab(receiver, "#/overview")
    row = next(row for row in table["tool"] if row["failed"] and row["name"] != "(others)")
    shown = (
        section(tab, "Tools").locator("tbody tr").filter(has=tab.page.get_by_role("link", name=row["name"], exact=True))
    )
    await shown.locator("a.bad").click()
    await expect(tab.role("heading", level=1)).to_have_text("Calls")
    await expect(tab.find("main tbody tr")).to_have_count(row["failed"])
    await tab.find("main tbody tr [data-row]").first.click()
    await tab.address_becomes("#/traces/[^?]+.event=")


async def test_what_has_no_name_of_its_own_leads_nowhere(open_tab, receiver, long_trace):
    receiver.interpreted()
    tab = await open_tab(receiver, "#/overview")
    others = section(tab, "Tools").locator("tbody tr").filter(has_text="(others)")
    await expect(others).to_be_visible()
    await expect(others.locator(".bad")).to_be_visible()
    await expect(others.get_by_role("link")).to_have_count(0)


async def test_a_table_is_sorted_by_its_heads_and_shows_all_rows(open_tab, start):
    receiver = start()
    story = Story(receiver.url)
    for number in range(12):
        for _ in range(13 - number):
            told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool-{number}"}
            with story.span(f"execute_tool tool-{number}", told) as span:
                if number == 11:
                    span.set_status(Status(StatusCode.ERROR, "it broke"))
    story.send()
    receiver.interpreted()
    tab = await open_tab(receiver, "#/overview")
    tools = section(tab, "Tools")
    rows = tools.locator("tbody tr")
    await expect(rows).to_have_count(10)
    await expect(rows.first).to_contain_text("tool-0")
    await tools.get_by_role("button", name="Failed").click()
    await expect(rows.first).to_contain_text("tool-11")
    await expect(tools.locator("th[aria-sort=descending]")).to_contain_text("Failed")
    await tab.role("button", "Show 2 others").click()
    await expect(rows).to_have_count(12)


async def test_an_agent_leads_to_its_runs(open_tab, receiver, runs, table):
    row = next(row for row in table["agent"] if row["name"] == "travel-agent")
    tab = await open_tab(receiver, "#/overview")
    await section(tab, "Agents").get_by_role("link", name="travel-agent", exact=True).click()
    await expect(tab.role("heading", level=1)).to_have_text("Traces")
    await expect(tab.find("main tbody tr")).to_have_count(row["count"])


async def test_an_error_leads_to_the_runs_with_it(open_tab, receiver, runs, table):
    row = next(row for row in table["error"] if "travel-agent" in row["agent_ids"])
    tab = await open_tab(receiver, "#/overview")
    shown = section(tab, "Errors").locator("tbody tr").filter(has_text=row["name"]).first
    await expect(shown).to_contain_text(row["where"])
    await shown.locator("[data-row]").click()
    await tab.address_becomes(re.escape("#/traces?") + ".*filter=error")
    await expect(tab.find("main tbody tr").first).to_be_visible()


async def test_alerts_say_what_happened_and_whether_it_was_told_and_lead_to_the_run(open_tab, start):
    secret = base64.b64encode(bytes(32)).decode()
    webhook = {"name": "on-call", "url": "http://127.0.0.1:9/x", "secret": secret, "on": ["new_error"]}
    receiver = start(webhooks=json.dumps([webhook]))
    trace_id = hostile(receiver)
    tab = await open_tab(receiver, "#/overview")
    told = section(tab, "Latest alerts").locator("tbody tr").first
    await expect(told).to_contain_text("New error in tool", timeout=30_000)
    await expect(told).to_contain_text("waits for on-call")
    await expect(told).to_contain_text("no connection")
    await told.locator("[data-row]").click()
    await tab.address_becomes(f"#/traces/{trace_id}")


async def test_a_time_without_runs_says_so(open_tab, receiver):
    tab = await open_tab(receiver, "#/overview?since=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z")
    await expect(tab.find(".empty")).to_contain_text("No runs match")


async def test_calls_are_listed_filtered_and_sorted(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/calls?kind=tool&agent_id=travel-agent")
    calls = receiver.get("/api/v1/calls", kind="tool", agent_id="travel-agent", sort="duration")["calls"]
    await expect(tab.find("main tbody tr")).to_have_count(len(calls))
    await tab.find("main").get_by_label("Sorted by").select_option("duration")
    await expect(tab.find("main tbody tr").first).to_contain_text(calls[0]["name"])
    await tab.find("main").get_by_label("Status").select_option("error")
    await expect(tab.find("main tbody tr")).to_have_count(sum(call["status"] == "error" for call in calls))


async def test_a_bar_leads_to_the_runs_of_its_time(open_tab, receiver, runs):
    told = receiver.get("/api/v1/overview", since=(datetime.now(UTC) - timedelta(days=1)).isoformat())
    place = next(number for number, step in enumerate(told["steps"]) if step["count"])
    tab = await open_tab(receiver, "#/overview?since=1d")
    bar = tab.find(f".chart-runs [data-step='{place}']")
    await expect(bar).to_have_attribute("aria-label", re.compile(rf": {told['steps'][place]['count']:,} runs?, \d"))
    await bar.click(position={"x": 2, "y": 50})
    await tab.address_becomes(re.escape("#/traces?since=") + ".*until=")
    await expect(tab.find("main tbody tr").first).to_be_visible()
    assert await tab.find("main tbody tr").count() == min(told["steps"][place]["count"], 50)


async def test_the_keyboard_goes_from_bar_to_bar_and_opens_one(open_tab, receiver, runs):
    receiver.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "agent_id": "early", "event_type": "agent"})
    tab = await open_tab(receiver, "#/overview")
    bars = tab.find(".chart-runs a")
    await expect(bars.first).to_be_visible()
    assert await tab.find(".chart-runs a[tabindex='0']").count() == 1
    await bars.first.focus()
    await tab.press("End")
    await expect(bars.last).to_be_focused()
    await tab.press("Home")
    await expect(bars.first).to_be_focused()
    leads_to = await bars.first.get_attribute("href")
    await tab.press("Enter")
    await tab.address_becomes(re.escape(leads_to))


async def test_what_comes_is_counted_without_a_click(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/overview")
    shown = section(tab, "Agents").get_by_role("link", name="came-later", exact=True)
    await expect(tab.find(".facts")).to_be_visible()
    await expect(shown).to_have_count(0)
    for number in range(30):  # as many that it is among the first agents
        event = {"timestamp": datetime.now(UTC).isoformat(), "agent_id": "came-later", "event_type": "agent"}
        receiver.post("/api/v1/events", event | {"session_id": f"came later {number}"})
    await expect(shown).to_be_visible(timeout=30_000)


async def test_amounts_stand_below_each_other_by_their_points(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await expect(tab.find("main tbody .fraction").first).to_be_visible()
    places = await tab.find("main tbody .fraction").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect().left)"
    )
    assert len(places) > 2
    assert max(places) - min(places) < 1
