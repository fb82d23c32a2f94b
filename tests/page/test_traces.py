"""Page Traces: the newest first, filters in the address, activity over time, page by page."""

import re

import pytest
from chromium import PHONE, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


def rows(tab):
    return tab.find("main tbody tr")


@pytest.fixture(scope="module")
def many(receiver):
    """An agent with 120 traces."""
    moments = [f"2026-01-07T19:{number // 60:02}:{number % 60:02}Z" for number in range(120)]
    events = [
        {"timestamp": moment, "agent_id": "busy", "session_id": f"busy-{number}"}
        for number, moment in enumerate(moments)
    ]
    receiver.post("/api/v1/events/batch", {"events": events})
    return "busy"


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_traces_are_listed_with_what_happened_in_them(open_tab, receiver, runs, viewport):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent", viewport=viewport)
    await expect(rows(tab)).to_have_count(4)
    shown = rows(tab).filter(has_text=runs["tokyo"]["session_id"])
    await expect(rows(tab).first).to_contain_text(runs["tokyo"]["session_id"])  # the newest
    for fact in ("failed", "travel-agent", "7.84 s", "875 → 59"):
        await expect(shown).to_contain_text(fact)
    await expect(shown.locator("[data-label=events]")).to_have_text(str(runs["tokyo"]["event_count"]))
    await expect(shown.locator("[data-label=errors]")).to_have_text(str(runs["tokyo"]["error_count"]))


async def test_a_row_leads_to_its_trace_and_back_to_the_list(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?status=failed&agent_id=travel-agent")
    await expect(rows(tab)).to_have_count(1)
    await rows(tab).first.click(position={"x": 600, "y": 8})  # anywhere in it
    await tab.address_becomes(f"#/traces/{runs['tokyo']['id']}")
    await tab.page.go_back()
    await tab.address_becomes("#/traces.status=failed&agent_id=travel-agent$")
    await expect(rows(tab)).to_have_count(1)


async def test_filters_are_in_the_address_and_back_undoes_them(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces")
    await tab.find("main").get_by_label("Agent").fill("travel-agent")
    await tab.press("Enter")
    await expect(rows(tab)).to_have_count(4)
    await tab.find("main").get_by_label("Status").select_option("failed")
    await expect(rows(tab)).to_have_count(1)
    await tab.address_becomes("#/traces.agent_id=travel-agent&status=failed$")
    await tab.page.go_back()
    await expect(rows(tab)).to_have_count(4)
    await expect(tab.find("main").get_by_label("Status")).to_have_value("")
    await tab.page.go_forward()
    await expect(rows(tab)).to_have_count(1)
    await tab.role("button", "Clear filters").click()
    await tab.address_becomes("#/traces$")


async def test_a_link_to_filtered_traces_can_be_shared(open_tab, receiver, runs):
    tab = await open_tab(receiver, f"#/traces?session_id={runs['lisbon']['session_id']}&since=1d")
    await expect(rows(tab)).to_have_count(2)
    await expect(tab.find("main").get_by_label("Session")).to_have_value(runs["lisbon"]["session_id"])
    await expect(tab.find("main").get_by_label("Started")).to_have_value("1d")


async def test_a_filter_that_is_wrong_says_what_is_expected(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces?status=odd")
    tab.provokes("status of 400")
    await expect(tab.role("alert")).to_contain_text("running, completed, failed")


async def test_nothing_that_matches_offers_to_clear_the_filters(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces?agent_id=nobody")
    await tab.shows("No traces match these filters")
    await tab.find(".empty").get_by_role("button", name="Clear filters").click()
    await expect(rows(tab).first).to_be_visible()


async def test_the_next_pages_come_on_demand(open_tab, receiver, many):
    tab = await open_tab(receiver, f"#/traces?agent_id={many}")
    await expect(rows(tab)).to_have_count(50)
    await expect(rows(tab).first).to_contain_text("busy-119")
    await tab.role("button", "More").click()
    await expect(rows(tab)).to_have_count(100)
    await tab.role("button", "More").click()
    await expect(rows(tab)).to_have_count(120)
    await tab.shows("120 traces shown, no more")
    await expect(rows(tab).last).to_contain_text("busy-0")


async def test_activity_over_time_is_drawn_and_told(open_tab, receiver, many):
    tab = await open_tab(receiver, f"#/traces?agent_id={many}")
    await expect(tab.find("main svg, main canvas").first).to_be_visible()
    await tab.shows(re.compile("120 traces"))
    await tab.find("main svg").click(position={"x": 3, "y": 20})  # its first bar
    await tab.address_becomes(".*since=2026-01-07T19.*until=")
    await expect(rows(tab).filter(has_text="busy-0")).to_have_count(1)
    await expect(rows(tab).filter(has_text="busy-119")).to_have_count(0)


async def test_new_traces_are_announced_and_shown_on_demand(open_tab, receiver, story):
    receiver.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "agent_id": story.agent})
    tab = await open_tab(receiver, f"#/traces?agent_id={story.agent}")
    await expect(rows(tab)).to_have_count(1)
    with story.span("invoke_agent newcomer"):
        pass
    story.send()
    await tab.role("button", "1 new trace: show").click()
    await expect(rows(tab).first).to_contain_text("invoke_agent newcomer")


async def test_j_and_k_step_through_the_rows_and_enter_opens(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await expect(rows(tab)).to_have_count(4)
    await tab.press("j", "j", "k", "Enter")
    await tab.address_becomes(f"#/traces/{runs['tokyo']['id']}")
