"""Debian's Chromium, driven by Playwright, and tabs in it that note what no page of ours may do."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

try:
    from axe_playwright_python.base import AXE_SCRIPT
    from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, async_playwright, expect
except ModuleNotFoundError:  # they are not in requirements-dev.lock; whoever needs the fixture `browser` hears of it
    AXE_SCRIPT = async_playwright = expect = None

PATH = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",  # CI is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what still wants to call home finds nobody
    "--font-render-hinting=none",  # screenshots look the same on every machine
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
PATIENCE = 40_000  # ms until something counts as missing: two cores are shared with whatever else is tested

# A violation of the policy is an error in the console too, but not of every kind.
_TELL_VIOLATIONS = """
document.addEventListener('securitypolicyviolation',
  told => console.error('policy violated:', told.violatedDirective, told.blockedURI, told.sample));
"""


# Elements that were made of what somebody sent, if there are any.
_HARMFUL = """
[...document.querySelectorAll('*')].filter(element =>
  element.matches("script:not([src]), iframe, object, embed, base, form[action], [srcdoc], [src='x']")
  || [...element.attributes].some(({name, value}) => name.startsWith('on') || /^\\s*javascript:/i.test(value))
).map(element => element.outerHTML.slice(0, 200))
"""


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=PATH, args=ARGUMENTS)
        yield browser
        await browser.close()


class Tab:
    """A tab of a browser that has just been started, as far as the page can tell: nothing kept, no key.

    `troubles` are the errors in its console, what it threw, violations of its Content-Security-Policy, requests to
    others than the receiver, and dialogs. A test that provokes one says so: `tab.provokes("status of 401")`.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.requests: list[str] = []
        self._noted: list[str] = []
        self._provoked: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._noted.append(f"thrown: {error}"))
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._noted.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((self.url, "data:", "blob:")):
            self._noted.append(f"request to {request.url}")

    async def _dialog(self, dialog: Any) -> None:
        self._noted.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def provokes(self, pattern: str) -> None:
        self._provoked.append(pattern)

    @property
    def troubles(self) -> list[str]:
        return [told for told in self._noted if not any(re.search(pattern, told) for pattern in self._provoked)]

    async def go(self, address: str) -> None:
        """Open `#/traces?status=failed` as a link from elsewhere opens it: the page is loaded anew."""
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.url}/{address}")

    @property
    def address(self) -> str:
        """What stands in the address bar, after the receiver's own address."""
        parts = urlsplit(self.page.url)
        return f"#{parts.fragment}" if parts.fragment else ""

    async def address_becomes(self, pattern: str) -> None:
        await expect(self.page).to_have_url(re.compile(re.escape(self.url) + "/" + pattern))

    def find(self, selector: str, **options: Any) -> Locator:
        return self.page.locator(selector, **options)

    def role(self, role: Any, name: str | re.Pattern[str] | None = None, **options: Any) -> Locator:
        return self.page.get_by_role(role, name=name, **options)

    async def shows(self, text: str | re.Pattern[str], within: str = "main") -> None:
        """Wait until the text stands somewhere in the page."""
        await expect(self.find(within).get_by_text(text).first).to_be_visible()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def is_safe(self) -> None:
        """Nothing that was sent has become markup: no script ran, none is there, no link leads to one."""
        assert await self.page.evaluate("window.pwned") is None
        assert await self.page.evaluate(_HARMFUL) == []

    async def violations(self, *rules: str) -> list[str]:
        """Return what axe finds (WCAG A and AA, good practice) that is serious or critical, each with its place.

        It looks at everything, or by these rules alone.
        """
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE_SCRIPT)
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found = await self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary']}"
            for violation in found["violations"]
            if violation["impact"] in {"serious", "critical"}
            for node in violation["nodes"]
        ]


async def open_tab(browser: Browser, url: str, *, viewport: Any = None, dark: bool = False, **options: Any) -> Tab:
    context = await browser.new_context(
        viewport=viewport or DESKTOP,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
        **{"timezone_id": "Europe/Lisbon"} | options,
    )
    context.set_default_timeout(PATIENCE)
    await context.add_init_script(_TELL_VIOLATIONS)
    return Tab(await context.new_page(), url)
