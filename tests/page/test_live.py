"""Page Live: events as they are stored; who pauses reads in peace."""

import re

import pytest
from chromium import expect

from tests.ports import free_ports

pytestmark = pytest.mark.asyncio(loop_scope="session")


def rows(tab):
    return tab.role("region", re.compile("^Events")).get_by_role("listitem")


def tell(story, *names):
    for name in names:
        with story.span(f"execute_tool {name}", {"gen_ai.operation.name": "execute_tool"}):
            pass
    return story.send()


async def is_live(tab):
    await expect(tab.role("status").filter(has_text="live")).to_be_visible()


async def test_events_appear_as_they_are_stored_the_newest_on_top(open_tab, receiver, story):
    tab = await open_tab(receiver, "#/live")
    await is_live(tab)
    tell(story, "one")
    await expect(rows(tab).first).to_contain_text("execute_tool one")
    trace_id = tell(story, "two")
    await expect(rows(tab).first).to_contain_text("execute_tool two")
    await rows(tab).first.get_by_role("link").click()
    await tab.address_becomes(f"#/traces/{trace_id}.event=")


async def test_a_score_is_shown_by_what_it_says(open_tab, receiver, story):
    tab = await open_tab(receiver, "#/live?event_type=evaluation")
    await is_live(tab)
    score = {"trace_id": tell(story, "one"), "name": "tone", "value": 0, "explanation": "too short"}
    receiver.post("/api/v1/scores", score)
    await expect(rows(tab).first).to_contain_text("tone 0 too short")


async def test_who_pauses_keeps_what_is_there_and_hears_how_much_waits(open_tab, receiver, story):
    tab = await open_tab(receiver, f"#/live?agent_id={story.agent}")
    await is_live(tab)
    tell(story, "before")
    await expect(rows(tab)).to_have_count(1)
    await tab.role("button", re.compile("Pause")).click()
    tell(story, "one", "two", "three")
    await expect(tab.role("button", "Show 3 new events")).to_be_visible()
    await expect(rows(tab)).to_have_count(1)
    await tab.role("button", re.compile("Resume")).click()
    await expect(rows(tab)).to_have_count(4)
    await expect(rows(tab).first).to_contain_text("three")


async def test_the_space_key_pauses(open_tab, receiver, story):
    tab = await open_tab(receiver, f"#/live?agent_id={story.agent}")
    await is_live(tab)
    await tab.press(" ")
    await expect(tab.role("status")).to_contain_text("paused")
    await tab.press(" ")
    await is_live(tab)


async def test_filters_let_through_what_they_name(open_tab, receiver, story):
    tab = await open_tab(receiver, "#/live")
    await is_live(tab)
    await tab.find("main").get_by_label("Agent").fill(story.agent)
    await tab.press("Enter")
    await tab.address_becomes(f"#/live.agent_id={story.agent}")
    await tab.shows("Nothing yet that matches")
    await is_live(tab)
    receiver.post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "agent_id": "another"})
    tell(story, "mine")
    await expect(rows(tab)).to_have_count(1)
    await expect(rows(tab)).to_contain_text("execute_tool mine")


async def test_many_at_once_are_shown_or_counted_as_too_fast_to_be(open_tab, receiver, story):
    tab = await open_tab(receiver, f"#/live?agent_id={story.agent}")
    await is_live(tab)
    with story.span("invoke_agent busy"):
        tell(story, *(f"number {number}" for number in range(2000)))
    await tab.shows(re.compile("number 1999|came too fast to be shown"))
    assert await rows(tab).count() < 100  # only what is in sight is in the document


async def test_after_an_interruption_what_came_meanwhile_is_there(open_tab, start):
    (port,) = free_ports(1)
    first = start(port=port)
    tab = await open_tab(first, "#/live")
    await is_live(tab)
    tab.provokes("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|status of 503")
    first.stop()  # which waits for no reader
    await expect(tab.role("status").filter(has_text="not connected")).to_be_visible()
    start(port=port).post("/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "agent_id": "came-meanwhile"})
    await is_live(tab)
    await expect(rows(tab).filter(has_text="came-meanwhile")).to_have_count(1)
