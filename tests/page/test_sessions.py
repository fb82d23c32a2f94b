"""Pages Sessions and Session: what belongs together as one story, and what was only inferred to."""

import re

import pytest
from chromium import PHONE, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_sessions_are_listed_with_what_they_hold(open_tab, receiver, runs, viewport):
    tab = await open_tab(receiver, "#/sessions", viewport=viewport)
    session = tab.find("main tr").filter(has_text=runs["lisbon"]["session_id"])
    await expect(session).to_contain_text("travel-agent")
    await expect(session.locator("[data-label=Traces]")).to_have_text("2")
    await session.get_by_role("link").click()
    await tab.address_becomes(f"#/sessions/{runs['lisbon']['session_id']}")


async def test_sessions_are_sorted_and_filtered(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/sessions?filter=agent%3Atravel-agent")
    rows = tab.find("main tbody tr")
    await expect(rows).to_have_count(3)
    await tab.find("main thead").get_by_role("link", name="Errors").click()
    await tab.address_becomes(".*sort=errors")
    most, *_ = receiver.get("/api/v1/sessions", sort="errors", filter="agent:travel-agent")["sessions"]
    await expect(rows.first).to_contain_text(most["id"])
    await expect(rows.filter(has_text=runs["tokyo"]["first_error"])).to_have_count(1)
    await tab.find("main input[name=filter]").fill("status:failed oops:1")
    await tab.press("Enter")
    tab.provokes("status of 400")
    await expect(tab.find(".fault mark")).to_have_text("oops:1")
    await tab.find("main input[name=filter]").fill("status:failed agent:travel*")
    await tab.press("Enter")
    await expect(rows).to_have_count(1)
    await rows.first.locator("td").last.click(force=True)  # what is hit there is the link that covers the row
    await tab.address_becomes(f"#/sessions/{runs['tokyo']['session_id']}")


async def test_a_session_tells_its_traces_as_one_story(open_tab, receiver, runs):
    tab = await open_tab(receiver, f"#/sessions/{runs['lisbon']['session_id']}")
    await tab.shows("Can we sit together, near a window?")
    text = await tab.find("main").text_content()  # what is out of sight is not laid out
    in_order = ["Two of us want to go from Zürich to Lisbon", "later", "Can we sit together", "you sit in 14A and 14B"]
    assert sorted(in_order, key=text.rindex) == in_order  # the head says the first question and the last answer, too
    await tab.find("main h2").get_by_role("link").first.click()
    await tab.address_becomes(f"#/traces/{runs['lisbon']['id']}")


async def test_what_no_trace_id_put_there_is_marked(open_tab, receiver):
    session = {"session_id": "inferred-one", "event_type": "message", "agent_id": "poster"}
    for second in range(2):
        receiver.post(
            "/api/v1/events",
            session | {"timestamp": f"2026-01-07T19:00:0{second}Z", "properties": {"role": "user", "content": "hello"}},
        )
    tab = await open_tab(receiver, "#/sessions/inferred-one")
    await tab.shows("inferred")
    await expect(tab.find(".inferred-note")).to_contain_text("its session led here")


async def test_j_and_k_step_through_the_sessions_and_enter_opens(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/sessions")
    await expect(tab.find("main [data-row]").first).to_be_visible()
    await tab.press("j", "j", "k")
    first = tab.find("main [data-row]").first
    await expect(first).to_be_focused()
    address = re.escape(str(await first.get_attribute("href")))
    await tab.press("Enter")
    await tab.address_becomes(address)
    await expect(tab.role("heading", level=1)).to_contain_text("Session ")


async def test_a_session_that_is_not_there_says_so(open_tab, receiver):
    tab = await open_tab(receiver, "#/sessions/nobody")
    tab.provokes("status of 404")
    await expect(tab.role("alert")).to_contain_text("session")


async def test_an_id_of_blanks_is_shown_as_symbols_that_lead_to_it(open_tab, receiver):
    event = {"timestamp": "2026-01-07T19:00:00Z", "event_type": "message", "agent_id": "blank"}
    receiver.post("/api/v1/events", event | {"session_id": " \u3000\u00a0"})
    receiver.interpreted()
    tab = await open_tab(receiver, "#/sessions?filter=agent:blank")
    await tab.role("link", "␣⟦U+3000⟧⟦NBSP⟧").click()
    await expect(tab.role("heading", level=1)).to_have_text("Session ␣⟦U+3000⟧⟦NBSP⟧")


@pytest.mark.parametrize("dots", [".", ".."])
async def test_an_id_that_no_browser_can_ask_for_is_no_link(open_tab, receiver, dots):
    event = {"timestamp": "2026-01-07T19:00:00Z", "event_type": "message", "agent_id": f"dots {len(dots)}"}
    receiver.post("/api/v1/events", event | {"session_id": dots, "trace_id": dots})
    receiver.interpreted()
    tab = await open_tab(receiver, f"#/sessions?filter=agent:%22dots {len(dots)}%22")
    session = tab.find("main tbody tr")
    await expect(session).to_have_count(1)
    await expect(session.locator("td").first).to_contain_text(dots)
    await expect(session.get_by_role("link")).to_have_count(0)
    await tab.go(f"#/traces?session_id={dots}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
    await expect(tab.find("main tbody").get_by_role("link")).to_have_count(0)
    for page in ("sessions", "traces"):
        await tab.go(f"#/{page}/{dots}")
        await expect(tab.role("alert")).to_contain_text("No browser can ask for an id that is a dot or two")
