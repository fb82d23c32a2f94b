"""Projects on the page: a column and a filter of traces, a filter of sessions and of the overview, with its links."""

import pytest
from chromium import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def of_projects(receiver):
    """A trace of each of two projects, in the same session."""
    events = [
        {
            "timestamp": "2026-01-09T19:00:00Z",
            "agent_id": f"agent of {project}",
            "session_id": "shared",
            "project": project,
        }
        for project in ("garden-shop", "garden-bank")
    ]
    receiver.post("/api/v1/events/batch", {"events": events})
    receiver.interpreted()
    return "garden-shop"


async def test_traces_show_their_project_and_are_filtered_by_it(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/traces?project={of_projects}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
    await tab.find("main .columns summary").click()
    await tab.find("main .columns").get_by_label("Project").check()
    await expect(tab.find("main tbody tr")).to_contain_text(of_projects)
    await tab.find("main tbody tr a").first.click()
    link = tab.find("main").get_by_role("link", name=of_projects, exact=True)
    await expect(link).to_have_attribute("href", f"#/traces?project={of_projects}")


async def test_a_session_has_what_is_in_the_project(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/sessions?project={of_projects}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
    await expect(tab.find("main tbody tr [data-label=Traces]")).to_have_text("1")


async def test_the_overview_is_of_a_project_and_leads_to_what_is_in_it(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/overview?project={of_projects}")
    runs = tab.find(f"main a[href*='project={of_projects}']")
    await expect(runs.first).to_be_visible(timeout=60_000)  # once the runs are interpreted
    await runs.first.click()
    await tab.address_becomes(f"#/traces.*project={of_projects}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
