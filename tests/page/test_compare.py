"""Page Compare: two runs beside each other, chosen in the list or from a trace; what differs is seen and read."""

import json
import re

import pytest
from chromium import PHONE, expect
from sending import HIDDEN, message, said

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def compared(receiver, runs):
    """What the API says of the run that failed, and of the first one."""
    return receiver.get(f"/api/v1/traces/{runs['tokyo']['id']}/compare", **{"with": runs["lisbon"]["id"]})


def address(runs, **more):
    return f"#/compare?a={runs['tokyo']['id']}&b={runs['lisbon']['id']}" + "".join(f"&{k}={v}" for k, v in more.items())


def steps(tab):
    return tab.find("main .compared > li")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_two_runs_are_chosen_in_the_list_by_three_clicks(open_tab, receiver, runs, viewport):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent", viewport=viewport)
    for name in ("tokyo", "lisbon"):
        await tab.find(f"main tr:has(a[href$='{runs[name]['id']}'])").get_by_role("checkbox").check()
    await tab.role("link", "Compare them").click()
    await tab.address_becomes(re.escape(address(runs)) + "$")
    await expect(tab.role("heading", level=1)).to_have_text("Compare two runs")
    await expect(steps(tab).first).to_be_visible()


async def test_two_sessions_are_chosen_in_their_list(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/sessions?filter=agent:travel-agent")
    ids = [runs[name]["session_id"] for name in ("tokyo", "oslo")]
    for session in ids:
        await tab.find(f"main tr:has(a[href$='{session}'])").get_by_role("checkbox").check()
    await tab.role("link", "Compare them").click()
    await tab.address_becomes(re.escape(f"#/compare?of=sessions&a={ids[0]}&b={ids[1]}") + "$")
    await expect(tab.role("heading", level=1)).to_have_text("Compare two sessions")
    told = receiver.get(f"/api/v1/sessions/{ids[0]}/compare", **{"with": ids[1]})
    await expect(steps(tab)).to_have_count(len(told["steps"]))
    await steps(tab).first.get_by_role("button").click()
    await tab.role("link", "Open in run A").click()
    await tab.address_becomes(f"#/traces/{told['steps'][0]['a']['trace_id']}.event=")


async def test_two_runs_are_chosen_by_keys_and_of_three_the_last_two(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await expect(tab.find("main tbody tr")).to_have_count(4)
    await tab.press("j", "x", "j", "x", "j", "x")
    await expect(tab.find("main .choose:checked")).to_have_count(2)
    ids = [await row.get_attribute("href") for row in await tab.find("main tbody [data-row]").all()]
    shown = await tab.role("link", "Compare them").get_attribute("href")
    assert shown == f"#/compare?a={ids[1].rpartition('/')[2]}&b={ids[2].rpartition('/')[2]}"
    await tab.role("button", "Choose none").click()
    await expect(tab.find("main .choose:checked")).to_have_count(0)


async def test_a_trace_leads_to_those_of_its_agent_and_one_of_these_to_both(open_tab, receiver, runs):
    tab = await open_tab(receiver, f"#/traces/{runs['tokyo']['id']}")
    await tab.role("link", "Compare with…").click()
    await expect(tab.find("main tbody tr")).to_have_count(3)
    await tab.find(f"main tbody [data-row][href$='{runs['lisbon']['id']}']").click()
    await tab.address_becomes(re.escape(address(runs)) + "$")


async def test_a_filter_finds_other_runs_to_compare_with(open_tab, receiver, runs, story):
    with story.span("invoke_agent other", {"gen_ai.operation.name": "invoke_agent"}):
        pass
    other = story.send()
    tab = await open_tab(receiver, f"#/compare?a={runs['tokyo']['id']}")
    await tab.find("main input[name=filter]").fill(f"agent:{story.agent}")
    await tab.press("Enter")
    await tab.find(f"main tbody [data-row][href$='{other}']").click()
    await expect(steps(tab).first).to_be_visible()


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_the_steps_are_the_api_s_and_what_differs_is_named(open_tab, receiver, runs, compared, viewport):
    tab = await open_tab(receiver, address(runs), viewport=viewport)
    await expect(steps(tab)).to_have_count(len(compared["steps"]))
    for place, step in enumerate(compared["steps"]):
        row = steps(tab).nth(place)
        for word in (*step["differs"], *(step[side]["name"] for side in "ab" if step[side])):
            await expect(row).to_contain_text(word)
        assert bool(step["differs"] or not (step["a"] and step["b"])) == ("differs" in await row.get_attribute("class"))


async def test_sums_stand_beside_each_other_with_what_changed(open_tab, receiver, runs, compared):
    tab = await open_tab(receiver, address(runs))
    row = tab.find("main .compare-sums tr").filter(has_text="Tokens in")
    used = [compared[side]["input_tokens"] for side in "ab"]
    for shown in (f"{used[0]:,}", f"{used[1]:,}", f"{abs(used[1] - used[0]):,}"):
        await expect(row).to_contain_text(shown)
    await tab.role("link", "Swap").click()
    await expect(row.locator("td").first).to_have_text(f"{used[1]:,}")


async def test_only_what_differs_is_shown_if_asked_for_and_the_address_says_so(open_tab, receiver, story):
    trace_ids = [told(receiver, story, city) for city in ("Oslo", "Rome")]
    tab = await open_tab(receiver, f"#/compare?a={trace_ids[0]}&b={trace_ids[1]}")
    await expect(steps(tab)).to_have_count(3)
    await tab.role("link", "Show only what differs").click()
    await expect(steps(tab)).to_have_count(1)
    await tab.address_becomes(".*only=differing")
    await tab.page.reload()
    await expect(steps(tab)).to_have_count(1)
    await tab.role("link", "Show all").click()
    await expect(steps(tab)).to_have_count(3)


async def test_an_open_step_shows_what_was_said_and_stays_open_in_a_link(open_tab, receiver, story):
    trace_ids = [told(receiver, story, city) for city in ("Oslo", "Rome")]
    tab = await open_tab(receiver, f"#/compare?a={trace_ids[0]}&b={trace_ids[1]}")
    await expect(steps(tab)).to_have_count(3)
    await tab.press("n", "Enter")
    await expect(tab.find("main .side del")).to_have_text("Oslo")
    await expect(tab.find("main .side ins")).to_have_text("Rome")
    await tab.page.reload()
    await expect(tab.find("main .side ins")).to_have_text("Rome")
    await tab.role("link", "Open in run B").click()
    await tab.address_becomes(f"#/traces/{trace_ids[1]}.event=")


async def test_a_step_of_one_run_shows_what_was_said_in_it(open_tab, receiver, runs, compared):
    place = next(place for place, step in enumerate(compared["steps"]) if not step["b"])
    tab = await open_tab(receiver, address(runs))
    await steps(tab).nth(place).get_by_role("button").click()
    await expect(steps(tab).nth(place).locator(".side").first).to_be_visible()
    await expect(steps(tab).nth(place).locator("del, ins")).to_have_count(0)


async def test_numbers_beyond_a_double_are_shown_exactly(open_tab, receiver, story):
    trace_ids = [told(receiver, story, number) for number in (2**62 + 1, 2**62 + 2)]
    tab = await open_tab(receiver, f"#/compare?a={trace_ids[0]}&b={trace_ids[1]}")
    await expect(steps(tab)).to_have_count(3)
    await tab.press("n", "Enter")
    await expect(tab.find("main .side ins")).to_have_text(str(2**62 + 2))


async def test_equal_runs_differ_in_nothing(open_tab, receiver, story):
    trace_ids = [told(receiver, story, "Oslo") for _ in range(2)]
    tab = await open_tab(receiver, f"#/compare?a={trace_ids[0]}&b={trace_ids[1]}")
    await tab.shows("Nothing differs.")


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("a={lisbon}&b={lisbon}", 400, "expected another trace"),
        ("a={lisbon}&b=nobody", 404, "no trace has the id 'nobody'"),
        ("a=nobody", 404, "no trace has the id 'nobody'"),
    ],
)
async def test_what_cannot_be_compared_is_said(open_tab, receiver, runs, query, status, message):
    named = {name: run["id"] for name, run in runs.items()}
    tab = await open_tab(receiver, f"#/compare?{query.format(**named)}")
    tab.provokes(f"status of {status}")
    await expect(tab.role("alert")).to_contain_text(message)


