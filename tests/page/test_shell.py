"""What all pages share: ways around, keys, colours, the API key, a receiver that is away, and one that is empty."""

import re
import shlex
import subprocess

import pytest
from chromium import PHONE, expect

from tests.ports import free_ports

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("Overview", "Traces", "Sessions", "Calls", "Search", "Live")
ERROR_401 = "status of 401"


@pytest.fixture
def locked(start):
    return start(key="the-right-key")


async def test_the_start_page_is_the_overview(open_tab, receiver):
    tab = await open_tab(receiver)
    await expect(tab.role("heading", "Overview", level=1)).to_be_visible()
    await expect(tab.role("link", "Overview")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_each_page_is_a_link_away_and_says_where_one_is(open_tab, receiver, viewport):
    tab = await open_tab(receiver, viewport=viewport)
    for name in PAGES:
        await tab.role("navigation", "Pages").get_by_role("link", name=name).click()
        await expect(tab.role("heading", level=1)).to_have_text(name)
        await expect(tab.page).to_have_title(f"{name} · vectadb-receiver")
        assert tab.address == f"#/{name.lower()}"


async def test_back_and_forward_go_through_the_pages(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces")
    await tab.role("link", "Sessions").click()
    await tab.role("link", "Live").click()
    await tab.page.go_back()
    await expect(tab.role("heading", level=1)).to_have_text("Sessions")
    await tab.page.go_back()
    await expect(tab.role("heading", level=1)).to_have_text("Traces")
    await tab.page.go_forward()
    await expect(tab.role("heading", level=1)).to_have_text("Sessions")


async def test_keys_lead_to_the_pages_and_help_tells_them(open_tab, receiver):
    tab = await open_tab(receiver, "#/traces")
    await expect(tab.role("heading", level=1)).to_have_text("Traces")
    for key, name in (
        ("s", "Sessions"),
        ("l", "Live"),
        ("o", "Overview"),
        ("c", "Calls"),
        ("f", "Search"),
        ("t", "Traces"),
    ):
        if name == "Traces":  # the field of the search page has the focus and takes letters as such
            await tab.page.evaluate("document.activeElement.blur()")
        await tab.press("g", key)
        await expect(tab.role("heading", level=1)).to_have_text(name)
    await tab.press("?")
    help_dialog = tab.role("dialog", "Keys")
    await expect(help_dialog).to_contain_text("go to overview, traces, sessions, calls, search")
    await tab.press("Escape")
    await expect(help_dialog).to_have_count(0)


async def test_slash_searches_from_everywhere(open_tab, receiver):
    tab = await open_tab(receiver, "#/sessions")
    await expect(tab.role("heading", level=1)).to_have_text("Sessions")
    await tab.press("/")
    await expect(tab.role("heading", level=1)).to_have_text("Search")


async def test_an_address_that_names_no_page_says_so(open_tab, receiver):
    tab = await open_tab(receiver, "#/nowhere/%zz")
    await expect(tab.role("heading", level=1)).to_have_text("No such page")
    await tab.role("link", "To the traces").click()
    await expect(tab.role("heading", level=1)).to_have_text("Traces")


async def test_colours_follow_the_system_until_one_is_chosen(open_tab, receiver):
    tab = await open_tab(receiver, dark=True)
    body = tab.find("body")
    dark = await body.evaluate("it => getComputedStyle(it).backgroundColor")
    switch = tab.role("button", re.compile("^Colours"))
    await switch.click()
    await expect(body).to_have_css("background-color", dark)
    await switch.click()
    await expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    await tab.page.reload()
    await expect(body).to_have_css("background-color", "rgb(255, 255, 255)")


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Etc/UTC", "Times are UTC."),
        ("Europe/London", "Times are those of Europe/London; hover over one for UTC."),
        ("Asia/Kolkata", re.compile(r"Times are those of Asia/\w+; hover over one for UTC\.")),
    ],
)
async def test_the_foot_says_whose_times_are_shown(open_tab, receiver, zone, told):
    tab = await open_tab(receiver, "#/sessions", timezone_id=zone)
    await expect(tab.find("footer")).to_have_text(told)


