"""Messages as a person reads them: Markdown that is safe, results that are folded and searched, and what is copied."""

import json
import re

import pytest
import pytest_asyncio
from chromium import PHONE, expect
from reading import ARGUMENTS, MARKDOWN, RESULT, SYSTEM, chat, one, planned
from sending import Story, said

pytestmark = pytest.mark.asyncio(loop_scope="session")

# How long the page's own Markdown takes for a text, in ms.
PARSE = """async text => {
  const { blocksOf } = await import('./assets/markdown.js');
  const began = performance.now();
  blocksOf(text);
  return performance.now() - began;
}"""
DEPTH = """async text => {
  const { blocksOf } = await import('./assets/markdown.js');
  const deep = value => value && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(deep)) : 0;
  return deep(blocksOf(text));
}"""
MB = 1_000_000
# Each makes careless readers of Markdown go back over what they have read, or nest without end.
HOSTILE_MARKDOWN = {
    "stars": "*", "openings": "*a ", "emphases": "*a* ", "both": "**a *b ", "underlines": "_a_", "brackets": "[",
    "links": "[a](", "closings": "](", "labels": "[a]", "pictures": "![](", "ticks": "` `` ``` ", "quotes": "> ",
    "signs": ">", "items": "- ", "lists": "- a\n", "numbers": "1. ", "rows": "|a", "tables": "|a|b|\n|-|-|\n",
    "headings": "# ", "fences": "```\n", "addresses": "https://a.", "rules": "- - - ", "escapes": "\\*",
    "lines": "\n", "strikes": "~~", "spaces": " ", "all": "**_[`~~", "angles": "<https://a",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(receiver):
    return planned(Story(receiver.url))


@pytest_asyncio.fixture(loop_scope="session")
async def copying(open_tab, receiver):
    """Open a tab that may use the clipboard, and say what is in it."""

    async def opens(address, **options):
        tab = await open_tab(receiver, address, **options)
        await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        return tab

    return opens


def turn(tab, text):
    return tab.find(".conversation .turn").filter(has_text=text).first


def panel(tab):
    return tab.find("[aria-label=Event]")


async def clipboard(tab):
    return await tab.page.evaluate("navigator.clipboard.readText()")


async def open_event(tab, name):
    await tab.role("treegrid").get_by_role("row").filter(has_text=name).first.click()
    await expect(panel(tab)).to_contain_text("Why it is here")


async def test_an_answer_in_markdown_is_read_as_one(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}?view=conversation")
    answer = turn(tab, "Plan for the trip")
    await expect(answer.locator(".md-heading")).to_have_text("Plan for the trip")
    await expect(answer.locator("strong")).to_have_text("found")
    await expect(answer.locator("em")).to_have_text("three")
    await expect(answer.locator("ol > li")).to_have_count(2)
    await expect(answer.locator("ol ul > li")).to_have_text("leaves at 07:12")
    await expect(answer.locator("td.right")).to_have_text("540")
    await expect(answer.locator("pre")).to_contain_text("cheapest = min(ways)  # **not bold**")
    await expect(answer.locator("blockquote")).to_have_text("Mind the limit.")
    await expect(answer).to_contain_text("snake_case_name")


async def test_markdown_loads_nothing_runs_nothing_and_leads_nowhere_unseen(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}?view=conversation")
    answer = turn(tab, "Plan for the trip")
    links = answer.locator(".words a")
    await expect(links).to_have_count(
        2
    )  # neither the one to a script nor the one with another host's name before its own
    for link, target in ((links.first, "https://example.com/path?q=1"), (links.last, "https://evil.example/pixel.png")):
        await expect(link).to_have_attribute("href", target)
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(answer).to_contain_text(f"({target})")
    await expect(answer).to_contain_text("(javascript:window.pwned=1)")
    await expect(answer).to_contain_text("(https://good.example@evil.example/)")
    await expect(answer).to_contain_text('<img src=x onerror="window.pwned=2">')
    await expect(answer).to_contain_text("⟦RLO⟧evil")
    await expect(answer.locator("img")).to_have_count(0)
    await tab.is_safe()
    assert not [request for request in tab.requests if not request.startswith(receiver.url)]


async def test_texts_can_be_shown_as_they_were_sent_and_stay_so(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}?view=conversation")
    await expect(turn(tab, "Plan for the trip").locator("strong")).to_have_count(1)
    await tab.role("button", "Raw text").click()
    await expect(turn(tab, "Plan for the trip")).to_contain_text("I **found** *three* ways:")
    await expect(tab.role("button", "Raw text")).to_have_attribute("aria-pressed", "true")
    await tab.page.reload()
    await expect(turn(tab, "Plan for the trip")).to_contain_text("I **found** *three* ways:")


@pytest.mark.parametrize("name", HOSTILE_MARKDOWN)
async def test_a_megabyte_of_hostile_markdown_is_read_in_a_moment(open_tab, receiver, name):
    sign = HOSTILE_MARKDOWN[name]
    tab = await open_tab(receiver)
    assert await tab.page.evaluate(PARSE, sign * (MB // len(sign)) + "x") < 3000


@pytest.mark.parametrize("name", HOSTILE_MARKDOWN)
async def test_nothing_nests_deeper_than_a_page_bears(open_tab, receiver, name):
    tab = await open_tab(receiver)
    assert await tab.page.evaluate(DEPTH, HOSTILE_MARKDOWN[name] * 5000 + "x") < 120


async def test_runs_of_backticks_of_every_length_are_read_in_a_moment(open_tab, receiver):
    tab = await open_tab(receiver)
    assert await tab.page.evaluate(PARSE, " ".join("`" * length for length in range(1, 1400))) < 3000


async def test_a_message_is_copied_as_its_text(copying, plan):
    tab = await copying(f"#/traces/{plan}?view=conversation")
    await turn(tab, "Plan for the trip").get_by_role("button", name="Copy this message").click()
    await expect(tab.find("#announcer")).to_have_text("Copied: this message")
    assert await clipboard(tab) == MARKDOWN


async def test_code_is_copied_without_what_is_around_it(copying, plan):
    tab = await copying(f"#/traces/{plan}?view=conversation")
    await turn(tab, "Plan for the trip").get_by_role("button", name="Copy the code").click()
    await expect(tab.find("#announcer")).to_have_text("Copied: the code")
    assert await clipboard(tab) == "cheapest = min(ways)  # **not bold**"


async def test_arguments_are_copied_as_json_in_lines_and_results_as_they_are(copying, plan):
    tab = await copying(f"#/traces/{plan}")
    await open_event(tab, "execute_tool search")
    await panel(tab).get_by_role("button", name="Copy the arguments").click()
    await expect(tab.find("#announcer")).to_have_text("Copied: the arguments")
    assert await clipboard(tab) == json.dumps(ARGUMENTS, indent=2)
    await panel(tab).get_by_role("button", name="Copy the result").click()
    await expect(tab.find("#announcer")).to_have_text("Copied: the result")
    assert await clipboard(tab) == RESULT


async def test_a_conversation_is_copied_as_markdown_with_the_keyboard_alone(copying, plan):
    tab = await copying(f"#/traces/{plan}?view=conversation")
    await tab.role("button", "Copy all the conversation as Markdown").focus()
    await tab.press("Enter")
    await expect(tab.find("#announcer")).to_have_text("Copied: the conversation as Markdown")
    copied = await clipboard(tab)
    in_order = [
        "# invoke_agent planner",
        "## System prompt",
        SYSTEM,
        "## User",
        "Plan my trip to **Oslo**.",
        "## Agent planner",
    ]
    in_order += ["Calls `search`:\n\n```json\n{", "## Tool", "Result of `search`:\n\n```\n0000 flight", MARKDOWN]
    places = [copied.index(part) for part in in_order]
    assert places == sorted(places)


async def test_copying_works_without_the_browsers_clipboard_too(open_tab, receiver, plan):
    tab = await open_tab(receiver)
    await tab.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    await tab.go(f"#/traces/{plan}")
    await open_event(tab, "execute_tool search")
    button = panel(tab).get_by_role("button", name="Copy the arguments")
    await button.focus()
    await tab.press("Enter")
    await expect(tab.find("#announcer")).to_have_text("Copied: the arguments")
    await expect(button).to_be_focused()
    await tab.find("main").get_by_label("Text").focus()
    await tab.press("Control+v")
    await expect(tab.find("main").get_by_label("Text")).to_have_value(re.compile("flights to Oslo"))


async def test_on_a_phone_a_copy_is_heard_in_the_dialog(copying, plan):
    tab = await copying(f"#/traces/{plan}", viewport=PHONE)
    await tab.role("treegrid").get_by_role("row").filter(has_text="execute_tool search").get_by_role("link").click()
    dialog = tab.role("dialog", "Event")
    await dialog.get_by_role("button", name="Copy the result").click()
    await expect(dialog.locator("[aria-live]")).to_have_text("Copied: the result")


async def test_a_long_result_is_folded_and_searched(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}")
    await open_event(tab, "execute_tool search")
    tool = panel(tab).get_by_label("The tool")
    await expect(tool).to_contain_text("400 lines")
    await expect(tool).not_to_contain_text("0399 flight")
    await tool.get_by_label("Find in it").fill("SOLD OUT")
    await expect(tool.get_by_role("status")).to_have_text("31 lines")
    await expect(tool.locator(".hits li")).to_have_count(31)
    await expect(tool.locator(".hits li").last).to_contain_text("0390 flight LX390, sold out")
    await expect(tool.locator(".hits mark").first).to_have_text("sold out")
    await tool.get_by_label("Find in it").fill("no such word")
    await expect(tool.get_by_role("status")).to_have_text("not in it")
    await tool.get_by_role("button", name=re.compile("^show all")).click()
    await expect(tool).to_contain_text("0399 flight")


@pytest.mark.parametrize("sign", ["[", '{"a":'])
async def test_json_without_end_of_nesting_is_a_text(open_tab, receiver, story, sign):
    deep = sign * 30_000
    closed = deep + "1" + ("]" if sign == "[" else "}") * 30_000
    used = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "nest", "gen_ai.tool.call.result": closed}
    with story.span("execute_tool nest", used):
        pass
    tab = await open_tab(receiver, f"#/traces/{story.send()}")
    await open_event(tab, "execute_tool nest")
    await expect(panel(tab).get_by_label("The tool")).to_contain_text(sign * 10)


async def test_an_answer_in_json_is_read_as_what_it_holds(open_tab, receiver, story):
    answer = one("assistant", said(json.dumps({"best": "night train", "price": 149})))
    with story.span("chat json", chat("picker", [one("user", said("Which?"))], [answer])):
        pass
    tab = await open_tab(receiver, f"#/traces/{story.send()}?view=conversation")
    await expect(turn(tab, "night train").locator(".json-name").first).to_have_text("best")


async def test_a_prompt_shows_what_is_new_since_the_call_before(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}")
    await open_event(tab, "chat second")
    shown = panel(tab).locator(".since")
    await expect(shown.locator("del")).to_contain_text("Never book without approval.")
    await expect(shown.locator("ins")).to_contain_text("You may not book without approval.")
    await expect(shown).to_contain_text("1 message as before")
    await expect(shown.locator(".message.added")).to_have_count(2)
    await expect(shown.locator(".message.added").first).to_contain_text("Let me look.")
    await panel(tab).get_by_role("button", name="Whole prompt").click()
    await expect(panel(tab)).to_contain_text("Plan my trip to Oslo.")
    await open_event(tab, "chat first")
    await expect(panel(tab).get_by_role("button", name="Whole prompt")).to_have_count(0)  # there is no call before


async def test_a_conversation_shows_where_the_system_prompt_changed(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}?view=conversation")
    changed = turn(tab, "System prompt changed")
    await expect(changed.locator("del")).to_contain_text("Never book without approval.")
    await expect(changed.locator("ins")).to_contain_text("You may not book without approval.")


async def test_lines_of_a_list_and_a_head_are_without_the_signs_of_markdown(open_tab, receiver, plan):
    tab = await open_tab(receiver, f"#/traces/{plan}")
    await expect(tab.find(".gist")).to_contain_text("Asked Plan my trip to Oslo.")
    await expect(tab.find(".gist")).to_contain_text("Answered Plan for the trip I found three ways:")
    session = receiver.get(f"/api/v1/traces/{plan}")["session_id"]
    await tab.go(f"#/traces?session_id={session}")
    await expect(tab.find("main tbody tr").first).to_contain_text("Plan my trip to Oslo.")


async def test_a_session_is_copied_with_all_of_its_traces(copying, runs):
    tab = await copying(f"#/sessions/{runs['lisbon']['session_id']}")
    await tab.role("button", "Copy all the session as Markdown").click()
    await expect(tab.find("#announcer")).to_have_text("Copied: the session as Markdown")
    copied = await clipboard(tab)
    assert copied.index("Two of us want to go from Zürich to Lisbon") < copied.index("Can we sit together")
