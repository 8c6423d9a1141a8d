"""What is on a shelf is written by strangers: READMEs that attack, names that are odd, things that go away."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import Lab
from .pages import LabPage, poll
from .shelves import ODD_FILES, ODD_VERSION, SmallShelf, make_small, publish_hostile


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallShelf:
    shelf = make_small(tmp_path_factory.mktemp("small"))
    publish_hostile(shelf)
    return shelf


@pytest.fixture(scope="module")
def small_lab(start_lab: Callable[..., Lab], small: SmallShelf) -> Lab:
    return start_lab("content", "--ServerSettings.watch_seconds=1", CLOUDSHELF_URL=small.url)


@pytest.fixture
def page(small_lab: Lab, open_page: Callable[..., LabPage]) -> LabPage:
    page = open_page(small_lab, small_lab.notebook("a.ipynb", kernel=small_lab.python()))
    page.panel.open()
    page.panel.shelf_state("ready")
    return page


def test_a_hostile_readme_is_only_text(page: LabPage) -> None:
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.panel.show_details(page.panel.project("hostile"))
    readme = page.panel.readme
    expect(readme).to_contain_text("The end.")
    expect(readme.locator("script, form, iframe, object, embed, style, meta, base, input, button")).to_have_count(0)
    expect(readme.locator("[onerror], [onload], [onclick], [style]")).to_have_count(0)
    expect(readme.locator("#main, #jupyter-config-data, [name=body]")).to_have_count(0)
    for link in readme.locator("a[href]").all():
        href = link.get_attribute("href") or ""
        assert href.startswith(("https://", "http://", "mailto:", "#")), href
        if not href.startswith("#"):
            assert link.get_attribute("target") == "_blank"
            assert "noopener" in (link.get_attribute("rel") or "")
    for dead in ("press me", "or me", "markdown"):
        expect(readme.get_by_role("link", name=dead, exact=True)).to_have_count(0)
    readme.get_by_text("press me").first.click()
    assert page.page.evaluate("window.hacked") is None
    assert not [url for url in asked if "example.org" in url]
    expect(readme.get_by_role("heading", name="Fine heading")).to_be_visible()
    expect(readme.get_by_role("link", name="link", exact=True)).to_have_attribute(
        "href", "https://example.org/elsewhere"
    )


def test_odd_names_are_shown_as_they_are_and_open(page: LabPage) -> None:
    panel = page.panel
    panel.expand(panel.project("odd"))
    expect(panel.version("odd", ODD_VERSION)).to_contain_text(ODD_VERSION)
    panel.expand(panel.version("odd", ODD_VERSION))
    panel.expand(panel.file("site/odd"))
    panel.expand(panel.file("site/odd/data"))
    for path in ODD_FILES:
        row = panel.shelf.locator("[data-path]").filter(has_text=path.rpartition("/")[2])
        expect(row).to_have_count(1)
        assert row.get_attribute("data-path") == f"site/{path}"
        row.dblclick()
        expect(page.page.locator(".jp-FileEditor:visible")).to_contain_text("odd content")
        page.command("application:close")
    assert page.page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "path", ["../../../shelf.json", "..%2f..%2fshelf.json", "%252e%252e%252fshelf.json", "/etc/passwd"]
)
def test_a_path_that_leads_out_is_refused(page: LabPage, small_lab: Lab, path: str) -> None:
    """Asked as a page can ask: with the user's cookie, the path not touched by a client library."""
    shelf = small_lab.ask("/cloudshelf/api/shelves")["shelves"][0]["id"]
    base = f"/cloudshelf/api/shelves/{shelf}/projects/shelfone/versions/1.0"
    for address in (f"{base}/content?path={path}", f"{base}/files?path={path}", f"{base}/content/{path}"):
        status = page.page.evaluate("async url => (await fetch(url)).status", address)
        assert 400 <= status < 500, (address, status)
    page.expect_problems(r"^4\d\d: GET")


def test_a_notebook_with_an_odd_name(small_lab: Lab, open_page: Callable[..., LabPage]) -> None:
    path = small_lab.notebook("späße #1 100%.ipynb", kernel=small_lab.python())
    page = open_page(small_lab, path)
    page.panel.open()
    page.panel.nothing_pinned()
    page.panel.act(page.panel.project("shelfone"), "use")
    page.panel.badges("shelfone", "pinned")
    page.panel.press("write-lock")
    poll(page.page, lambda: '"shelfone"' in small_lab.lock_in(path), "the lock in the file")


def test_a_project_that_disappears_while_open(
    start_lab: Callable[..., Lab], open_page: Callable[..., LabPage], tmp_path: Path
) -> None:
    small = make_small(tmp_path)
    lab = start_lab("gone", CLOUDSHELF_URL=small.url)
    page = open_page(lab, lab.notebook("a.ipynb", kernel=lab.python()))
    page.panel.open()
    page.panel.show_details(page.panel.project("shelftwo"))
    expect(page.panel.details).to_contain_text("shelftwo")
    shutil.rmtree(tmp_path / "shelf" / "projects" / "shelftwo")
    small.cloudshelf("verify", "--repair")
    page.command("cloudshelf:refresh")
    expect(page.panel.project("shelftwo")).to_have_count(0)
    expect(page.panel.project("shelfone")).to_be_visible()
    page.reload("cloudshelf-details")
    expect(page.panel.details.get_by_role("alert")).to_contain_text("shelftwo")
    expect(page.panel.details.locator('[data-action="retry"]')).to_be_visible()
    page.expect_problems(r"^404: GET .*/cloudshelf/api/")


def test_a_publish_reaches_an_open_panel(page: LabPage, small: SmallShelf) -> None:
    """Through Jupyter's events: nobody presses anything."""
    expect(page.panel.project("arrived")).to_have_count(0)
    small.publish("arrived", "1.0", {"arrived.py": "x = 1\n"})
    expect(page.panel.project("arrived")).to_be_visible()
