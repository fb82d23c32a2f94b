"""The page's files: small, plain, whole; whatever browser there is."""

import re

import httpx
import pytest

from receiver.http.page import FOLDER

OURS = [path for path in FOLDER.rglob("*") if path.is_file() and "vendor" not in path.parts]
SCRIPTS = [path for path in OURS if path.suffix == ".js"]


def test_everything_that_a_browser_loads_is_under_300_kb(receiver):
    # Licences and types stand beside the libraries; no page loads them.
    loaded = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in {".txt", ".md", ".ts"}]
    sizes = {}
    for path in loaded:
        name = path.relative_to(FOLDER).as_posix()
        with httpx.stream("GET", f"{receiver.url}/{name.replace('index.html', '')}") as answer:
            sizes[name] = sum(map(len, answer.iter_raw()))  # as it is delivered: browsers take gzip, and so does httpx
    assert sum(sizes.values()) < 300_000, sizes


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_no_line_is_over_150_characters(path):
    if path.suffix != ".svg":  # a drawing
        assert [line for line in path.read_text().splitlines() if len(line) > 150] == []


def test_the_markup_holds_no_script_style_or_handler_of_its_own_and_names_no_other_host():
    markup = (FOLDER / "index.html").read_text()
    assert not re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:|//", markup)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_text_or_runs_text(path):
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    assert not re.findall(forbidden, path.read_text())


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_import_is_a_file_that_is_there(path):
    imported = re.findall(
        r"^(?:(?:import|export)\b[^;'\"]*\bfrom\s*|import\s*)[\"']([^\"']+)[\"']", path.read_text(), re.MULTILINE
    )
    assert [name for name in imported if not (path.parent / name).is_file()] == []


def test_each_vendored_library_has_its_licence_and_its_version_beside_it():
    folder = FOLDER / "assets" / "vendor"
    about = (folder / "README.md").read_text()
    libraries = [path.name for path in folder.rglob("*.js")]
    assert libraries
    assert [name for name in libraries if name not in about] == []
    assert re.search(r"\d+\.\d+\.\d+", about)
