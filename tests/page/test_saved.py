"""Filters saved in the browser, and links to views; also where a browser keeps nothing, or holds something else."""

import pytest
from chromium import PHONE, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

BLOCKED = """
for (const name of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, name, {get() { throw new DOMException('blocked', 'SecurityError'); }});
}
"""


def saved(tab):
    return tab.find("main .saved")


async def save(tab, name):
    await saved(tab).locator("summary").click()
    await saved(tab).get_by_role("textbox").fill(name)
    await tab.press("Enter")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    "address",
    [
        "#/traces?filter=agent%3Atravel*+status%3Afailed&sort=cost&since=1d",
        "#/sessions?filter=agent%3Atravel*",
        "#/calls?kind=tool&filter=error%3Adeclined",
        "#/search?q=the+card+was+refused&status=error",
    ],
    ids=lambda address: address.partition("?")[0],
)
async def test_what_is_filtered_is_saved_under_a_name_and_found_again(open_tab, receiver, runs, address, viewport):
    tab = await open_tab(receiver, address, viewport=viewport)
    await save(tab, "what I look at")
    await expect(saved(tab).locator("summary")).to_have_text("Saved filters (1)")
    await tab.go(address.partition("?")[0])
    await saved(tab).locator("summary").click()
    await saved(tab).get_by_role("link", name="what I look at").click()
    await expect(saved(tab).locator("a[aria-current]")).to_have_text("what I look at")
    assert sorted(tab.address.partition("?")[2].split("&")) == sorted(address.partition("?")[2].split("&"))
    await tab.role("button", "Delete what I look at").click()
    await expect(saved(tab).locator("li")).to_have_count(0)
    await tab.page.reload()
    await expect(saved(tab).locator("summary")).to_have_text("Saved filters")


async def test_a_name_stands_for_what_was_saved_last_under_it_and_each_page_has_its_own(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?status=failed")
    await save(tab, "mine")
    await tab.go("#/traces?status=completed")
    await save(tab, "mine")
    await expect(saved(tab).locator("li")).to_have_count(1)
    await expect(saved(tab).get_by_role("link")).to_have_attribute("href", "#/traces?status=completed")
    await tab.go("#/calls")
    await expect(saved(tab).locator("summary")).to_have_text("Saved filters")


async def test_nothing_is_saved_where_nothing_is_filtered(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces")
    await saved(tab).locator("summary").click()
    await expect(saved(tab)).to_contain_text("Filter something, and you can save it here")
    await expect(saved(tab).get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(
    "kept", ["{not json", "null", '"text"', '[1, null, {"name": 5}, {"name": "a"}, {"name": "b", "params": {"c": []}}]']
)
async def test_what_else_is_kept_under_its_name_does_no_harm(open_tab, receiver, runs, kept):
    tab = await open_tab(receiver, "#/traces")
    write = "([key, text]) => localStorage.setItem(key, text)"
    for key in ("saved traces", "columns of traces", "theme"):
        await tab.page.evaluate(write, [key, kept])
    await tab.go("#/traces?status=failed")
    await expect(tab.find("main tbody tr").first).to_be_visible()
    await save(tab, "after all")
    await expect(saved(tab).locator("li")).to_have_count(1)


async def test_hostile_names_and_values_stay_texts(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?filter=%22%3Cimg+src%3Dx+onerror%3Dwindow.pwned%3D1%3E%22")
    await save(tab, "<img src=x onerror='window.pwned=2'>")
    await expect(saved(tab).get_by_role("link")).to_have_text("<img src=x onerror='window.pwned=2'>")
    await tab.is_safe()


async def test_a_browser_that_keeps_nothing_shows_all_and_says_so(open_tab, receiver, runs):
    tab = await open_tab(receiver)
    await tab.page.context.add_init_script(BLOCKED)
    await tab.go("#/traces?status=failed")
    await expect(tab.find("main tbody tr").first).to_be_visible()
    await save(tab, "for now")
    await expect(saved(tab)).to_contain_text("it is saved until the page is closed")
    await expect(saved(tab).get_by_role("link", name="for now")).to_be_visible()
    await tab.find("header .tools [aria-label^=Colours]").click()
    await expect(tab.find("html")).to_have_attribute("data-theme", "dark")
    await tab.find("main .columns summary").click()
    await tab.find("main .columns").get_by_label("Service").check()
    await expect(tab.find("main thead th").filter(has_text="Service")).to_have_count(1)


async def test_a_browser_that_keeps_nothing_knows_the_key_until_the_page_is_closed(open_tab, start):
    locked = start(key="one")
    tab = await open_tab(locked)
    tab.provokes("status of 401")
    await tab.page.context.add_init_script(BLOCKED)
    await tab.go("#/traces")
    await tab.role("dialog", "API key").get_by_label("API key").fill("one")
    await tab.press("Enter")
    await tab.role("navigation", "Pages").get_by_role("link", name="Sessions").click()
    await expect(tab.find(".empty").first).to_be_visible()
    await expect(tab.role("dialog", "API key")).to_have_count(0)


async def test_a_link_to_what_is_shown_is_copied_from_any_page(open_tab, receiver, runs):
    tab = await open_tab(receiver, "#/traces?status=failed")
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.find("main thead").get_by_role("link", name="Duration").click()
    await tab.role("button", "Copy link").click()
    await expect(tab.role("button", "Copied")).to_be_visible()
    assert await tab.page.evaluate("navigator.clipboard.readText()") == tab.page.url
    assert tab.address == "#/traces?status=failed&sort=duration"
