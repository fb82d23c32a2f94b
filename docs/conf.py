# ruff: noqa: INP001 - Sphinx reads it, nobody imports it
"""The site: `make docs` builds it from the pages as they are. Sphinx with MyST, which reads Markdown."""

from pathlib import Path

project = "vectadb-receiver"
copyright = "The vectadb-receiver authors, Apache-2.0"  # noqa: A001 - Sphinx's own name
extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "requirements.*"]
# Links to files beside docs/ are for the forge; tests/docs/test_pages.py checks all of them.
suppress_warnings = ["myst.xref_missing"]
html_theme = "furo"
html_title = project
# Pages show pictures by HTML, which Sphinx does not look into.
html_extra_path = sorted(path.name for path in Path(__file__).parent.glob("*.png"))
