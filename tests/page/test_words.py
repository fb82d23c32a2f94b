"""The page says what it means in a user's words, and when something was so that nobody has to reckon."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from chromium import expect
from reading import planned
from sending import Story

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What a specification or the receiver calls things, and no user.
INTERNAL = re.compile(
    r"\bunset\b|\bGave\b|Something else|\brule \d|parent missing|\bnull\b|\bundefined\b|\bNaN\b|\[object"
)

# All that is seen, shown on hover, or heard.
WORDS = """it => [it.innerText, ...[...it.querySelectorAll('[aria-label], [title]')].flatMap(
  one => [one.getAttribute('aria-label') ?? '', one.getAttribute('title') ?? ''])].join('\\n')"""


@pytest.fixture(scope="module")
def plan(receiver):
    return planned(Story(receiver.url))


@pytest.mark.parametrize(
    "address",
    [
        "#/overview",
        "#/traces",
        "#/traces/{tokyo[id]}",
        "#/traces/{tokyo[id]}?event={event}",
        "#/traces/{plan}?view=conversation",
        "#/sessions",
        "#/sessions/{lisbon[session_id]}",
        "#/calls",
        "#/live",
    ],
)
async def test_no_page_speaks_as_its_makers_do(open_tab, receiver, runs, plan, address):
    events = receiver.get("/api/v1/events", trace_id=runs["tokyo"]["id"], status="error")["events"]
    event = next(one["id"] for one in events if one["kind"] == "internal")
    tab = await open_tab(receiver, address.format(**runs, plan=plan, event=event))
    await expect(tab.find(".loading")).to_have_count(0)
    await expect(tab.find("main h1")).to_be_visible()
    if "event=" in address:
        await expect(tab.find("[aria-label=Event]")).to_contain_text("Why it is here")
    words = await tab.find("body").evaluate(WORDS)
    assert INTERNAL.findall(words) == []


async def test_a_span_around_is_missed_once_the_run_has_ended_alone(open_tab, receiver):
    story = Story(receiver.url)
    with story.span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}):
        with story.span("execute_tool first"):
            pass
        running = story.send()  # the span around is sent when it ends
        tab = await open_tab(receiver, f"#/traces/{running}")
        first = tab.role("treegrid").get_by_role("row").filter(has_text="execute_tool first")
        await expect(first).to_be_visible()
        await expect(first).not_to_contain_text("not received")


async def test_a_moment_says_how_long_ago_it_was_and_in_which_zone(open_tab, receiver):
    began = datetime.now(UTC) - timedelta(hours=3, minutes=10)
    event = {"timestamp": began.isoformat(), "agent_id": "clock", "session_id": "three hours", "event_type": "agent"}
    trace_id = receiver.post("/api/v1/events", event)["trace_id"]
    tab = await open_tab(receiver, f"#/traces/{trace_id}")
    await expect(tab.find("main .facts").first).to_contain_text(re.compile(r"\d\d\.\d{3} UTC(\+1)? 3 h ago"))
    await expect(tab.find("footer")).to_contain_text("Europe/Lisbon")
    await tab.go("#/traces?session_id=three+hours")
    await expect(tab.find("main tbody tr").first).to_contain_text("3 h ago")


@pytest.mark.parametrize(("days", "words"), [(1, "1 day ago"), (3, "3 days ago"), (70, "2 months ago")])
async def test_days_and_months_are_counted_as_one_says_them(open_tab, receiver, days, words):
    began = datetime.now(UTC) - timedelta(days=days, hours=1)
    event = {"timestamp": began.isoformat(), "agent_id": "calendar", "event_type": "agent"}
    tab = await open_tab(receiver, f"#/traces/{receiver.post('/api/v1/events', event)['trace_id']}")
    await expect(tab.find("main .facts").first).to_contain_text(words)


async def test_in_summer_the_zone_is_that_of_summer(open_tab, receiver):
    event = {"timestamp": "2025-07-07T19:00:00Z", "agent_id": "clock", "session_id": "summer", "event_type": "agent"}
    tab = await open_tab(receiver, f"#/traces/{receiver.post('/api/v1/events', event)['trace_id']}")
    await expect(tab.find("main .facts").first).to_contain_text("2025-07-07 20:00:00.000 UTC+1")


async def test_a_status_that_nobody_said_is_not_shown_and_can_be_filtered(open_tab, receiver, runs):
    tab = await open_tab(receiver, f"#/traces/{runs['lisbon']['id']}")
    await tab.find("main").get_by_label("Status").select_option("not said")
    await tab.address_becomes(".*status=unset")
    await expect(tab.find(".waterfall-rows [role=row]").first).to_be_visible()
