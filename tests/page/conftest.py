"""The pages as a person has them: Debian's Chromium and the real receiver, fed by the real OpenTelemetry SDK.

The receiver and the browser are shared by all tests; what a test sends has an agent of its own, and each test has a tab
of its own that must end without troubles (`chromium.Tab`). `tests/install.sh` installs what is needed.
"""

import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))  # as tests/search does

import chromium
from program import Program
from sending import Story, demo, hostile, large


def needs(there: object, what: str) -> None:
    """Skip where it is missing, and fail in CI, where it must be there."""
    if there:
        return
    reason = f"{what} is missing: run tests/install.sh"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser():
    needs(chromium.async_playwright, "Playwright")
    needs(chromium.AXE_SCRIPT, "axe-core")
    needs(chromium.PATH, "Chromium")
    async with chromium.launched() as launched:
        yield launched


@pytest.fixture(scope="session")
def receiver(browser, static_data_dir, tmp_path_factory):
    """A receiver that searches by meaning, with the demo's four runs."""
    program = Program(tmp_path_factory.mktemp("receiver"), models=static_data_dir / "models")
    demo(program.url)
    program.indexed()
    yield program
    program.stop()


@pytest.fixture(scope="session")
def runs(receiver):
    """The demo's traces by the name of their conversation: lisbon (the first), oslo and tokyo, the one that failed."""
    traces = receiver.get("/api/v1/traces", service="travel-demo")["traces"]
    return {trace["session_id"].split("-")[1]: trace for trace in traces}  # newest first, so that the first stays


@pytest.fixture(scope="session")
def attacked(receiver):
    """The trace in which every text that a sender chooses is hostile."""
    return hostile(receiver)


@pytest.fixture(scope="session")
def long_trace(receiver):
    """The id of a trace of 5,000 events."""
    return large(receiver.url, 5_000)


@pytest.fixture
def story(receiver):
    """Tell the SDK a trace of the test's own: see `sending.Story`."""
    return Story(receiver.url)


@pytest.fixture
def start(browser, tmp_path):
    """Start a receiver of the test's own, without search: `start(key="one")`."""
    started = []

    def starts(**options):
        started.append(Program(tmp_path / f"receiver-{len(started)}", **options))
        return started[-1]

    yield starts
    for program in started:
        program.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(browser, start):
    """Open a tab: `await open_tab(receiver, "#/traces", dark=True, viewport=PHONE)`. None may end with troubles.

    It needs `start` so that a tab is closed before the receiver that it looks at is stopped.
    """
    tabs = []

    async def opens(program, address="", **options):
        tabs.append(await chromium.open_tab(browser, program.url, **options))
        await tabs[-1].go(address)
        return tabs[-1]

    yield opens
    for tab in tabs:
        await tab.page.context.close()
    assert [tab.troubles for tab in tabs] == [[] for _ in tabs]
