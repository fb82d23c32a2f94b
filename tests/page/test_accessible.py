"""For everyone: axe finds nothing serious on any page, in light and dark, on a desk and on a phone, where all fits."""

import pytest
from chromium import DESKTOP, PHONE, expect
from reading import blob, picture, planned
from sending import Story

pytestmark = pytest.mark.asyncio(loop_scope="session")

COLOURS = ("color-contrast", "link-in-text-block")  # axe's rules that may tell dark from light
LOOKS = [(DESKTOP, "light", ()), (DESKTOP, "dark", COLOURS), (PHONE, "light", ()), (PHONE, "dark", COLOURS)]
WIDTHS = (320, 800)  # the narrowest that WCAG asks for, and a tablet or half a screen
WIDER = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
# The cells that name a row and have no room for a name, as their table has many columns.
CRAMPED = """
[...document.querySelectorAll('.table tbody td:first-child')]
  .filter(it => it.getClientRects().length && it.clientWidth < 150)
  .map(it => `${it.clientWidth} px for ${it.innerText}`)
"""
# Notes what there is to click or fill in, of radio buttons those that are chosen, as Tab does.
EVERYTHING = """
window.everything = [...document.querySelectorAll('a[href], button:not(:disabled), input, select, summary')]
  .filter(it => it.getClientRects().length && it.tabIndex >= 0 && (it.type !== 'radio' || it.checked));
window.everything.length
"""
# What has the focus: its number there, whether an outline around it or its row shows that, and how it begins.
FOCUSED = """
(it => {
  const outlined = ({outlineStyle, outlineWidth}) => outlineStyle !== 'none' && outlineWidth !== '0px';
  const shown = [it, it.closest('li, tr, label')].some(around => around && outlined(getComputedStyle(around)));
  return [window.everything.indexOf(it), shown, it.outerHTML.slice(0, 200)];
})(document.activeElement)
"""
# By name: the address (made with the demo's traces), and what is there once the page is.
PAGES = {
    "overview": ("#/overview", "main [data-row]"),
    "an overview of nothing": ("#/overview?since=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z", ".empty"),
    "calls": ("#/calls", "main [data-row]"),
    "traces": ("#/traces", "main [data-row]"),
    "traces that are filtered": ("#/traces?status=failed&agent_id=travel-agent&since=1d", "main [data-row]"),
    "no trace": ("#/traces?agent_id=nobody", ".empty"),
    "a wrong filter": ("#/traces?status=odd", "[role=alert]"),
    "a wrong term": ("#/traces?filter=cost%3Echeap&sort=cost", ".fault"),
    "a trace that failed": ("#/traces/{tokyo[id]}", ".waterfall-rows [role=row]"),
    "an event": ("#/traces/{tokyo[id]}?event={event}", "[aria-label=Event] .why"),
    "a prompt and what is new in it": ("#/traces/{plan}?event={changed}", ".since ins"),
    "messages in Markdown, with a picture": ("#/traces/{plan}?view=conversation", ".picture canvas"),
    "a conversation": ("#/traces/{lisbon[id]}?view=conversation", ".conversation li"),
    "two runs": ("#/compare?a={tokyo[id]}&b={lisbon[id]}", ".compared li"),
    "a step that differs": ("#/compare?a={tokyo[id]}&b={lisbon[id]}&open={call}", ".side del"),
    "runs to compare with": ("#/compare?a={tokyo[id]}", "main [data-row]"),
    "sessions": ("#/sessions", "main [data-row]"),
    "a session": ("#/sessions/{lisbon[session_id]}", ".conversation li"),
    "search": ("#/search", ".examples"),
    "results": ("#/search?q=the+card+was+refused", ".results mark"),
    "what a facet counts": ("#/search?event_type=tool_call", ".results li"),
    "nothing found": ("#/search?q=flight&agent_id=nobody", ".empty"),
    "live": ("#/live", "main [data-row]"),
    "hostile texts": ("#/traces/{attacked}", ".waterfall-rows [role=row]"),
    "no page": ("#/nowhere", "main h1"),
}


