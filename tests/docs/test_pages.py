"""The documentation's pages: none is lost, links lead somewhere, and the first ones stay short."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if (ROOT / name).is_file()
)
DOCS = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]


def prose(page):
    """Return a page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```|^    .*?$|`[^`\n]*`", "", page.read_text())


def anchors(page):
    """Return the names of a page's headings, as forges make them."""
    headings = re.findall(r"(?m)^#+ (.*)", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page)) + re.findall(r'(?:src|srcset)="([^"]+)"', page.read_text())
    for link in found:
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_every_page_is_in_the_table_of_contents():
    index = (ROOT / "docs" / "index.md").read_text()
    decisions = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for page in DOCS:
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        if name.startswith("decisions/") and page.name != "README.md":
            assert f"({page.name})" in decisions, name
        elif name != "index":
            assert f"\n{name}\n" in index, name


@pytest.mark.parametrize(("name", "most"), [("README.md", 150), ("ARCHITECTURE.md", 120)])
def test_the_first_pages_stay_short(name, most):
    assert len((ROOT / name).read_text().splitlines()) < most