async def test_the_key_is_asked_once_and_kept_for_the_session_only(open_tab, locked):
    tab = await open_tab(locked)
    tab.provokes(ERROR_401)
    dialog = tab.role("dialog", "API key")
    await dialog.get_by_label("API key").fill("a wrong key")
    await tab.press("Enter")
    await expect(dialog).to_contain_text("does not know the key")
    await dialog.get_by_label("API key").fill(locked.key)
    await dialog.get_by_role("button", name="Go on").click()
    await tab.shows("Nothing was sent yet")
    await tab.page.reload()
    await tab.role("link", "Sessions").click()
    await expect(tab.role("heading", level=1)).to_have_text("Sessions")
    await expect(tab.find("main")).not_to_contain_text("Loading")
    await tab.role("link", "Live").click()
    await expect(tab.role("status").filter(has_text="live")).to_be_visible()
    await expect(dialog).to_have_count(0)
    assert await tab.page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href.slice(0, 0)") == "{}"
    assert not [request for request in tab.requests if "right" in request]  # a header alone carries it
    other = await open_tab(locked)
    other.provokes(ERROR_401)
    await expect(other.role("dialog", "API key")).to_be_visible()


async def test_who_has_no_key_may_say_so_and_give_one_later(open_tab, locked):
    tab = await open_tab(locked)
    tab.provokes(ERROR_401)
    await expect(tab.role("dialog", "API key")).to_be_visible()
    await tab.press("Escape")
    await expect(tab.role("dialog", "API key")).to_have_count(0)
    await tab.role("button", "Enter the API key").click()
    await tab.role("dialog", "API key").get_by_label("API key").fill(locked.key)
    await tab.press("Enter")
    await tab.shows("Nothing was sent yet")


async def test_a_key_that_may_read_is_enough_and_one_that_may_not_is_told_so(open_tab, start):
    keys = "[{name: agent, key: agents-key, scopes: ingest}, {name: page, key: pages-key, scopes: read}]"
    locked = start(key="the-right-key", keys=keys)
    tab = await open_tab(locked)
    tab.provokes(ERROR_401)
    tab.provokes("status of 403")
    await tab.role("dialog", "API key").get_by_label("API key").fill("agents-key")
    await tab.press("Enter")
    await tab.shows("the API key agent lacks the scope read")
    await tab.role("button", "Enter another API key").first.click()
    await tab.role("dialog", "API key").get_by_label("API key").fill("pages-key")
    await tab.press("Enter")
    await tab.shows("Nothing was sent yet")
    for name in PAGES:
        await tab.role("navigation", "Pages").get_by_role("link", name=name).click()
        await expect(tab.role("heading", level=1)).to_have_text(name)
        await expect(tab.role("alert")).to_have_count(0)


async def test_a_key_can_be_forgotten(open_tab, locked):
    tab = await open_tab(locked)
    tab.provokes(ERROR_401)
    await tab.role("dialog", "API key").get_by_label("API key").fill(locked.key)
    await tab.press("Enter")
    await tab.shows("Nothing was sent yet")
    await tab.press("?")
    await tab.role("button", "Forget the key").click()
    await expect(tab.role("dialog", "API key")).to_be_visible()


async def test_an_empty_receiver_shows_how_to_send_the_first_event_and_that_works(open_tab, start):
    empty = start()
    tab = await open_tab(empty)
    command = tab.find("pre").filter(has_text="curl")
    await expect(command).to_be_visible()
    sent = subprocess.run(
        shlex.split(await command.inner_text()), capture_output=True, text=True, timeout=30, check=True
    )
    assert '"accepted"' in sent.stdout, sent.stderr
    await expect(tab.find("main [data-row]").first).to_be_visible()
    await tab.role("link", "Traces").click()
    await expect(tab.find("main [data-row]")).to_have_count(1)


async def test_a_page_waits_for_a_receiver_that_is_away(open_tab, start):
    (port,) = free_ports(1)
    first = start(port=port)
    tab = await open_tab(first, "#/sessions")
    await tab.shows("Nothing was sent yet")
    await tab.role("link", "Traces").click()
    await tab.shows("Nothing was sent yet")
    tab.provokes("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|Failed to fetch dynamically imported|status of 503")
    first.stop()
    await tab.role("link", "Sessions").click()
    await expect(tab.role("alert")).to_contain_text("does not answer")
    await tab.role("link", "Live").click()  # a page that has yet to be loaded
    await expect(tab.role("alert")).to_contain_text("could not be loaded")
    await tab.page.go_back()
    await expect(tab.role("alert")).to_contain_text("does not answer")
    start(port=port)
    await tab.shows("Nothing was sent yet")
    await tab.role("link", "Live").click()
    await expect(tab.role("heading", level=1)).to_have_text("Live")
