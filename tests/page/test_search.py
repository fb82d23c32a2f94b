"""Page Search: as one types, by meaning and words, narrowed by facets, and what is like something."""

import re

import pytest
from chromium import expect
from sending import Story

pytestmark = pytest.mark.asyncio(loop_scope="session")


LISTED = 20  # results that are shown at first


def results(tab):
    return tab.find(".results > li")


async def test_it_is_searched_as_one_types_and_what_matched_is_marked(open_tab, receiver):
    tab = await open_tab(receiver, "#/search")
    await expect(tab.role("searchbox", "Search for")).to_be_focused()
    await tab.page.keyboard.type("declined")
    await expect(results(tab).first).to_contain_text("declined")
    await expect(results(tab).first.locator("mark").first).to_have_text(re.compile("declined", re.IGNORECASE))
    await tab.address_becomes(r"#/search\?q=declined$")
    await tab.page.keyboard.type(" tokyo")
    await tab.address_becomes(r"#/search\?q=declined\+tokyo$")


async def test_other_words_find_what_means_the_same(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=the+credit+card+was+refused")
    await expect(tab.find(".results")).to_contain_text("charge_card")


async def test_a_result_leads_to_the_event_in_its_trace(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/search?q=charge_card")
    await results(tab).first.get_by_role("link", name="execute_tool charge_card").click()
    await tab.address_becomes(f"#/traces/{runs['tokyo']['id']}.event=")
    await expect(tab.find("[aria-label=Event]")).to_contain_text("PaymentDeclinedError")
    await tab.page.go_back()
    await expect(tab.role("searchbox", "Search for")).to_have_value("charge_card")
    await expect(results(tab).first).to_be_visible()


async def test_facets_count_and_narrow(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=flight&agent_id=travel-agent")
    types = tab.role("region", "Type")
    tools = types.get_by_role("link", name=re.compile("^tool_call"))
    counted = int(re.search(r"(\d+)$", (await tools.inner_text()).strip())[1])
    told = receiver.get("/api/v1/facets", q="flight", agent_id="travel-agent")["facets"]["event_type"]
    assert {"value": "tool_call", "count": counted} in told
    await tools.click()
    await tab.address_becomes(".*event_type=tool_call")
    await expect(tools).to_have_attribute("aria-current", "true")
    await expect(results(tab).first).to_be_visible()
    await expect(results(tab).filter(has_text="chat gpt-4.1")).to_have_count(0)
    await tools.click()
    await expect(results(tab).filter(has_text="chat gpt-4.1").first).to_be_visible()


async def test_a_facet_without_words_lists_what_it_counts(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/search?agent_id=travel-agent")
    tools = tab.role("region", "Type").get_by_role("link", name=re.compile("^tool_call"))
    counted = int(re.search(r"(\d+)$", (await tools.inner_text()).strip())[1])
    await tools.click()
    await tab.address_becomes(".*event_type=tool_call")
    await expect(results(tab)).to_have_count(min(counted, LISTED))
    types = await results(tab).locator(".type").all_inner_texts()
    assert set(types) == {"tool_call"}
    times = [await each.get_attribute("datetime") for each in await results(tab).locator("time").all()]
    assert times == sorted(times, reverse=True)
    await tab.shows("newest first")


async def test_equal_passages_are_one_result_with_a_count_that_leads_to_each(open_tab, receiver):
    told = "The kettle whistles at noon, said the keeper of the lighthouse."
    for number in range(5):
        story = Story(receiver.url)
        with story.span("chat gpt-4.1", {"input.value": told if number < 4 else "Is it noon?", "output.value": "Yes."}):
            pass
        story.send()
    receiver.indexed()
    tab = await open_tab(receiver, "#/search?q=kettle+whistles+lighthouse")
    whistles = results(tab).filter(has_text="kettle whistles")
    await expect(whistles).to_have_count(1)
    await whistles.get_by_role("link", name="4 in 4 traces").click()
    await tab.address_becomes("#/search.*passage=")
    await expect(results(tab)).to_have_count(4)
    await expect(whistles).to_have_count(4)


async def test_modes_and_groups_are_in_the_address(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=book_flight")
    await expect(results(tab).nth(2)).to_be_visible()
    await tab.role("radio", "Keyword").check()
    await tab.address_becomes(".*mode=keyword")
    await tab.shows("keyword ·")
    await tab.role("radio", "Traces").check()
    await tab.address_becomes(".*group_by=trace")
    await expect(results(tab).first).to_contain_text("more in this trace")
    await tab.page.go_back()
    await expect(tab.role("radio", "Events")).to_be_checked()
    await expect(tab.role("radio", "Keyword")).to_be_checked()


async def test_more_like_this_finds_what_is_like_an_event(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=charge_card")
    await results(tab).first.get_by_role("link", name="more like this").click()
    await tab.address_becomes("#/search.like=")
    await expect(tab.find(".like")).to_contain_text("execute_tool charge_card")
    await expect(results(tab).filter(has_text="book_flight").first).to_be_visible()
    await tab.role("link", "Back to words").click()
    await expect(tab.find(".like")).to_have_count(0)


async def test_why_it_was_found_is_told_on_demand(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=charge_card")
    await results(tab).first.get_by_role("button", name=re.compile("^score")).click()
    await expect(results(tab).first).to_contain_text("by words")
    await expect(results(tab).first).to_contain_text("by meaning")


async def test_the_keyboard_alone_searches_and_opens(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces")
    await expect(tab.role("heading", level=1)).to_have_text("Traces")
    await tab.press("/")
    await expect(tab.role("searchbox", "Search for")).to_be_focused()
    await tab.page.keyboard.type("charge_card")
    await expect(results(tab).first).to_contain_text("charge_card")
    await tab.press("ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    await tab.address_becomes("#/traces/.*event=")


async def test_nothing_found_says_what_to_do(open_tab, receiver):
    tab = await open_tab(receiver, "#/search?q=charge_card&agent_id=nobody")
    await tab.shows("Nothing found under these filters")
    await tab.role("link", "Search without filters").click()
    await expect(results(tab).first).to_contain_text("charge_card")


async def test_without_a_model_it_says_that_search_is_off(open_tab, start):
    tab = await open_tab(start(), "#/search?q=anything")
    await tab.shows("Search is off")
