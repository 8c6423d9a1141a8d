"""Notebook 7 loads the same plugins: its sidebar has the panel, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage

OF_NOTEBOOK = (  # 7.6.5 has these without any extension
    r"reading 'schema'.*/notebook_core",
    r"^404: GET .*/favicon-console\.ico",
)


@pytest.fixture(scope="module")
def notebook_server(start_lab: Callable[..., Lab], published_shelf: Path) -> Lab:
    return start_lab(
        "notebook7",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        program="notebook",
        CLOUDSHELF_URL=published_shelf.as_uri(),
    )


def test_the_notebook_page_has_the_panel(notebook_server: Lab, open_page: Callable[..., LabPage]) -> None:
    lab = notebook_server
    path = lab.notebook(
        "seven.ipynb", "%shelf use humanize\nimport humanize\nprint(humanize.__version__)", kernel=lab.python()
    )
    page = open_page(lab, path, notebook7="notebooks")
    page.run(0)
    expect(page.output(0)).to_contain_text("4.9.0")
    page.command("cloudshelf:focus-filter")
    expect(page.panel.root).to_be_visible()
    page.panel.badges("humanize", "loaded")
    page.panel.filter("pandas")
    page.panel.act(page.panel.project("pandas"), "use")
    page.panel.badges("pandas", "pinned")
    assert "pandas" in page.sources[0]
    page.expect_problems(*OF_NOTEBOOK)


@pytest.mark.parametrize("page_name", ["tree", "edit", "consoles"])
def test_pages_without_a_notebook_do_not_break(
    notebook_server: Lab, open_page: Callable[..., LabPage], page_name: str
) -> None:
    lab = notebook_server
    lab.notebook("seven.ipynb", kernel=lab.python())
    (lab.root / "text.txt").write_text("plain")
    page = open_page(lab, {"tree": "", "edit": "text.txt", "consoles": "seven.ipynb"}[page_name], notebook7=page_name)
    expect(page.page.locator("#main, #jp-main-dock-panel, .jp-FileEditor, .jp-DirListing").first).to_be_visible()
    page.expect_problems(*OF_NOTEBOOK)
