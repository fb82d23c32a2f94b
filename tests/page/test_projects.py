"""Projects on the page: a column and a filter of traces, among the counts beside a search, and of the overview."""

import pytest
from chromium import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def of_projects(receiver):
    """A trace of each of two projects; what they count is interpreted."""
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
    return "garden-shop"


async def test_traces_show_their_project_and_are_filtered_by_it(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/traces?project={of_projects}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
    await tab.find("main .columns summary").click()
    await tab.find("main .columns").get_by_label("Project").check()
    await expect(tab.find("main tbody tr")).to_contain_text(of_projects)
    await tab.find("main tbody tr a").first.click()
    await expect(tab.find("main").get_by_role("link", name=of_projects)).to_have_attribute(
        "href", f"#/traces?project={of_projects}"
    )


async def test_a_session_has_what_is_in_the_project(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/sessions?project={of_projects}")
    await expect(tab.find("main tbody tr")).to_have_count(1)
    await expect(tab.find("main tbody tr")).to_contain_text(f"agent of {of_projects}")
    await expect(tab.find("main tbody tr")).not_to_contain_text("garden-bank")


async def test_the_overview_is_of_a_project_and_leads_to_what_is_in_it(open_tab, receiver, of_projects):
    tab = await open_tab(receiver, f"#/overview?project={of_projects}")
    await expect(tab.find("main")).to_contain_text(f"agent of {of_projects}")
    await expect(tab.find("main")).not_to_contain_text("agent of garden-bank")