async def is_for_everyone(tab):
    found = {}
    for viewport, colours, rules in LOOKS:
        await tab.page.set_viewport_size(viewport)
        await tab.page.emulate_media(color_scheme=colours)
        look = f"{viewport['width']} px, {colours}"
        found[look] = await tab.violations(*rules)
        if wider := await tab.page.evaluate(WIDER):
            found[look].append(f"{wider} px wider than the window")
    for width in WIDTHS:
        await tab.page.set_viewport_size({"width": width, "height": 800})
        found[f"{width} px"] = await tab.page.evaluate(CRAMPED)
        if wider := await tab.page.evaluate(WIDER):
            found[f"{width} px"].append(f"{wider} px wider than the window")
    assert found == {look: [] for look in found}


@pytest.fixture(scope="module")
def named(receiver, runs, attacked):
    """What the addresses are made with."""
    events = receiver.get("/api/v1/events", trace_id=runs["tokyo"]["id"], status="error")["events"]
    compared = receiver.get(f"/api/v1/traces/{runs['tokyo']['id']}/compare", **{"with": runs["lisbon"]["id"]})
    call = next(step["a"]["id"] for step in compared["steps"] if step["kind"] == "model" and step["a"] and step["b"])
    plan = planned(Story(receiver.url), blob("image/png", picture("PNG")))
    receiver.interpreted()
    return {
        **runs,
        "attacked": attacked,
        "plan": plan,
        "changed": receiver.get("/api/v1/events", trace_id=plan, event_type="model_call")["events"][0]["id"],
        "call": call,
        "event": next(one["id"] for one in events if one["kind"] == "internal"),
    }


@pytest.mark.parametrize("name", PAGES)
async def test_each_page(open_tab, receiver, named, name):
    address, there = PAGES[name]
    tab = await open_tab(receiver, address.format(**named))
    tab.provokes("status of 400")
    await expect(tab.find(there).first).to_be_visible()
    await is_for_everyone(tab)


async def test_help(open_tab, receiver):
    tab = await open_tab(receiver)
    await expect(tab.role("heading", level=1)).to_be_visible()
    await tab.press("?")
    await expect(tab.role("dialog", "Keys")).to_be_visible()
    await is_for_everyone(tab)


async def test_the_question_for_the_key_and_an_empty_receiver(open_tab, start):
    locked = start(key="one")
    tab = await open_tab(locked)
    tab.provokes("status of 401")
    dialog = tab.role("dialog", "API key")
    await dialog.get_by_label("API key").fill("wrong")
    await tab.press("Enter")
    await expect(dialog).to_contain_text("does not know")
    await is_for_everyone(tab)
    await dialog.get_by_label("API key").fill("one")
    await tab.press("Enter")
    await expect(tab.find(".empty")).to_be_visible()
    await is_for_everyone(tab)


@pytest.mark.parametrize(
    "name",
    [
        "overview",
        "traces",
        "a trace that failed",
        "an event",
        "a prompt and what is new in it",
        "messages in Markdown, with a picture",
        "a step that differs",
        "a session",
        "results",
        "live",
    ],
)
async def test_everything_can_be_reached_by_tab_and_shows_that_it_is(open_tab, receiver, named, name):
    address, there = PAGES[name]
    tab = await open_tab(receiver, address.format(**named))
    await expect(tab.find(there).first).to_be_visible()
    await expect(tab.find(".loading")).to_have_count(0)
    left = set(range(await tab.page.evaluate(EVERYTHING)))
    for _ in range(len(left) + 20):  # what scrolls can be reached, too, and the window itself, from the end
        await tab.press("Tab")
        number, seen, what = await tab.page.evaluate(FOCUSED)
        assert seen or what.startswith("<body"), f"no focus to be seen on {what}"
        left.discard(number)
    assert [await tab.page.evaluate(f"window.everything[{number}].outerHTML") for number in left] == []
