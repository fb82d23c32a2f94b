"""Scores on the page: those that were sent, where they belong, and those that a person gives there."""

import pytest
from chromium import expect
from sending import HOSTILE, SHOWN

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def judged(receiver, story):
    """A run whose tool call, and the run itself, were scored."""
    with (
        story.span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}),
        story.span(
            "execute_tool scale", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "scale"}
        ) as span,
    ):
        span_id = f"{span.get_span_context().span_id:016x}"
    trace_id = story.send()
    for score in (
        {"name": story.agent, "value": 0.25, "explanation": "it took too long", "source": "model", "author": "judge"},
        {"name": "verdict", "label": "fail", "source": "code", "span_id": span_id},
    ):
        receiver.post("/api/v1/scores", {"trace_id": trace_id, **score})
    receiver.interpreted()
    return trace_id


async def test_a_trace_shows_its_scores_and_leads_to_what_they_are_about(open_tab, receiver, judged, story):
    tab = await open_tab(receiver, f"#/traces/{judged}")
    scores = tab.role("region", "Scores")
    await expect(scores).to_contain_text(f"{story.agent} 0.25 it took too long judge, model")
    await expect(scores).to_contain_text("verdict fail")
    await scores.get_by_role("button", name="of a call").click()
    panel = tab.find("[aria-label=Event]")
    await expect(panel).to_contain_text("execute_tool scale")
    await expect(panel.get_by_role("region", name="Scores")).to_contain_text("verdict fail")


async def test_lists_and_the_overview_show_them_and_lead_to_them(open_tab, receiver, judged, story):
    tab = await open_tab(receiver, f"#/traces?agent_id={story.agent}")
    await expect(tab.find("main [data-row]")).to_have_count(1)
    await expect(tab.find("main table").first).to_contain_text(f"{story.agent} 0.25, verdict fail")
    await tab.go("#/overview")
    table = tab.role("table", "Scores")
    await table.get_by_role("link", name=story.agent).click()
    await expect(tab.find("main [data-row]")).to_have_count(1)
    assert "filter=score" in tab.address


async def test_a_person_scores_a_run_and_a_step_and_changes_it(open_tab, receiver, judged):
    tab = await open_tab(receiver, f"#/traces/{judged}")
    await tab.find("summary").filter(has_text="Score this trace").click()
    form = tab.find(".score-form form").first
    await form.get_by_label("Name", exact=True).fill("helpful")
    await form.get_by_label("Value").fill("0.9")
    await form.get_by_label("Explanation").fill("as I would have done")
    await form.get_by_label("Your name").fill("Ada")
    await form.get_by_role("button", name="Store").click()
    scores = tab.find("main > .scores")
    await expect(scores).to_contain_text("helpful 0.9 as I would have done Ada, person")
    await form.get_by_label("Name", exact=True).fill("helpful")
    await form.get_by_label("Value").fill("0.1")
    await form.get_by_role("button", name="Store").click()
    await expect(scores).to_contain_text("helpful 0.1 Ada, person")
    await expect(scores).not_to_contain_text("0.9")
    await form.get_by_label("Name", exact=True).fill("  ")
    await form.get_by_label("Value").fill("0.2")
    await form.get_by_role("button", name="Store").click()
    await expect(form.locator("[name=name]:invalid")).to_have_attribute("title", "what is judged")
    assert not await form.get_by_text("missing required field").count()
    await tab.role("treegrid").get_by_role("row").filter(has_text="execute_tool scale").first.click()
    panel = tab.find("[aria-label=Event]")
    await panel.locator("summary").filter(has_text="Score it").click()
    await panel.get_by_label("Label").fill("wrong unit")
    await panel.get_by_role("button", name="Store").click()
    await expect(panel.get_by_role("region", name="Scores")).to_contain_text("note wrong unit Ada, person")
    (call,) = receiver.get("/api/v1/calls", trace_id=judged, kind="tool")["calls"]
    assert {score["label"] for score in call["scores"]} == {"fail", "wrong unit"}
    await panel.get_by_role("button", name="Withdraw").click()
    await expect(panel.get_by_role("region", name="Scores")).not_to_contain_text("wrong unit")
    await scores.get_by_role("listitem").filter(has_text="helpful").get_by_role("button", name="Withdraw").click()
    await expect(scores).not_to_contain_text("helpful")
    await expect(scores).to_contain_text("verdict fail")


async def test_a_form_without_a_judgement_says_what_is_missing(open_tab, receiver, judged):
    tab = await open_tab(receiver, f"#/traces/{judged}")
    tab.provokes("status of 400")
    await tab.find("summary").filter(has_text="Score this trace").click()
    await tab.find(".score-form form").first.get_by_role("button", name="Store").click()
    await tab.shows("value: expected one, or a label or an explanation")
    labels = await tab.find(".score-form form").first.locator("label").all_inner_texts()
    assert {"value", "label", "explanation"} <= {label.strip().lower() for label in labels}


async def test_a_number_is_shown_as_it_was_given(open_tab, receiver, judged):
    given = {
        999_999_999: "999,999,999",
        999.96: "999.96",
        0.83333333: "0.8333",
        0.000012345: "0.00001235",
    }
    for number, value in enumerate(given):
        receiver.post("/api/v1/scores", {"trace_id": judged, "name": f"number {number}", "value": value})
    receiver.interpreted()
    tab = await open_tab(receiver, f"#/traces/{judged}")
    scores = tab.find("main > .scores").get_by_role("listitem")
    for number, shown in enumerate(given.values()):
        await expect(scores.filter(has_text=f"number {number}").locator(".number")).to_have_text(shown)


async def test_who_may_only_read_is_told_so(open_tab, start):
    locked = start(key="the-right-key", keys="[{name: page, key: pages-key, scopes: read}]")
    locked.post(
        "/api/v1/events", {"timestamp": "2026-01-07T19:00:00Z", "trace_id": "a" * 32, "event_type": "tool_call"}
    )
    tab = await open_tab(locked, f"#/traces/{'a' * 32}")
    tab.provokes("status of 401")
    tab.provokes("status of 403")
    await tab.role("dialog", "API key").get_by_label("API key").fill("pages-key")
    await tab.press("Enter")
    await tab.find("summary").filter(has_text="Score this trace").click()
    form = tab.find(".score-form form").first
    await form.get_by_label("Label").fill("good")
    await form.get_by_role("button", name="Store").click()
    await tab.shows("the API key page lacks the scope ingest")


async def test_nothing_in_a_score_becomes_markup(open_tab, receiver, judged):
    texts = {"name": HOSTILE[:190], "label": HOSTILE[:190], "explanation": HOSTILE, "author": HOSTILE[:190]}
    receiver.post("/api/v1/scores", {"trace_id": judged, **texts})
    receiver.interpreted()
    tab = await open_tab(receiver, f"#/traces/{judged}")
    await expect(tab.role("region", "Scores").first).to_contain_text(SHOWN)
    assert await tab.page.evaluate("window.pwned") is None
