"""What leaves the panel: details, files of the drive and copies of them, locks, cells, the picture of imports."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab
from .pages import LabPage, poll
from .shelves import SmallShelf, make_small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallShelf:
    shelf = make_small(tmp_path_factory.mktemp("workspace"))
    shelf.cloudshelf("lock", "shelfone==1.0", "--name", "team/2026q4")
    return shelf


@pytest.fixture(scope="module")
def small_lab(start_lab: Callable[..., Lab], small: SmallShelf) -> Lab:
    return start_lab("workspace", CLOUDSHELF_URL=small.url)


@pytest.fixture
def notebook(small_lab: Lab, request: pytest.FixtureRequest) -> str:
    return small_lab.notebook(f"{request.node.name[5:25]}.ipynb", "x = 1", kernel=small_lab.python())


@pytest.fixture
def page(small_lab: Lab, notebook: str, open_page: Callable[..., LabPage]) -> LabPage:
    page = open_page(small_lab, notebook)
    page.panel.open()
    page.panel.shelf_state("ready")
    return page


def test_two_versions_side_by_side_and_dependencies_both_ways(page: LabPage) -> None:
    details = page.panel.details
    page.panel.show_details(page.panel.project("shelfone"))
    details.get_by_label("From").select_option("1.0")
    details.get_by_label("To").select_option("2.0")
    details.locator('[data-action="compare"]').click()
    expect(details.locator('[data-section="facts"] thead')).to_contain_text("2.0")
    details.get_by_text("Files changed").click()
    expect(details.locator('[data-section="compare"]')).to_contain_text("site/shelfone/__init__.py")
    details.locator('[data-section="dependencies"]').get_by_role("button", name="shelftwo").click()
    expect(details).to_have_attribute("data-project", "shelftwo")
    expect(details.locator('[data-section="dependencies"]')).to_contain_text("shelfone>=1")
    page.reload("shelftwo")
    expect(details).to_have_attribute("data-project", "shelftwo")
    expect(details).to_have_attribute("data-state", "ready")


def test_a_notebook_of_the_shelf_opens_read_only_and_without_a_kernel(page: LabPage, small_lab: Lab) -> None:
    page.command("cloudshelf:open-file", **_file(small_lab, "site/shelfone/example.ipynb"))
    expect(page.notebook).to_contain_text("notebook is read-only")
    expect(page.notebook).to_contain_text("No Kernel")
    page.expect_problems("reading 'kernel'")  # ipywidgets of any notebook without one


def test_a_copy_goes_over_nothing_unless_its_owner_says_so(page: LabPage, small_lab: Lab) -> None:
    copy, second = small_lab.root / "table.csv", small_lab.root / "table-1.csv"
    where = _file(small_lab, "site/shelfone/table.csv")

    def is_copied(file: Path) -> bool:
        return file.exists() and file.read_text() == "a,b\n1,2\n"

    page.command("cloudshelf:copy-to-workspace", **where)
    _press(page, "Select")
    poll(page.page, lambda: is_copied(copy), "the copy")
    copy.write_text("mine")
    page.command("cloudshelf:copy-to-workspace", **where)
    _press(page, "Select")
    _press(page, "Keep both")
    poll(page.page, lambda: is_copied(second), "the second copy")
    assert copy.read_text() == "mine"
    page.command("cloudshelf:copy-to-workspace", **where)
    _press(page, "Select")
    expect(page.page.locator(".jp-Dialog")).to_contain_text("table.csv is there already")
    _press(page, "Replace")
    poll(page.page, lambda: is_copied(copy), "the copy in place of it")
    page.expect_problems("404: GET .*/api/contents/table")


def test_the_drive_is_an_ordinary_file_browser(page: LabPage) -> None:
    page.command("cloudshelf:open-drive")
    files = page.page.locator("#cloudshelf-drive .jp-DirListing-item")
    for folder in ("small", "shelfone", "2.0", "shelfone"):
        files.get_by_text(folder, exact=True).dblclick()
    files.get_by_text("table.csv", exact=True).dblclick()
    expect(page.page.locator(".jp-CSVViewer:visible")).to_be_visible()
    expect(page.page.locator(".jp-Document:visible")).to_contain_text("file is read-only")


def test_a_lock_that_the_kernel_sends_is_saved_once_though_two_tabs_show_the_notebook(
    page: LabPage, small_lab: Lab, notebook: str
) -> None:
    other = page.tab()
    other.goto(small_lab.page(notebook, f"{page.workspace}b"))
    expect(other.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible()
    page.write(0, "%shelf use shelfone==1.0\n%shelf lock --notebook")
    page.run(0)
    expect(page.output(0)).to_contain_text("This notebook carries its lock now: 1 pin, saved by its editor.")
    assert "shelfone" in small_lab.lock_in(notebook)
    assert page.metadata["cloudshelf"]["digest"]
    expect(page.page.locator(".jp-Dialog")).to_have_count(0)
    expect(other.locator(".jp-Dialog")).to_have_count(0)
    page.expect_problems("Comm not found")  # the kernel's messages to one tab reach the other


@pytest.mark.parametrize("source", ["team/2026q4", "file"])
def test_a_new_notebook_from_a_lock_restores_it(
    page: LabPage, small_lab: Lab, small: SmallShelf, source: str, tmp_path: Path
) -> None:
    small_lab.user_settings("@jupyterlab/notebook-extension:tracker", {})
    page.command("cloudshelf:new-notebook-from-lock")
    choice = page.page.locator(".jp-Dialog select")
    if source == "file":
        small.cloudshelf("lock", "shelfone==1.0", "-o", small_lab.root / "pylock.toml")
        choice.select_option("A pylock.toml of the workspace…")
        page.page.locator(".jp-Dialog .jp-mod-accept").click()
        listing = page.page.locator(".jp-Dialog .jp-DirListing-item")
        listing.get_by_text("pylock.toml", exact=True).click()
    else:
        choice.select_option(source)
    page.page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(page.page.locator(".lm-TabBar-tab.jp-mod-current")).to_contain_text("Untitled")
    page.idle()
    assert page.sources == ["%load_ext cloudshelf\n%shelf sync --notebook", ""]
    page.run(0)
    expect(page.output(0)).to_contain_text(re.compile("shelfone 1.0.*These are the pins that Untitled", re.DOTALL))


def test_imports_are_shown_as_a_picture_and_as_a_table(page: LabPage) -> None:
    page.write(0, "%shelf use shelfone==1.0\nimport shelfone.late")
    page.run(0)
    page.command("cloudshelf:show-waterfall")
    shown = page.page.locator('[data-cloudshelf="waterfall"]')
    expect(shown).to_have_attribute("data-state", "ready")
    expect(shown.get_by_role("img")).to_have_attribute("src", re.compile("^data:image/svg"))
    assert shown.get_by_role("img").evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    expect(shown.locator('[data-module="shelfone.late"]')).to_be_visible()


def test_use_in_a_notebook_that_may_not_be_written_says_so(page: LabPage, small_lab: Lab) -> None:
    where = _file(small_lab, "site/shelfone/example.ipynb")
    page.command("cloudshelf:open-file", **where)
    expect(page.notebook).to_contain_text("notebook is read-only")
    page.command("cloudshelf:use", **where)
    expect(page.page.locator(".jp-Dialog")).to_contain_text("example.ipynb is read-only, so no cell asks for shelfone")
    _press(page, "Close")
    page.expect_problems("reading 'kernel'")


def test_use_without_a_cell_leaves_the_notebook_as_it_is(
    page: LabPage, small_lab: Lab, notebook: str, open_page: Callable[..., LabPage]
) -> None:
    before = page.sources
    small_lab.user_settings("cloudshelf/panel", {"useWithoutCell": True})
    try:
        page.reload()
        page.ready()
        page.panel.nothing_pinned()
        page.command("cloudshelf:use", shelf=_shelf(small_lab), project="shelfone", version="1.0")
        page.panel.badges("shelfone", "pinned")
        assert page.sources == before
    finally:
        small_lab.user_settings("cloudshelf/panel", {})


def test_the_extension_is_loaded_by_a_cell_where_the_kernel_does_not(
    small_lab: Lab, open_page: Callable[..., LabPage]
) -> None:
    page = open_page(small_lab, small_lab.notebook("plain.ipynb", "x = 1", kernel=small_lab.python(loaded=False)))
    where = {"shelf": _shelf(small_lab), "project": "shelfone"}
    page.command("cloudshelf:use", **where, version="1.0")
    expect(page.output(1)).to_contain_text("Pinned: shelfone 1.0")
    page.command("cloudshelf:use", **where | {"project": "shelftwo"})
    expect(page.output(1)).to_contain_text("Pinned: shelftwo 1.0")
    assert page.sources == ["%load_ext cloudshelf", "%shelf use shelfone==1.0 shelftwo", "x = 1"]


def _file(lab: Lab, path: str) -> dict[str, str]:
    return {"shelf": _shelf(lab), "project": "shelfone", "version": "2.0", "path": path}


def _shelf(lab: Lab) -> str:
    return str(lab.ask("/cloudshelf/api/shelves")["shelves"][0]["id"])


def _press(page: LabPage, name: str) -> None:
    button: Locator = page.page.locator(".jp-Dialog").get_by_role("button", name=name)
    button.click()