async def test_a_run_without_calls_says_so(open_tab, receiver, runs, story):
    receiver.post(
        "/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "trace_id": story.session, "event_type": "log"}
    )
    tab = await open_tab(receiver, f"#/compare?a={runs['lisbon']['id']}&b={story.session}")
    await tab.shows("B has no calls of models, tools or agents.")


async def test_hostile_texts_stay_texts(open_tab, receiver, runs, attacked):
    tab = await open_tab(receiver, f"#/compare?a={attacked}&b={runs['lisbon']['id']}")
    await expect(steps(tab).first).to_be_visible()
    await expect(tab.find("main")).to_contain_text("⟦RLO⟧")
    assert HIDDEN not in await tab.find("main").inner_text()
    await steps(tab).first.get_by_role("button").click()
    await expect(tab.find("main .side").first).to_be_visible()
    await tab.is_safe()


async def test_two_long_runs_are_compared_at_once(open_tab, receiver, runs, long_trace):
    tab = await open_tab(receiver, f"#/compare?a={long_trace}&b={runs['lisbon']['id']}")
    await expect(steps(tab)).to_have_count(200)
    await tab.shows("There are more calls than are compared")
    await tab.role("button", re.compile("more steps")).click()
    await expect(steps(tab)).to_have_count(600)


def told(receiver, story, city):
    """Tell a run of three steps, of which the tool is asked about this city; return its id once it is interpreted."""
    with story.span("invoke_agent guide", {"gen_ai.operation.name": "invoke_agent"}):
        asked = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4.1",
            "gen_ai.input.messages": message("user", said("How is the weather?")),
        }
        with story.span("chat gpt-4.1", asked):
            pass
        used = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}
        with story.span("execute_tool weather", used | {"gen_ai.tool.call.arguments": json.dumps({"city": city})}):
            pass
    trace_id = story.send()
    receiver.indexed()
    return trace_id
