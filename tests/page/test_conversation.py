"""A conversation of any length: it opens at its beginning, goes anywhere, and folds what inner agents say."""

import re

import pytest
from chromium import PHONE, expect
from reading import chat, marathon, nested, one
from sending import Story, said

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGES, FAILED = 5_000, 1_730


@pytest.fixture(scope="module")
def inner(receiver):
    return nested(Story(receiver.url))


@pytest.fixture(scope="module")
def long_run(receiver):
    """The id of a run of 5,000 messages, of which one call failed."""
    trace_id = marathon(receiver.url, MESSAGES, FAILED)
    receiver.interpreted()
    return trace_id


def turns(tab):
    return tab.find(".conversation .turn")


def turn(tab, text):
    return turns(tab).filter(has_text=text)


async def seconds_of(tab, doing):
    """Return for how many seconds the page's thread works while something is done."""
    measured = await tab.page.context.new_cdp_session(tab.page)
    await measured.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def busy():
        told = await measured.send("Performance.getMetrics")
        return next(metric["value"] for metric in told["metrics"] if metric["name"] == "TaskDuration")

    before = await busy()
    await doing()
    return await busy() - before


async def test_agents_within_the_agent_are_indented_and_say_whose_they_are(open_tab, receiver, inner):
    tab = await open_tab(receiver, f"#/traces/{inner}?view=conversation")
    groups = tab.find(".inner > details > summary")
    await expect(groups).to_have_count(2)
    await expect(groups.first).to_contain_text(re.compile(r"hotels.*\d messages"))
    lefts = [await turn(tab, text).first.evaluate("it => it.getBoundingClientRect().left") for text in
             ("I ask the hotel agent.", "I ask for rates.", "EUR 140.")]  # fmt: skip # in their order
    assert lefts[0] < lefts[1] < lefts[2]


async def test_an_inner_agent_folds_by_itself_and_with_all_others(open_tab, receiver, inner):
    tab = await open_tab(receiver, f"#/traces/{inner}?view=conversation")
    await expect(turn(tab, "EUR 140.")).to_be_visible()
    await tab.find(".inner .inner > details > summary").click()
    await expect(turn(tab, "EUR 140.")).not_to_be_visible()
    await expect(turn(tab, "I ask for rates.")).to_be_visible()
    await tab.role("button", "Fold inner agents").click()
    await expect(turn(tab, "I ask for rates.")).to_have_count(0)
    await expect(turn(tab, "In the Grand.")).to_be_visible()
    await tab.role("button", "Unfold inner agents").click()
    await expect(turn(tab, "EUR 140.")).to_be_visible()


