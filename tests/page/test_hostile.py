"""What was sent is shown as text, wherever it is: no script runs, no link leads to one, nothing hidden stays hidden."""

import asyncio
import re
from urllib.parse import quote

import pytest
from chromium import PHONE, expect
from sending import HOSTILE, SHOWN, hostile

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shows_as_text(tab, *places, within="main"):
    """Wait until what says these places is shown, and see that it is text and shows what would be hidden."""
    region = tab.find(within)
    for place in places:
        await expect(region).to_contain_text(f"{place} {SHOWN}", use_inner_text=True)
    assert not re.search("[\x1b\u202e]", await region.inner_text())
    await tab.is_safe()


async def open_all(region):
    """Open whatever can be opened, what is within that too: it is made once it is opened."""
    while await region.evaluate(
        "it => [...it.querySelectorAll('details:not([open])')].map(one => one.open = true).length"
    ):
        await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def session(receiver, attacked):
    return receiver.get(f"/api/v1/traces/{attacked}")["session_id"]


def quoted(text):
    return quote(text, safe="")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_traces(open_tab, receiver, attacked, viewport):
    tab = await open_tab(receiver, "#/traces", viewport=viewport)
    await shows_as_text(tab, "root", "agent", "session")


async def test_filters_with_hostile_values(open_tab, receiver, attacked, session):
    tab = await open_tab(receiver, f"#/traces?session_id={quoted(session)}")
    await expect(tab.find("main [data-row]")).to_have_count(1)
    await shows_as_text(tab, "root")


@pytest.mark.parametrize(
    "address",
    [
        "#/{}",
        "#/traces/{}",
        "#/sessions/{}",
        "#/search?q={0}&like={0}",
        "#/search?q={0}&mode={0}&group_by={0}&event_type={0}",
        "#/traces?status={0}&agent_id={0}&since={0}",
        "#/live?agent_id={0}&status={0}",
    ],
)
async def test_an_address_that_was_made_up_to_harm(open_tab, receiver, address):
    tab = await open_tab(receiver, address.format(quoted(HOSTILE)))
    tab.provokes("status of 40[04]")
    await expect(tab.role("heading", level=1)).to_be_visible()
    await expect(tab.find(".loading")).to_have_count(0)
    await tab.is_safe()


async def test_a_trace_and_its_title(open_tab, receiver, attacked):
    tab = await open_tab(receiver, f"#/traces/{attacked}")
    await shows_as_text(tab, "root", "agent", "session", "service", "tool")
    assert (await tab.page.title()).startswith(f"root {SHOWN}")


@pytest.mark.parametrize(
    "row, places",
    [
        ("chat", "model instruction question role answer call key attribute value agent session"),
        ("tool", "tool argument given result failure service"),
        ("exception", "exception"),
    ],
)
async def test_each_kind_of_event(open_tab, receiver, attacked, row, places):
    tab = await open_tab(receiver, f"#/traces/{attacked}")
    await tab.find(".waterfall-rows [role=row]").filter(has_text=f"{row} {SHOWN}").first.click()
    panel = tab.find("[aria-label=Event]")
    await expect(panel.get_by_text("Why it is here")).to_be_visible()
    await open_all(panel)
    await shows_as_text(tab, *places.split(), within="[aria-label=Event]")


async def test_a_posted_event(open_tab, receiver, attacked):
    found = receiver.get("/api/v1/events", agent_id=f"poster {HOSTILE}")["events"][0]
    tab = await open_tab(receiver, f"#/traces/{found['trace_id']}?event={found['id']}")
    panel = tab.find("[aria-label=Event]")
    await expect(panel.get_by_text("Why it is here")).to_be_visible()
    await open_all(panel)
    places = ("poster", "posted session", "property", "posted", "system", "group", "log")
    await shows_as_text(tab, *places, within="[aria-label=Event]")


async def test_a_conversation(open_tab, receiver, attacked):
    tab = await open_tab(receiver, f"#/traces/{attacked}?view=conversation")
    told = tab.find(".conversation")
    await expect(told).to_contain_text("answer")
    await open_all(told)
    await shows_as_text(tab, "question", "answer", "call", "instruction")


async def test_sessions_and_a_session(open_tab, receiver, attacked, session):
    tab = await open_tab(receiver, "#/sessions")
    await shows_as_text(tab, "session", "posted session", "agent")
    await tab.find("main [data-row]").filter(has_text=f"session {SHOWN}").first.click()
    await tab.address_becomes("#/sessions/")
    await expect(tab.role("heading", level=1)).to_contain_text(f"session {SHOWN}")
    await shows_as_text(tab, "root", "question", "answer")


async def test_search_its_highlights_and_facets(open_tab, receiver, attacked):
    receiver.indexed()
    tab = await open_tab(receiver, "#/search?q=window.pwned+exception")
    await expect(tab.find(".results mark").first).to_be_visible()
    await shows_as_text(tab, "tool", "agent", "service", "type")
    await tab.find(".facets").get_by_role("link").filter(has_text=f"agent {SHOWN}").click()
    await tab.address_becomes(".*agent_id=agent")
    await tab.role("link", "more like this").first.click()
    await expect(tab.find(".like")).to_be_visible()
    await tab.is_safe()


async def test_live(open_tab, receiver, attacked):
    tab = await open_tab(receiver, "#/live")
    await expect(tab.find("main [data-row]").first).to_be_visible()
    hostile(receiver)
    await shows_as_text(tab, "agent", "failure")
    # This one is of long ago, and stands below what other tests have sent.
    await tab.page.goto(f"{receiver.url}/#/live?agent_id={quoted(f'poster {HOSTILE}')}")
    await expect(tab.find("main [data-row]").first).to_be_visible()
    await shows_as_text(tab, "type", "poster")
