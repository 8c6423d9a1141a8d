"""Everything without a mouse: palette, arrows, Enter, the context-menu key, Tab; and one sees where one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.servers import S3Server, seaweed
from tools.fault_proxy import Answer, FaultProxy, Hold, faulty

from .keys import Keys
from .lab import Lab
from .pages import LabPage, poll
from .shelves import SmallShelf, make_small
from .test_shelves import PARTLY, READER


def test_the_story_without_a_mouse(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    path = lab.notebook("keys.ipynb", "import humanize\nhumanize.__version__", kernel=lab.python())
    page = open_page(lab, path)
    panel, keys = page.panel, Keys(page)
    active = panel.shelf.locator("[data-active]")  # what the tree's aria-activedescendant names

    # into the panel, filter, down into the tree, open the project, on to a version
    keys.filter()
    panel.nothing_pinned()
    keys.type("humanize")
    expect(panel.shelf.locator("[data-project]:not([data-version])")).to_have_count(1)
    keys.press("ArrowDown")
    expect(active).to_have_attribute("data-project", "humanize")
    keys.press("ArrowRight")
    expect(panel.version("humanize", "4.9.0")).to_be_visible()
    keys.press("End")
    expect(active).to_have_attribute("data-version", "4.9.0")

    # use it from the context menu
    keys.choose("Use in This Notebook")
    panel.badges("humanize", "pinned")

    # the pin: switch its version
    keys.tab_to(panel.pin("humanize").locator('[data-action="switch"]'))
    keys.press("Enter")
    expect(page.page.locator(".jp-Dialog select")).to_be_focused()
    keys.type("4.12.0")
    keys.press("Enter")
    expect(page.page.locator('.jp-Dialog [data-cloudshelf="plan"]')).to_contain_text("4.12.0")
    expect(page.page.locator(".jp-Dialog .jp-mod-accept")).to_be_focused()
    keys.press("Enter")
    expect(panel.pin("humanize")).to_contain_text("4.12.0")

    # write the lock, drop the pin, restore it
    keys.tab_to(panel.here.locator('[data-action="write-lock"]').first)
    keys.press("Enter")
    poll(page.page, lambda: bool(lab.lock_in(path)), "the lock in the file")
    keys.tab_to(panel.pin("humanize").locator('[data-action="drop"]'))
    keys.press("Enter")
    expect(panel.pin("humanize")).to_have_count(0)
    poll(page.page, lambda: not any("%shelf use" in source for source in page.sources), "cells that ask for nothing")
    keys.tab_to(panel.here.locator('[data-action="restore"]').first)
    keys.press("Enter")
    panel.badges("humanize", "pinned")

    # details and a file
    keys.filter()
    keys.press("ArrowDown")
    expect(active).to_have_attribute("data-project", "humanize")
    keys.choose("Show Details")
    expect(panel.readme).to_be_visible()
    keys.filter()
    keys.press("ArrowDown")
    keys.press("End")
    keys.press("ArrowRight")
    expect(panel.file("site/humanize")).to_be_visible()
    keys.press("ArrowRight")
    expect(active).to_have_attribute("data-path", "site/humanize")
    keys.press("ArrowRight")
    expect(panel.file("site/humanize/time.py")).to_be_visible()
    keys.press("End")
    keys.press("Enter")
    expect(page.page.locator(".jp-Document:visible, .jp-MainAreaWidget:visible").first).to_be_visible()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallShelf:
    shelf = make_small(tmp_path_factory.mktemp("keys"))
    shelf.cloudshelf("lock", "shelfone==1.0", "--name", "team/2026q4")
    return shelf


@pytest.fixture(scope="module")
def small_lab(start_lab: Callable[..., Lab], small: SmallShelf) -> Lab:
    return start_lab("keys", CLOUDSHELF_URL=small.url)


@pytest.fixture
def page(small_lab: Lab, request: pytest.FixtureRequest, open_page: Callable[..., LabPage]) -> LabPage:
    """A notebook of a small shelf, with the cursor in the filter."""
    cells = ("%shelf use shelfone==1.0", "import shelfone.late", "%shelf use shelfone==2.0")
    name = f"{request.node.name[5:25]}.ipynb"
    page = open_page(small_lab, small_lab.notebook(name, *cells, kernel=small_lab.python()))
    Keys(page).filter()
    page.panel.shelf_state("ready")
    page.panel.nothing_pinned()
    return page


@pytest.fixture
def keys(page: LabPage) -> Keys:
    return Keys(page)


def test_what_the_menu_of_a_version_offers(page: LabPage, keys: Keys) -> None:
    panel = page.panel
    active = panel.shelf.locator("[data-active]")
    keys.press("ArrowDown")
    expect(active).to_have_attribute("data-project", "shelfone")
    keys.press("ArrowRight")
    expect(panel.version("shelfone", "1.0")).to_be_visible()
    keys.press("ArrowRight")
    keys.choose("Copy Requirement")
    poll(page.page, lambda: page.clipboard == "shelfone==2.0", "the requirement in the clipboard")

    # what dragging does
    count = len(page.sources)
    keys.choose("Insert as Cell Below")
    poll(page.page, lambda: len(page.sources) == count + 1, "the cell")
    assert "%shelf use shelfone==2.0" in page.sources[1]

    # a copy of a file, into the folder that the dialog proposes
    keys.filter()
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    expect(panel.file("site/shelfone")).to_be_visible()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(panel.file("site/shelfone/table.csv")).to_be_visible()
    keys.type("table")
    expect(active).to_have_attribute("data-path", "site/shelfone/table.csv")
    keys.choose("Copy to Workspace")
    keys.accept("Copy table.csv to which folder?")
    copy = page.lab.root / "table.csv"
    poll(page.page, lambda: copy.exists() and copy.read_text() == "a,b\n1,2\n", "the copy")
    keys.filter()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.page.locator(".jp-CSVViewer:visible")).to_be_visible()
    page.expect_problems("404: GET .*/api/contents/table")  # whether there is one already


def test_details_and_the_difference_of_two_versions(page: LabPage, keys: Keys) -> None:
    details = page.panel.details
    keys.press("ArrowDown")
    keys.choose("Show Details")
    expect(details).to_have_attribute("data-state", "ready")
    page.page.wait_for_function(
        "() => document.activeElement.closest('.cloudshelf-Details') !== null"
    )  # the tab that was opened has the focus
    for label, version in (("From", "1.0"), ("To", "2.0")):
        keys.tab_to(details.get_by_label(label), from_filter=False)
        keys.type(version)
    keys.press("Enter")
    keys.tab_to(details.locator('[data-action="compare"]'), from_filter=False)
    keys.press("Enter")
    expect(details.locator('[data-section="facts"] thead')).to_contain_text("2.0")
    keys.tab_to(details.locator("summary", has_text="Files changed"), from_filter=False)
    keys.press("Enter")
    expect(details.locator('[data-section="compare"]')).to_contain_text("site/shelfone/__init__.py")
    keys.tab_to(details.locator('[data-section="dependencies"]').get_by_role("button").first, from_filter=False)
    keys.press("Enter")
    expect(page.panel.details).to_have_attribute("data-project", "shelftwo")


def test_the_waterfall_the_restart_and_the_drive(page: LabPage, keys: Keys) -> None:
    panel = page.panel
    for number in (0, 1):
        page.palette("Run Selected Cell")
        page.ran(number)
    panel.badges("shelfone", "loaded")
    keys.tab_to(panel.here.locator('[data-action="waterfall"]'))
    keys.press("Enter")
    shown = page.page.locator('[data-cloudshelf="waterfall"]')
    expect(shown.locator('[data-module="shelfone.late"]')).to_be_visible()
    page.palette("Close Tab")
    expect(shown).to_have_count(0)

    # a version that needs a restart, which the panel offers
    keys.tab_to(panel.pin("shelfone").locator('[data-action="switch"]'))
    keys.press("Enter")
    expect(page.page.locator(".jp-Dialog select")).to_be_focused()
    keys.type("2.0")
    keys.press("Enter")
    expect(page.page.locator('.jp-Dialog [data-cloudshelf="plan"]')).to_contain_text("2.0")
    expect(page.page.locator(".jp-Dialog .jp-mod-accept")).to_be_focused()
    keys.accept("Use shelfone==2.0")
    expect(panel.pin("shelfone")).to_have_attribute("data-version", "2.0")
    panel.badges("shelfone", "pinned")

    # Lab's own restart: nothing is pinned then
    page.palette("Restart Kernel…")
    keys.accept("Restart Kernel?")
    panel.nothing_pinned()

    keys.tab_to(panel.shelf.locator('[data-action="open-drive"]'))
    keys.press("Enter")
    files = page.page.locator("#cloudshelf-drive .jp-DirListing-item")
    expect(files.get_by_text("small", exact=True)).to_be_visible()


def test_a_new_notebook_from_a_lock(page: LabPage, keys: Keys) -> None:
    page.palette("New Notebook from This Lock")
    expect(page.page.locator(".jp-Dialog select")).to_be_focused()
    keys.type("team")
    keys.accept("New Notebook from This Lock")
    expect(page.page.locator(".lm-TabBar-tab.jp-mod-current")).to_contain_text("Untitled")


def test_the_extension_is_loaded_and_a_filter_that_finds_nothing_is_left(
    small_lab: Lab, open_page: Callable[..., LabPage]
) -> None:
    page = open_page(small_lab, small_lab.notebook("plain.ipynb", "x = 1", kernel=small_lab.python(loaded=False)))
    keys = Keys(page)
    keys.filter()
    page.panel.state("no-extension")
    keys.type("zzz")
    page.panel.shelf_state("empty")
    keys.clear()
    page.panel.shelf_state("ready")
    keys.tab_to(page.panel.here.locator('[data-action="load-extension"]'))
    keys.press("Enter")
    page.panel.nothing_pinned()


def test_every_stop_of_tab_in_the_panel_can_be_seen(page: LabPage, keys: Keys) -> None:
    page.palette("Run Selected Cell")
    page.panel.badges("shelfone", "pinned")
    keys.filter()
    keys.press("ArrowDown")
    seen: set[str] = set()
    for key, times in (("Tab", 5), ("Shift+Tab", 35)):
        for _ in range(times):
            where = page.page.evaluate(
                "() => document.activeElement.closest('[data-cloudshelf=panel]') && "
                "(document.activeElement.dataset.action || document.activeElement.className)"
            )
            if where is not None and where not in seen:
                assert keys.is_shown(), f"nobody sees that {where} has the focus"
                seen.add(where)
            keys.press(key)
    wanted = {"refresh", "open-drive", "use", "menu", "write-lock", "waterfall", "details", "switch", "drop"}
    assert wanted <= seen, seen
    titles = page.panel.root.locator(".lm-AccordionPanel-title")
    keys.tab_to(titles.first)
    keys.press("Enter")
    expect(page.panel.here).to_be_hidden()
    keys.press("Enter")
    expect(page.panel.here).to_be_visible()


# What is wrong


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with seaweed([READER, PARTLY]) as running:
        yield running


@pytest.fixture(scope="module")
def in_bucket(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> SmallShelf:
    shelf = make_small(tmp_path_factory.mktemp("bucket"), f"{server.url}/small", **server.environ())
    shelf.cloudshelf("settings", "request-url", "https://example.org/ask?project={name}")
    return shelf


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with faulty(server.endpoint) as running:
        yield running


def test_a_locked_project_leads_to_whom_to_ask(
    start_lab: Callable[..., Lab], open_page: Callable[..., LabPage], in_bucket: SmallShelf, server: S3Server
) -> None:
    lab = start_lab("asking", CLOUDSHELF_URL=in_bucket.url, **server.environ(PARTLY))
    page = open_page(lab, lab.notebook("a.ipynb", kernel=lab.python()))
    keys = Keys(page)
    keys.filter()
    page.panel.shelf_state("ready")
    keys.press("ArrowDown")
    keys.press("End")
    keys.press("ArrowRight")
    locked = page.panel.shelf.locator('[role="alert"][data-state="locked"]')
    keys.tab_to(locked.get_by_role("link"))
    expect(locked.get_by_role("link")).to_have_attribute("href", "https://example.org/ask?project=shelftwo")
    keys.tab_to(locked.locator('[data-action="retry"]'))
    page.expect_problems(r"^403: GET .*/cloudshelf/api/")


def test_retry_and_cancel(
    start_lab: Callable[..., Lab],
    open_page: Callable[..., LabPage],
    in_bucket: SmallShelf,
    server: S3Server,
    proxy: FaultProxy,
    tmp_path: Path,
) -> None:
    proxy.fail(Answer(400, "ExpiredToken"), nth=None)
    lab = start_lab("cancelling", CLOUDSHELF_URL=in_bucket.url, **server.environ(READER, proxy.endpoint))
    lab.user_settings("cloudshelf/panel", {"useWithoutCell": True})
    page = open_page(lab, lab.notebook("a.ipynb", kernel=lab.python()))
    keys = Keys(page)
    keys.filter()
    page.panel.shelf_state("error")
    proxy.heal()
    keys.tab_to(page.panel.shelf.locator('[data-action="retry"]'))
    keys.press("Enter")
    page.panel.shelf_state("ready")
    page.expect_problems(r"^503: GET .*/cloudshelf/api/")

    slow = Hold()
    proxy.fail(slow, path="/projects/shelfone/head", nth=None)
    keys.filter()
    keys.press("ArrowDown")
    keys.choose("Use in This Notebook")
    busy = page.panel.here.locator('[data-notice="busy"]')
    keys.tab_to(busy.locator('[data-action="cancel"]'))
    keys.press("Enter")
    expect(busy).to_have_count(0)
    page.page.wait_for_function("() => document.activeElement.closest('[data-section=notebook]') !== null")
    page.panel.nothing_pinned()
    expect(page.page.locator(".jp-Dialog")).to_have_count(0)  # who cancels needs no message
    proxy.heal()
    slow.release()
    keys.filter()
    keys.press("ArrowDown")
    keys.choose("Use in This Notebook")
    page.panel.badges("shelfone", "pinned")


def test_every_action_is_a_command_with_a_label(lab: Lab, open_page: Callable[..., LabPage]) -> None:
    page = open_page(lab, lab.notebook("commands.ipynb", kernel=lab.python()))
    labels: dict[str, str] = page.page.evaluate(
        "() => Object.fromEntries(window.jupyterapp.commands.listCommands()"
        ".filter(id => id.startsWith('cloudshelf:')).map(id => [id, window.jupyterapp.commands.label(id)]))"
    )
    actions = {
        *("use", "drop", "switch-version", "write-lock", "restore-lock", "copy-requirement", "show-details"),
        *("open-file", "copy-to-workspace", "open-drive", "show-waterfall", "refresh", "new-notebook-from-lock"),
        *("load-extension", "restart-kernel", "cancel", "insert-cell", "focus-filter"),
    }
    assert actions <= {name.removeprefix("cloudshelf:") for name in labels}
    assert all(labels.values()), labels