async def test_a_long_conversation_opens_at_its_beginning_and_is_read_on_by_scrolling(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation")
    await expect(turn(tab, "Question 0:")).to_be_visible()
    await expect(tab.role("button", "What was said before")).to_have_count(0)
    first = await turns(tab).count()
    assert first < MESSAGES
    await tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(turns(tab).nth(first + 10)).to_be_attached(timeout=60_000)  # hundreds of turns, on a busy machine


async def test_it_goes_to_the_end_the_first_error_any_step_and_back(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation")
    await tab.role("button", "End").click()
    await expect(turn(tab, "Answer 2499:")).to_be_focused()
    await expect(turn(tab, "Answer 2499:")).to_be_in_viewport()
    await tab.address_becomes("#/traces/.*at=end")
    await tab.role("button", "First error", exact=True).click()
    await expect(turn(tab, "lost count")).to_be_focused()
    await expect(turn(tab, f"Question {FAILED}:")).to_be_visible()
    step = tab.role("slider", re.compile("^Step"))
    await step.evaluate("it => { it.value = 1001; it.dispatchEvent(new Event('input', {bubbles: true})); }")
    await expect(step).to_have_attribute("aria-valuetext", re.compile("^1,001 of 2,501: chat gpt-4.1"))
    await step.evaluate("it => it.dispatchEvent(new Event('change', {bubbles: true}))")
    await expect(turn(tab, re.compile("(Question|Answer) 999:")).first).to_have_class(re.compile("sought"))
    await expect(turn(tab, re.compile("(Question|Answer) 999:")).first).to_be_in_viewport()
    await tab.role("button", "What was said before").click()
    await expect(turn(tab, "Question 700:")).to_be_attached()
    await tab.role("button", "Beginning").click()
    await expect(turn(tab, "Question 0:")).to_be_focused()


async def test_a_link_leads_to_a_place_in_it(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation&at=end")
    await expect(turn(tab, "Answer 2499:")).to_be_in_viewport()


async def test_the_first_error_is_shown_where_it_was_said(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation")
    await tab.role("button", "Show the first error").click()
    await expect(turn(tab, "lost count")).to_be_in_viewport()


async def test_5000_messages_are_opened_and_gone_through_fast(open_tab, receiver, long_run):
    tab = await open_tab(receiver)

    async def opens():
        await tab.go(f"#/traces/{long_run}?view=conversation")
        await expect(turn(tab, "Question 0:")).to_be_visible()

    async def ends():
        await tab.role("button", "End").click()
        await expect(turn(tab, "Answer 2499:")).to_be_focused()

    assert await seconds_of(tab, opens) < 2.5
    assert await seconds_of(tab, ends) < 2.5


async def test_all_5000_messages_can_be_copied(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation")
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.role("button", re.compile("^Copy all")).click()
    await expect(tab.find("#announcer")).to_have_text("Copied: the conversation as Markdown", timeout=60_000)
    copied = await tab.page.evaluate("navigator.clipboard.readText()")
    assert [f"Question {number}:" for number in range(MESSAGES // 2) if f"Question {number}:" not in copied] == []


async def test_who_reads_a_long_run_that_goes_on_keeps_the_place_and_is_told(open_tab, receiver, story):
    def talk(number):
        asked, answered = one("user", said(f"Asked {number}.")), one("assistant", said(f"Told {number}."))
        with story.span("chat", chat("talker", [asked], [answered])):
            pass

    with story.span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}):
        for number in range(900):
            talk(number)
        trace_id = story.send()
        receiver.interpreted()
        tab = await open_tab(receiver, f"#/traces/{trace_id}?view=conversation")
        await expect(turn(tab, "Asked 0.")).to_be_visible()
        await tab.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(turn(tab, "Asked 500.")).to_be_attached(timeout=60_000)  # hundreds of turns, on a busy machine
        talk(900)
        story.send()
        receiver.interpreted()
        more = tab.role("button", "More was said since: to the end")
        await expect(more).to_be_attached(timeout=40_000)
        await expect(turn(tab, "Asked 500.")).to_be_attached()
        await more.click()
        await expect(turn(tab, "Told 900.")).to_be_in_viewport()


async def test_on_a_phone_the_ways_to_go_fit(open_tab, receiver, long_run):
    tab = await open_tab(receiver, f"#/traces/{long_run}?view=conversation", viewport=PHONE)
    await expect(turn(tab, "Question 0:")).to_be_visible()
    assert await tab.page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert not await tab.violations()


async def test_a_session_shows_each_trace_its_own_conversation_after_back(open_tab, receiver):
    story = Story(receiver.url)
    for number in (1, 2):
        with story.span(f"run {number}", {"gen_ai.operation.name": "invoke_agent"}):
            said = f'[{{"role": "user", "parts": [{{"type": "text", "content": "asked in run {number}"}}]}}]'
            with story.span("chat", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said}):
                pass
        story.send()
    tab = await open_tab(receiver, f"#/sessions/{story.session}")
    await expect(turn(tab, "asked in run 2")).to_be_visible()
    await tab.role("link", "run 1").click()
    await expect(tab.role("treegrid")).to_be_visible()
    await tab.page.go_back()
    for number in (1, 2):
        await expect(turn(tab, f"asked in run {number}")).to_have_count(1)
