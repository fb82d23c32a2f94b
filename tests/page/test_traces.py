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


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_a_row_says_what_was_asked_answered_and_went_wrong(open_tab, receiver, runs, viewport):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent", viewport=viewport)
    shown = rows(tab).filter(has_text=runs["tokyo"]["session_id"])
    for line in ("first_question", "first_error"):
        await expect(shown).to_contain_text(runs["tokyo"][line])
    await expect(rows(tab).filter(has_text=runs["lisbon"]["last_answer"])).to_have_count(1)
    await expect(shown).to_contain_text(runs["tokyo"]["slowest"]["name"])


@pytest.mark.parametrize("cell", range(8))
async def test_a_click_anywhere_in_a_row_opens_its_trace(open_tab, receiver, runs, cell):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await rows(tab).first.locator("td").nth(cell).click(force=True)  # what is hit there is the link that covers the row
    await tab.address_becomes(f"#/traces/{runs['tokyo']['id']}")


async def test_columns_sort_by_a_click_on_their_head(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await tab.find("main thead").get_by_role("link", name="Duration").click()
    await tab.address_becomes("#/traces.agent_id=travel-agent&sort=duration$")
    longest = max(runs.values(), key=lambda trace: trace["duration_ns"])
    await expect(rows(tab).first).to_contain_text(longest["session_id"])
    await expect(tab.find("main th[aria-sort=descending]")).to_contain_text("Duration")
    await tab.find("main thead").get_by_role("link", name="Started").click()
    await tab.address_becomes("#/traces.agent_id=travel-agent$")


async def test_the_order_can_be_chosen_where_a_phone_shows_no_head(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent", viewport=PHONE)
    await tab.role("button", re.compile("Filters")).click()
    await tab.find("main").get_by_label("Sorted by").select_option("tokens")
    await tab.address_becomes(".*sort=tokens")


async def test_columns_are_chosen_and_stay_so(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces?agent_id=travel-agent")
    await tab.find("main .columns summary").click()
    await tab.find("main .columns").get_by_label("Service").check()
    await tab.find("main .columns").get_by_label("Tokens").uncheck()
    await tab.find("main .columns").get_by_label("First question").uncheck()
    heads = tab.find("main thead th")
    await expect(heads.filter(has_text="Service")).to_have_count(1)
    await tab.page.reload()
    await expect(heads.filter(has_text="Service")).to_have_count(1)
    await expect(heads.filter(has_text="Tokens")).to_have_count(0)
    await expect(rows(tab).first.locator(".line-question")).to_have_count(0)


async def test_the_filter_language_is_in_the_address_and_back_undoes_it(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces")
    await tab.find("main input[name=filter]").fill("agent:travel* status:failed")
    await tab.press("Enter")
    await expect(rows(tab)).to_have_count(1)
    await tab.address_becomes("#/traces.filter=agent%3Atravel.+status%3Afailed$")
    await tab.page.go_back()
    await expect(rows(tab).nth(1)).to_be_visible()
    await expect(tab.find("main input[name=filter]")).to_have_value("")
    await tab.page.go_forward()
    await expect(rows(tab)).to_have_count(1)
    await tab.role("button", "Clear filters").click()
    await tab.address_becomes("#/traces$")


async def test_what_is_wrong_in_a_filter_is_shown_at_its_place(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces?filter=agent%3Ax+cost%3Echeap+tool%3Ay")
    tab.provokes("status of 400")
    await expect(tab.find(".fault mark")).to_have_text("cheap")
    await expect(tab.role("alert")).to_contain_text("At character 14: expected US dollars")
    await expect(tab.find("main input[name=filter]")).to_have_attribute("aria-invalid", "true")
    await tab.find("main input[name=filter]").fill("agent:travel-agent")
    await tab.role("button", "Apply").click()
    await expect(rows(tab)).to_have_count(4)
    await expect(tab.find(".fault")).to_have_count(0)


async def test_a_trace_of_1970_does_not_squeeze_the_others(open_tab, receiver, story):
    receiver.post("/api/v1/events", {"timestamp": "1970-01-01T00:00:01Z", "agent_id": story.agent})
    for second in range(3):
        receiver.post(
            "/api/v1/events",
            {
                "timestamp": f"2026-01-07T19:00:0{second}Z",
                "agent_id": story.agent,
                "trace_id": f"{story.agent}-{second}",
            },
        )
    tab = await open_tab(receiver, f"#/traces?agent_id={story.agent}")
    await expect(tab.find(".activity-times span").first).not_to_contain_text("1970")
    await tab.find(".activity").get_by_role("link", name="1 began years before").click()
    await expect(rows(tab)).to_have_count(1)


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


async def test_a_run_that_calls_the_same_again_and_again_says_so_and_is_found(open_tab, receiver, runs):
    call = {"agent_id": "loop", "trace_id": "100f" * 8, "event_type": "tool_call"}
    receiver.post(
        "/api/v1/events/batch",
        {
            "events": [
                {
                    **call,
                    "timestamp": f"2026-01-07T18:00:0{n}Z",
                    "properties": {"tool_name": "web_search", "input": "x"},
                }
                for n in range(4)
            ]
        },
    )
    tab = await open_tab(receiver, "#/traces?filter=repeats>=3%20agent:loop")
    await expect(rows(tab)).to_have_count(1)
    await expect(rows(tab)).to_contain_text("4, same arguments")
    await tab.go("#/traces/" + "100f" * 8)
    await expect(tab.find(".gist")).to_contain_text("4, same arguments")
